// cli/simulate.cpp: `holdfast simulate`: whole nodes on a simulated machine, one life a seed. What
// fails prints the command that replays it.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/command.h"

#ifdef HOLDFAST_HAS_SIMULATOR
#include "sim/simulate.h"

namespace holdfast::cli {
namespace {

struct SimulateOptions {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t steps = sim::Options().steps;
  std::string bug;
};

int run_simulate(const SimulateOptions& options) {
  sim::Options each;
  each.steps = options.steps;
  if (!options.bug.empty()) {
    const auto bug = bug_named(options.bug);
    if (!bug) {
      std::string known;
      for (const BugName& entry : bug_names) {
        known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
      }
      return end_with("simulate",
                      {Code::usage,
                       fmt::format("there is no planted bug '{}': {}", options.bug, known),
                       {},
                       {}});
    }
    each.bug = *bug;
  }
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    each.seed = options.seed + i;
    const sim::Report report = sim::simulate(each);
    std::string faults;
    for (std::size_t kind = 0; kind < sim::fault_count; ++kind) {
      if (report.faults[kind] > 0) {
        faults += fmt::format(" {}={}", sim::fault_names[kind], report.faults[kind]);
      }
    }
    fmt::print(
        "seed={} trace={:016x} requests={} acknowledged={} unknown={} entries={} "
        "searches={} messages={} deliveries={} boots={} damaged={}{}\n",
        each.seed, report.trace, report.requests, report.acknowledged, report.unknown,
        report.entries, report.searches, report.messages, report.deliveries, report.boots,
        report.damaged, faults);
    std::fflush(stdout);
    if (report.violations.empty()) {
      continue;
    }
    ++failed;
    for (const std::string& violation : report.violations) {
      fmt::print(stderr, "simulate: seed {}: {}\n", each.seed, violation);
    }
    fmt::print(stderr, "simulate: replay: holdfast simulate --seed {} --steps {}{}\n", each.seed,
               each.steps, options.bug.empty() ? "" : " --bug " + options.bug);
  }
  if (options.seeds > 1) {
    fmt::print("seeds={} failed={}\n", options.seeds, failed);
  }
  return failed == 0 ? exit_ok : exit_failed;
}

}  // namespace

Command add_simulate(CLI::App& parent) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* const app = parent.add_subcommand(
      "simulate", "the whole server on a simulated disk, clock and network, with faults");
  app->add_option("--seed", options->seed, "first seed")->capture_default_str();
  app->add_option("--seeds", options->seeds, "how many, one after the other")
      ->capture_default_str();
  app->add_option("--steps", options->steps, "requests in each")->capture_default_str();
  app->add_option("--bug", options->bug, "plant a known bug: it must be found");
  app->footer(
      "The same seed gives the same trace. Exit 1 with the violated promise.\n"
      "Examples:\n"
      "  holdfast simulate --seed 1 --seeds 20\n"
      "  holdfast simulate --seed 7 --bug reply-before-sync");
  return {app, [options] { return run_simulate(*options); }};
}

}  // namespace holdfast::cli
#endif
