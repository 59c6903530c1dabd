// cli/import.cpp: `holdfast import`: files to a server, several requests at once. Each goes under
// an Idempotency-Key made of its bytes, so that an import that was cut off is simply run again.
// What refers to things that are not there yet is sent again in rounds, until a round helps nobody.
#include <CLI/CLI.hpp>

#include <memory>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/importer.h"
#include "cli/machine.h"

namespace holdfast::cli {
namespace {

int run_import(const ImportOptions& options) {
  auto imported = import_documents(options);
  if (!imported) {
    return end_with("import", imported.error());
  }
  const ImportReport& report = *imported;
  for (const std::string& name : report.passed_over) {
    fmt::print(stderr, "import: passed over {}: neither JSON nor NDJSON\n", name);
  }
  const double seconds = static_cast<double>(report.took.ns) / 1e9;
  const double rate = seconds > 0 ? static_cast<double>(report.resources()) / seconds : 0;
  fmt::print(
      "documents={} resources={} created={} matched={} repeated={} refused={} "
      "refused_entries={} rounds={} seconds={:.2f} per_second={:.0f} peak_bytes={}\n",
      report.documents, report.resources(), report.created, report.matched, report.repeated,
      report.refused, report.refused_entries, report.rounds, seconds, rate,
      memory_of_process().peak_bytes);
  return report.refused == 0 ? exit_ok : exit_failed;
}

}  // namespace

Command add_import(CLI::App& parent) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* const app = parent.add_subcommand("import", "send files to a server");
  app->add_option("--server", options->server, "where it listens: http://127.0.0.1:8080")
      ->required();
  app->add_option("--clients", options->clients, "requests under way at once")
      ->check(CLI::Range(1U, importer_clients_max))
      ->capture_default_str();
  app->add_flag("--historic", options->historic,
                "what is dated before the pathways' cut-over opens no duties: it is counted");
  app->add_option("PATH", options->paths,
                  "Bundles, resources (.json), NDJSON (.ndjson), folders of them, .tar; plain or "
                  ".zst")
      ->required();
  app->footer(
      "Transactions and batches are sent as they are; a resource goes under its id, or gets\n"
      "one if it has none; NDJSON goes in batches of 100 lines. Running it again sends\n"
      "nothing twice. Exit 1 if anything was refused; each is named.\n"
      "Examples:\n"
      "  holdfast import --server http://127.0.0.1:8080 patients.tar.zst\n"
      "  holdfast import --server http://127.0.0.1:8080 export/ extra/Observation.ndjson\n"
      "  holdfast import --historic --server http://127.0.0.1:8080 old-system/");
  return {app, [options] { return run_import(*options); }};
}

}  // namespace holdfast::cli
