// cli/simulate.cpp: `holdfast simulate`: whole nodes on a simulated machine, one life a seed. What
// fails prints the command that replays it.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/command.h"

#ifdef HOLDFAST_HAS_SIMULATOR
#include "sim/hospital.h"
#include "sim/simulate.h"

namespace holdfast::cli {
namespace {

struct SimulateOptions {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t steps = sim::Options().steps;
  std::string bug;
  bool hospital = false;
  std::uint64_t years = sim::HospitalOptions().years;
};

/// Code::usage names those that there are.
Result<Bug> planted(const std::string& name) {
  if (name.empty()) {
    return Bug::none;
  }
  const auto bug = bug_named(name);
  if (!bug) {
    std::string known;
    for (const BugName& entry : bug_names) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
    }
    return fail(Code::usage, fmt::format("there is no planted bug '{}': {}", name, known));
  }
  return *bug;
}

/// Prints what a seed violated, and how to see it again.
void print_violations(std::uint64_t seed, const std::vector<std::string>& violations,
                      const std::string& replay) {
  for (const std::string& violation : violations) {
    fmt::print(stderr, "simulate: seed {}: {}\n", seed, violation);
  }
  if (!violations.empty()) {
    fmt::print(stderr, "simulate: replay: {}\n", replay);
  }
}

int run_hospital(const SimulateOptions& options, Bug bug) {
  std::uint64_t failed = 0;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    const sim::HospitalOptions each{options.seed + i, options.steps, options.years, bug};
    const sim::HospitalReport report = sim::live_in_hospital(each);
    fmt::print(
        "seed={} trace={:016x} entries={} opened={} closed={} reopened={} open={} escalated={} "
        "covered={} refused={} crashes={}\n",
        each.seed, report.trace, report.entries, report.opened, report.closed, report.reopened,
        report.open, report.escalated, report.covered, report.refused, report.crashes);
    std::fflush(stdout);
    failed += report.violations.empty() ? 0U : 1U;
    print_violations(
        each.seed, report.violations,
        fmt::format("holdfast simulate --hospital --seed {} --steps {} --years {}{}", each.seed,
                    each.events, each.years, options.bug.empty() ? "" : " --bug " + options.bug));
  }
  if (options.seeds > 1) {
    fmt::print("seeds={} failed={}\n", options.seeds, failed);
  }
  return failed == 0 ? exit_ok : exit_failed;
}

int run_simulate(const SimulateOptions& options) {
  sim::Options each;
  each.steps = options.steps;
  const auto bug = planted(options.bug);
  if (!bug) {
    return end_with("simulate", bug.error());
  }
  if (options.hospital) {
    return run_hospital(options, *bug);
  }
  each.bug = *bug;
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
    failed += report.violations.empty() ? 0U : 1U;
    print_violations(each.seed, report.violations,
                     fmt::format("holdfast simulate --seed {} --steps {}{}", each.seed, each.steps,
                                 options.bug.empty() ? "" : " --bug " + options.bug));
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
  app->add_flag("--hospital", options->hospital,
                "years of a hospital instead: what becomes of its duties; --steps are its events");
  app->add_option("--years", options->years, "that pass in a hospital")->capture_default_str();
  app->footer(
      "The same seed gives the same trace. Exit 1 with the violated promise.\n"
      "Examples:\n"
      "  holdfast simulate --seed 1 --seeds 20\n"
      "  holdfast simulate --seed 7 --bug reply-before-sync\n"
      "  holdfast simulate --hospital --seed 1 --seeds 20 --steps 400 --years 10");
  return {app, [options] { return run_simulate(*options); }};
}

}  // namespace holdfast::cli
#endif
