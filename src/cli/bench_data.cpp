// cli/bench_data.cpp: workloads about amounts: importing files, opening what is there, and what it
// takes on the disk.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/bench_resources.h"
#include "cli/importer.h"
#include "cli/machine.h"
#include "cli/remote.h"
#include "server/directory.h"
#include "views/rocks/rocks_kv.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view sample_data = "samples/patients.tar.zst";
constexpr std::uint64_t observations_each = 99;

Result<std::vector<std::string>> data_of(const BenchOptions& options) {
  if (!options.data.empty()) {
    return options.data;
  }
  if (!std::filesystem::exists(sample_data)) {
    return fail(Code::usage, fmt::format("{} is not here: name files with --data", sample_data));
  }
  return std::vector<std::string>{std::string(sample_data)};
}

struct Imported {
  ImportReport report;
  std::uint64_t resources = 0;  ///< more than before
  std::uint64_t syncs = 0;
  std::uint64_t journal_bytes = 0;
};

Result<Imported> import_all(const BenchOptions& options, const std::string& url) {
  TRY(const auto data, data_of(options));
  TRY(const auto before, MetricsPage::fetch(url));
  ImportOptions import;
  import.server = url;
  import.paths = data;
  import.historic = true;  // as a load of old records is: its duties were somebody else's
  import.clients = options.clients > 0 ? options.clients : import.clients;
  Imported imported;
  TRY(imported.report, import_documents(import));
  TRY(const auto after, MetricsPage::fetch(url));
  imported.resources = after.of("resources") - before.of("resources");
  imported.syncs = after.of("journal_syncs_total") - before.of("journal_syncs_total");
  imported.journal_bytes = after.of("journal_bytes_total") - before.of("journal_bytes_total");
  if (imported.report.refused > 0 || imported.resources != imported.report.created) {
    return fail(Code::corrupt,
                fmt::format("wrong: {} documents refused, {} created, {} more resources there",
                            imported.report.refused, imported.report.created, imported.resources));
  }
  return imported;
}

/// `resources` of our own making, in transactions of 100, by `clients`.
Result<Load::Outcome> fill(const std::string& url, std::uint64_t resources,
                           std::uint64_t first_number, unsigned clients = 8) {
  Load load(url);
  const std::uint64_t bundles = (resources + observations_each) / (observations_each + 1);
  std::uint64_t next = 0;
  const auto exchange = [&](unsigned) -> std::optional<Exchange> {
    if (next == bundles) {
      return std::nullopt;
    }
    return json_exchange("POST", "/fhir",
                         make_transaction(first_number + next++, observations_each), 200);
  };
  return load.run(clients, exchange);
}

std::uint64_t bytes_below(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code fault;
  for (std::filesystem::recursive_directory_iterator at(folder, fault), end; !fault && at != end;
       at.increment(fault)) {
    if (at->is_regular_file(fault)) {
      bytes += at->file_size(fault);
    }
  }
  return bytes;
}

Result<void> need_own_server(const BenchOptions& options) {
  return options.server.empty()
             ? ok()
             : Result<void>(fail(Code::usage, "this workload starts and stops its own server"));
}

std::uint64_t reads_of(const std::string& url) {
  const auto page = MetricsPage::fetch(url);
  return page ? page->of("resources") : 0;
}

