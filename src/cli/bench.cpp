// cli/bench.cpp: `holdfast bench WORKLOAD`: the command line of the workloads.
#include <CLI/CLI.hpp>

#include <array>
#include <memory>

#include "cli/bench.h"
#include "cli/command.h"
#include "cli/machine.h"

namespace holdfast::cli {
namespace {

struct Workload {
  std::string_view name;
  std::string_view what;
  Result<void> (*run)(const BenchOptions& options);
};

constexpr std::array workloads{
    Workload{"journal", "durable entries of 1 KiB by 1 and 64 writers; 64 KiB in a row",
             bench_journal},
    Workload{"transaction", "2-entry Bundles, durable, by --clients (64)", bench_transaction},
    Workload{"read", "Patient by id by --clients (16), beside an empty Beast and our empty edge",
             bench_read},
    Workload{"empty", "the edge alone: a handler that answers at once", bench_empty},
    Workload{"bundle5000", "64 small writers, alone and beside Bundles of 5,000", bench_bundle5000},
    Workload{"import", "the files of --data, or --size resources of ours, searchable at the reply",
             bench_import},
    Workload{"everything", "Patient/$everything of --size (50) patients with 1,000 resources each",
             bench_everything},
    Workload{"open", "start after a stop and a kill, idle memory, rebuild; --size resources",
             bench_open},
    Workload{"disk", "bytes a resource after importing --data, views compacted", bench_disk},
    Workload{"search", "twelve kinds of search of 1,000 patients, 4,000 … --size, by --clients (8)",
             bench_search},
    Workload{"count", "_summary=count by code and by date in the record of --size patients",
             bench_count},
    Workload{"mllp", "--size results over --clients (100) MLLP sessions: kept, and mapped",
             bench_mllp},
    Workload{"deliver",
             "--size messages that wait for a neighbour, then reach him over --clients (8) lanes",
             bench_deliver},
    Workload{"worklist",
             "first page of a work-list of --size open items and ten times as many closed; a Tick",
             bench_worklist},
    Workload{"derby",
             "a year of --size referrals, 4,768 in 1,700,000 touched by nobody; ten years later",
             bench_derby},
    Workload{"newcastle", "--size letters that wait for a signature that nobody makes",
             bench_newcastle},
    Workload{"crud", "create, read, update, delete of --size patients beside 1,000", bench_crud},
};

int run_bench(const BenchOptions& options) {
  keep_files_private();
  raise_open_files();
  for (const Workload& workload : workloads) {
    if (workload.name == options.workload) {
      const auto done = workload.run(options);
      return done ? exit_ok : end_with("bench", done.error());
    }
  }
  std::string known;
  for (const Workload& workload : workloads) {
    known += (known.empty() ? "" : ", ") + std::string(workload.name);
  }
  return end_with(
      "bench", {Code::usage, "there is no workload '" + options.workload + "': " + known, {}, {}});
}

}  // namespace

Command add_bench(CLI::App& parent) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* const app = parent.add_subcommand("bench", "measure a workload: one JSON line");
  app->add_option("WORKLOAD", options->workload, "one of those below")->required();
  app->add_option("--size", options->size, "how much: requests, entries, resources or patients");
  app->add_option("--clients", options->clients, "requests under way at once");
  app->add_option("--server", options->server,
                  "a running server, for crud of anybody's; else one of ours is started");
  app->add_option("--dir", options->folder, "where temporary data directories are made")
      ->capture_default_str();
  app->add_option("--keep", options->keep,
                  "of worklist: a data directory that is made if it is not there, and stays for "
                  "the next run of the same --size");
  app->add_option("--data", options->data, "files to import [samples/patients.tar.zst]");
  app->add_option("--kind", options->kinds, "of searches [all]: token, date, sorted …");
  std::string list = "Workloads:\n";
  for (const Workload& workload : workloads) {
    list += "  " + std::string(workload.name) + std::string(13 - workload.name.size(), ' ') +
            std::string(workload.what) + "\n";
  }
  app->footer(list +
              "Examples:\n"
              "  holdfast bench transaction --clients 64\n"
              "  holdfast bench import --data patients.tar.zst\n"
              "  holdfast bench search --size 64000");
  return {app, [options] { return run_bench(*options); }};
}

}  // namespace holdfast::cli
