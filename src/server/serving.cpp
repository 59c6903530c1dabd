#include "server/serving.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace holdfast::server {
namespace {

exchange::Neighbours neighbours_of(const Config& config) {
  std::vector<exchange::Neighbour> all;
  for (const NeighbourSetting& setting : config.neighbours) {
    all.push_back(setting.neighbour);
  }
  auto neighbours = exchange::Neighbours::of(std::move(all));
  check(neighbours.has_value(), "the configuration was checked");
  return *std::move(neighbours);
}

}  // namespace

Exchange::Exchange(const Config& config) : neighbours(neighbours_of(config)), counts(neighbours) {
  std::vector<exchange::Channel> all = config.channels;
  for (exchange::Channel& channel : all) {
    hl7v2::Envelope& header = channel.envelope;
    if (header.sending_application.empty()) {
      header.sending_application = config.intake.us.application;
      header.sending_facility = config.intake.us.facility;
    }
    if (const auto* const neighbour = neighbours.named(channel.neighbour)) {
      header.overlay = &neighbour->overlay;
    }
  }
  auto fit = exchange::Channels::of(std::move(all), neighbours);
  check(fit.has_value(), "the configuration was checked");
  channels = *std::move(fit);
  router = std::make_unique<exchange::Router>(channels);
}

Task<Result<TakeUp::Taken>> TakeUp::take_up(Executor& on, std::string binary, Principal author,
                                            Carry carry) {
  CO_TRY(auto taken,
         co_await intake_.take_up(on, std::move(binary), std::move(author),
                                  carry == Carry::out ? exchange::Intake::Carry::out
                                                      : exchange::Intake::Carry::out_not));
  co_return Taken{std::move(taken.created), std::move(taken.updated), std::move(taken.outdated),
                  taken.attempt, taken.done};
}

Serving::Serving(Executor& executor, World& world, node::Node& node, Exchange& served, Doors doors,
                 const OpenFolder& open_folder, const Config& config)
    : home(executor),
      exchange(served),
      carriers(world, open_folder, config.intake.planted, served.channels.all(), config.tls),
      feeds(world, node, served.neighbours),
      dispatcher({world, node, served.neighbours, served.channels, carriers, config.intake.planted,
                  [this](Executor& on, const exchange::Neighbour& neighbour, Bytes answer) {
                    return intake.take_answer(on, neighbour, std::move(answer));
                  }}),
      intake(world, node, served.neighbours, intake_options(config), served.counts) {
  if (doors.mllp_tls != nullptr) {
    check(config.tls.mllp != nullptr, "a listener over TLS got its context with its files");
    tls_listener.emplace(*doors.mllp_tls, world.clock, config.tls.mllp, handshakes);
    tls_server.emplace(home, world, *tls_listener, intake, node.budget(), served.counts,
                       config.mllp_limits);
  }
  if (doors.mllp != nullptr) {
    server.emplace(home, world, *doors.mllp, intake, node.budget(), served.counts,
                   config.mllp_limits);
  }
}

exchange::IntakeOptions Serving::intake_options(const Config& config) {
  exchange::IntakeOptions options = config.intake;
  options.fenced = [this](std::string_view neighbour) { return dispatcher.is_fenced(neighbour); };
  return options;
}

Result<void> Serving::open_folders(const OpenFolder& open_folder, const Config& config) {
  for (const NeighbourSetting& setting : config.neighbours) {
    if (setting.drop_folder.empty()) {
      continue;
    }
    if (!open_folder) {
      return fail(Code::usage, "there are no folders here");
    }
    auto folder = open_folder(setting.drop_folder);
    if (!folder) {
      return fail(Code::usage, fmt::format("the folder of neighbour {}: {}", setting.neighbour.name,
                                           folder.error().what));
    }
    folders.push_back(std::make_unique<exchange::FolderIntake>(
        home, intake, *exchange.neighbours.named(setting.neighbour.name), *std::move(folder)));
  }
  return ok();
}

}  // namespace holdfast::server
