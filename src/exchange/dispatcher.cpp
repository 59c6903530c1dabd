#include "exchange/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exchange/ourselves.h"
#include "exchange/resolve.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {

/// A channel's sender and where it runs.
struct Dispatcher::Seat {
  Seat(Executor& executor, const ChannelSender::Parts& parts) : on(executor), sender(parts) {}
  Executor& on;
  ChannelSender sender;
};

namespace {

/// Until the record can be written at all.
constexpr Duration introduction_pause = seconds(5);

bool says_the_same(fhir::JsonValue ours, fhir::JsonValue theirs) {
  for (const fhir::JsonValue member : ours.children()) {
    std::string scratch;
    const auto there = theirs.find(member.key(scratch));
    if (!there || there->raw() != member.raw()) {
      return false;
    }
  }
  return true;
}

}  // namespace

Dispatcher::Dispatcher(const Parts& parts)
    : world_(parts.world),
      home_(*parts.world.io.front()),
      node_(parts.node),
      neighbours_(parts.neighbours),
      channels_(parts.channels),
      bell_(home_) {
  std::size_t turn = 0;
  for (const Channel& channel : channels_.all()) {
    auto& counts = counts_[channel.name] = std::make_unique<DeliveryCounts>();
    Executor& on = *world_.io[turn++ % world_.io.size()];
    seats_[channel.name] = std::make_unique<Seat>(
        on, ChannelSender::Parts{world_, on, node_, channel, parts.carriers, *counts, parts.planted,
                                 neighbours_.named(channel.neighbour), parts.take_answer});
  }
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::owed(std::string_view channel) {
  if (const auto seat = seats_.find(channel); seat != seats_.end()) {
    seat->second->sender.wake();
  }
}

bool Dispatcher::is_fenced(std::string_view neighbour) const {
  return std::ranges::any_of(channels_.all(), [&](const Channel& channel) {
    return channel.neighbour == neighbour &&
           counts_.find(channel.name)->second->status == ChannelStatus::off;
  });
}

void Dispatcher::start() {
  node_.watch(this);
  for (const auto& [name, seat] : seats_) {
    Seat* const one = seat.get();
    one->on.post([one] { one->sender.start(); });
  }
  introducing_ = true;
  home_.spawn(introduce());
}

Task<void> Dispatcher::drain(Instant deadline) {
  stopping_ = true;
  bell_.ring();
  draining_ = seats_.size();
  for (const auto& [name, seat] : seats_) {
    seat->on.spawn(drain_one(*seat, deadline, bell_));
  }
  while (draining_ > 0 || introducing_) {
    co_await bell_.wait(never);
  }
  node_.watch(nullptr);
}

Task<void> Dispatcher::drain_one(Seat& seat, Instant deadline, Bell& done) {
  co_await seat.sender.drain(deadline);
  co_await home_.turn();
  --draining_;
  done.ring();
}

Task<void> Dispatcher::introduce() {
  while (!stopping_) {
    Result<void> done = ok();
    for (const Neighbour& neighbour : neighbours_.all()) {
      if (done) {
        done = co_await introduce(neighbour);
      }
    }
    const node::Moment moment = node_.view();
    auto known = views::read_channels(*moment.reader);
    if (!known) {
      done = fail(known.error());
    }
    for (const std::string& name : known ? *known : std::vector<std::string>()) {
      const auto counts = views::read_outbox_counts(*moment.reader, name);
      if (done && counts && counts->owed > 0 && channels_.named(name) == nullptr) {
        done = co_await ask_about(name, counts->owed);
      }
    }
    if (done) {
      break;
    }
    co_await bell_.wait(home_.now() + introduction_pause);
  }
  introducing_ = false;
  bell_.ring();
}

Task<Result<void>> Dispatcher::submit(Operation operation, Bytes body) {
  decide::Prepared prepared;
  {
    auto reader = readers_.take();
    CO_TRY_OK(add_operation(prepared, std::move(operation), std::move(body), *reader,
                            node_.extracting()));
  }
  co_return co_await submit_as_ourselves(world_, home_, node_, std::move(prepared));
}

Task<Result<void>> Dispatcher::introduce(const Neighbour& neighbour) {
  std::vector<std::string> channels;
  for (const Channel& channel : channels_.all()) {
    if (channel.neighbour == neighbour.name) {
      channels.push_back(channel.name);
    }
  }
  Bytes body = organization_body(neighbour, channels);
  const std::string condition =
      fmt::format("identifier=urn:holdfast:neighbour%7C{}", neighbour.name);
  const fhir::TypeId type = *fhir::type_id("Organization");
  const node::Moment moment = node_.view();
  const search::Source source{*moment.reader, node_.codec(), *moment.params};
  CO_TRY(const auto found, search::matches(source, type, condition));
  Operation operation;
  operation.verb = Verb::update;
  operation.id = new_uuid(world_.random);
  operation.condition = condition;
  if (found.size() == 1) {
    CO_TRY(const auto current, views::read_current(*moment.reader, type, found.front()));
    CO_TRY(const auto there, views::read_body(*moment.reader, node_.codec(), current->row));
    auto reader = readers_.take();
    CO_TRY(const auto ours, reader->read(body));
    CO_TRY(const auto theirs, reader->read(there.bytes));
    if (says_the_same(ours.root(), theirs.root())) {
      co_return ok();
    }
  }
  co_return co_await submit(std::move(operation), std::move(body));
}

Task<Result<void>> Dispatcher::ask_about(const std::string& channel, std::uint64_t owed) {
  const std::string focus = fmt::format("Endpoint/{}", endpoint_id(channel));
  const ItemFacts facts{"urn:holdfast:no-channel", channel, focus, {}, "integration",
                        world_.clock.wall()};
  Item item;
  item.kind = ItemKind::no_channel;
  item.what = fmt::format(
      "{} message(s) wait for the channel '{}', which the configuration does not have. They are "
      "safe, and go out when it is there again.",
      owed, channel);
  Operation operation;
  operation.verb = Verb::create;
  operation.id = new_uuid(world_.random);
  operation.condition =
      fmt::format("identifier=urn:holdfast:no-channel%7C{}&status=requested", channel);
  co_return co_await submit(std::move(operation), task_body(facts, item));
}

}  // namespace holdfast::exchange