// With --size, resources of our own making: as many as are asked for, tenth by tenth, so that one
// run says whether what is there already slows down what comes.
Result<void> bench_growth(const BenchOptions& options) {
  constexpr std::uint64_t parts = 10;
  const unsigned clients = options.clients > 0 ? options.clients : 8;
  const std::uint64_t each = std::max<std::uint64_t>(options.size / parts, observations_each + 1);
  TRY(const auto bed, Bed::make(options));
  const std::uint64_t before = reads_of(bed->url());
  BenchLine line("import");
  double seconds = 0;
  for (std::uint64_t part = 0; part < parts; ++part) {
    TRY(const auto filled, fill(bed->url(), each, part * each, clients));
    const double took = static_cast<double>(filled.took.ns) / 1e9;
    const std::uint64_t there = filled.requests * (observations_each + 1);
    line.figure(fmt::format("tenth_{}_per_second", part + 1), static_cast<double>(there) / took);
    seconds += took;
  }
  const std::uint64_t resources = reads_of(bed->url()) - before;
  if (resources < parts * each) {
    return fail(Code::corrupt,
                fmt::format("wrong: {} resources are there of {}", resources, parts * each));
  }
  line.number("resources", resources);
  line.figure("seconds", seconds);
  line.figure("per_second", static_cast<double>(resources) / seconds);
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace

Result<void> bench_import(const BenchOptions& options) {
  if (options.size > 0) {
    return bench_growth(options);
  }
  TRY(const auto bed, Bed::make(options));
  TRY(const auto imported, import_all(options, bed->url()));
  const double seconds = static_cast<double>(imported.report.took.ns) / 1e9;
  BenchLine line("import");
  line.number("documents", imported.report.documents);
  line.number("resources", imported.resources);
  line.figure("seconds", seconds);
  line.figure("per_second", static_cast<double>(imported.resources) / seconds);
  line.number("sync_calls", imported.syncs);
  line.number("importer_peak_bytes", memory_of_process().peak_bytes);
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

Result<void> bench_open(const BenchOptions& options) {
  TRY_OK(need_own_server(options));
  const std::uint64_t size = options.size > 0 ? options.size : 50'000;
  TRY(const auto bed, Bed::make(options));
  const std::string directory = bed->directory();
  TRY(const auto filled, fill(bed->url(), size, 0));
  const std::uint64_t resources = reads_of(bed->url());
  TRY_OK(bed->end());

  BenchLine line("open");
  line.number("resources", resources);
  line.figure("fill_per_second",
              static_cast<double>(resources) * 1e9 / static_cast<double>(filled.took.ns));
  TRY(auto clean, ChildServer::start(directory));
  line.figure("clean_open_ms", static_cast<double>(clean->took().ns) / 1e6);
  line.number("idle_resident_bytes", memory_of_process(clean->process()).resident_bytes);
  // Then as much as stays unflushed, and a kill: the tail is replayed.
  TRY_OK(fill(clean->url(), std::max<std::uint64_t>(size / 10, 1000), 1'000'000'000));
  const std::uint64_t more = reads_of(clean->url());
  clean->kill();
  TRY(auto crashed, ChildServer::start(directory));
  line.figure("crash_open_ms", static_cast<double>(crashed->took().ns) / 1e6);
  if (reads_of(crashed->url()) != more || more <= resources) {
    return fail(Code::corrupt, "wrong: after the kill there are other resources than before");
  }
  TRY_OK(crashed->end());

  const Instant started = boot_time();
  TRY_OK(run_self({"rebuild", directory}));
  const double seconds = static_cast<double>((boot_time() - started).ns) / 1e9;
  line.figure("rebuild_seconds", seconds);
  line.figure("rebuild_per_second", static_cast<double>(more) / seconds);
  TRY_OK(run_self({"verify", directory}));
  return line.end(options);
}

Result<void> bench_disk(const BenchOptions& options) {
  TRY_OK(need_own_server(options));
  TRY(const auto bed, Bed::make(options));
  TRY(const auto imported, import_all(options, bed->url()));
  TRY_OK(settle(bed->url()));
  TRY_OK(bed->end());
  const std::string directory = bed->directory();
  const std::string views = directory + "/" + std::string(server::views_folder);
  {
    views::RocksOptions store;
    store.path = views;
    TRY(const auto kv, views::open_rocks(store));
    TRY_OK(views::compact_rocks(*kv));
  }
  TRY_OK(run_self({"verify", directory}));
  const std::uint64_t view_bytes = bytes_below(views);
  const auto each = [&](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(imported.resources);
  };
  BenchLine line("disk");
  line.number("resources", imported.resources);
  line.number("journal_record_bytes", imported.journal_bytes);
  line.number("view_bytes", view_bytes);
  // Segments are made ahead, of a fixed size: what stands ready is not used yet.
  line.number("directory_bytes", bytes_below(directory));
  line.figure("journal_bytes_per_resource", each(imported.journal_bytes));
  line.figure("view_bytes_per_resource", each(view_bytes));
  line.figure("bytes_per_resource", each(imported.journal_bytes + view_bytes));
  return line.end(options);
}

}  // namespace holdfast::cli
