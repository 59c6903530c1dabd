#include "cli/program.h"

#include <CLI/CLI.hpp>

#include <array>
#include <vector>

#include "cli/command.h"
#include "cli/hl7.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view version = "0.1.0";

constexpr std::array commands{
    add_init,
    add_serve,
    add_import,
    add_export,
    add_verify,
    add_rebuild,
    add_bench,
    add_doctor,
    add_fhirpath,
    add_reconcile,
    add_simulate_hospital,
#ifdef HOLDFAST_HAS_SIMULATOR
    add_simulate,
#endif
};

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app("Holdfast: a FHIR R4 record in which no patient can be lost quietly.", "holdfast");
  app.set_version_flag("--version", std::string(version));
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.footer(
      "Exit codes: 0 ok, 1 refused or failed, 2 usage, 3 corrupt.\n"
      "`holdfast COMMAND --help` shows examples.");
  std::vector<Command> added;
  added.reserve(commands.size());
  for (const auto& add : commands) {
    added.push_back(add(app));
  }
  CLI::App* const hl7 = app.add_subcommand("hl7", "HL7 v2 messages at the console");
  hl7->require_subcommand(1);
  for (const auto& add :
       {add_hl7_send, add_hl7_listen, add_hl7_explain, add_hl7_diff, add_hl7_coverage}) {
    added.push_back(add(*hl7));
  }
  CLI::App* const pathways = app.add_subcommand("pathways", "definitions of pathways");
  pathways->require_subcommand(1);
  added.push_back(add_pathways_check(*pathways));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // the library's way to say: help, version, or usage
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  for (const Command& command : added) {
    if (command.app->parsed()) {
      return command.run();
    }
  }
  return exit_usage;
}

}  // namespace holdfast::cli
