// cli/hl7_diff.cpp: `holdfast hl7 diff`: replays messages that a running server has kept through
// the overlays of two configurations, and shows what would differ. Writes nothing.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cli/hl7.h"
#include "cli/hl7_kept.h"
#include "exchange/map_diff.h"

namespace holdfast::cli {
namespace {

struct DiffOptions {
  std::string server;
  std::string before;
  std::string after;
  std::string neighbour;
  std::string since;
  std::uint64_t count = 10'000;
};

const exchange::Neighbour* named(const server::Config& config, std::string_view name) {
  const auto found = std::ranges::find_if(
      config.neighbours, [&](const auto& setting) { return setting.neighbour.name == name; });
  return found == config.neighbours.end() ? nullptr : &found->neighbour;
}

/// One kind of change over all messages.
struct Kind {
  std::uint64_t count = 0;
  exchange::MapChange first;
  std::string first_message;
};

class Differ {
 public:
  Differ(const exchange::Neighbour& before, const exchange::Neighbour& after)
      : before_(before), after_(after) {}

  Result<void> take(const KeptMessage& kept) {
    TRY(const auto diff, exchange::diff_maps(kept.bytes, before_, after_, reader_));
    ++seen_;
    unmapped_before_ += diff.unmapped_before;
    unmapped_after_ += diff.unmapped_after;
    if (!diff.differs()) {
      return ok();
    }
    ++differing_;
    const std::string message =
        fmt::format("{} {} (Binary/{})", diff.type, diff.control_id, kept.binary);
    if (diff.before.has_value() != diff.after.has_value()) {
      ++(diff.after ? lost_ : gained_);
      if (failures_.size() < failures_shown_max) {
        failures_.push_back(
            diff.after
                ? fmt::format("{} could not be mapped any more: {}", message, diff.after->what)
                : fmt::format("{} could be mapped then; it was not because: {}", message,
                              diff.before->what));
      }
      return ok();
    }
    std::set<std::string> counted;
    for (const exchange::MapChange& change : diff.changes) {
      Kind& kind = kinds_[change.kind()];
      if (kind.count == 0) {
        kind.first = change;
        kind.first_message = message;
      }
      kind.count += counted.insert(change.kind()).second ? 1U : 0U;
    }
    return ok();
  }
  [[nodiscard]] bool differs() const { return differing_ > 0; }

  void print(std::string_view neighbour) const {
    fmt::print(
        "neighbour={} messages={} same={} differ={} mapped_only_before={} mapped_only_after={} "
        "unmapped_values_before={} unmapped_values_after={}\n",
        neighbour, seen_, seen_ - differing_, differing_, lost_, gained_, unmapped_before_,
        unmapped_after_);
    for (const auto& [kind, all] : kinds_) {
      fmt::print("  {}  in {} message(s), first {}: {} -> {}\n", kind, all.count, all.first_message,
                 shown(all.first.before), shown(all.first.after));
    }
    for (const std::string& failure : failures_) {
      fmt::print("  {}\n", failure);
    }
  }

 private:
  static std::string shown(const std::string& value) { return value.empty() ? "nothing" : value; }

  static constexpr std::size_t failures_shown_max = 20;

  const exchange::Neighbour& before_;
  const exchange::Neighbour& after_;
  fhir::JsonReader reader_;
  std::uint64_t seen_ = 0;
  std::uint64_t differing_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t gained_ = 0;
  std::uint64_t unmapped_before_ = 0;
  std::uint64_t unmapped_after_ = 0;
  std::map<std::string, Kind> kinds_;
  std::vector<std::string> failures_;
};

Result<int> diff_all(const DiffOptions& options) {
  TRY(const auto before, read_neighbours(options.before));
  TRY(const auto after, read_neighbours(options.after));
  TRY(const ServerAddress address, parse_server(options.server));
  bool any = false;
  bool differs = false;
  for (const server::NeighbourSetting& setting : before.neighbours) {
    const std::string& name = setting.neighbour.name;
    if (!options.neighbour.empty() && name != options.neighbour) {
      continue;
    }
    const exchange::Neighbour* const changed = named(after, name);
    if (changed == nullptr) {
      fmt::print("neighbour={} is not in {}\n", name, options.after);
      differs = true;
      continue;
    }
    any = true;
    Differ differ(setting.neighbour, *changed);
    const auto take = [&differ](const KeptMessage& kept) { return differ.take(kept); };
    TRY_OK(each_kept(address, {name, options.since, options.count}, take));
    differ.print(name);
    differs = differs || differ.differs();
  }
  if (!any && !differs) {
    return fail(Code::usage,
                options.neighbour.empty()
                    ? fmt::format("{} has no neighbour", options.before)
                    : fmt::format("{} has no neighbour '{}'", options.before, options.neighbour));
  }
  return differs ? exit_failed : exit_ok;
}

int run_diff(const DiffOptions& options) {
  const auto done = diff_all(options);
  return done ? *done : end_with("hl7 diff", done.error());
}

}  // namespace

Command add_hl7_diff(CLI::App& parent) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* const app = parent.add_subcommand(
      "diff", "replay messages that a server has kept through a changed overlay");
  app->add_option("--server", options->server, "the server that has them")->required();
  app->add_option("--before", options->before, "configuration file in use")->required();
  app->add_option("--after", options->after, "configuration file with the change")->required();
  app->add_option("--neighbour", options->neighbour, "only its messages");
  app->add_option("--since", options->since, "only those that came from then on: 2026-11-01");
  app->add_option("--count", options->count, "the newest so many of a neighbour")
      ->capture_default_str();
  app->footer(
      "Shows which values would differ, in how many messages, and whether messages could no longer "
      "be\nmapped. Writes nothing. Exit 0 where nothing differs, 1 where something does.\n"
      "  holdfast hl7 diff --server http://127.0.0.1:8080 --before holdfast.toml --after new.toml");
  return {app, [options] { return run_diff(*options); }};
}

}  // namespace holdfast::cli
