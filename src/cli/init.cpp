// cli/init.cpp: `holdfast init DIR`: a new data directory, whole or not at all.
#include <CLI/CLI.hpp>

#include <memory>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "server/directory.h"

namespace holdfast::cli {
namespace {

struct InitOptions {
  std::string directory;
  std::string community = "community";
};

Result<void> make_directory(const InitOptions& options) {
  keep_files_private();
  TRY(auto disk, RealDisk::open_root(options.directory, RootMode::create));
  TRY_OK(disk->lock());
  RealWorld real(std::move(disk), 1);
  real.start();
  server::DirectoryOptions directory;
  directory.community = options.community;
  auto made = wait_for(real.world().sequencer,
                       server::create_directory(real.world(), std::move(directory)));
  real.stop();
  return made;
}

int run_init(const InitOptions& options) {
  if (const auto made = make_directory(options); !made) {
    Error error = made.error();
    error.where = options.directory;
    return end_with("init", error);
  }
  fmt::print("made {} for holdfast/{}\n", options.directory, options.community);
  return exit_ok;
}

}  // namespace

Command add_init(CLI::App& parent) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* const app = parent.add_subcommand("init", "make a new data directory");
  app->add_option("DIR", options->directory, "folder to make; must be empty if it is there")
      ->required();
  app->add_option("--community", options->community,
                  "name of the community whose record this is; enters its checkpoints")
      ->capture_default_str();
  app->footer(
      "Examples:\n"
      "  holdfast init data/st-mary\n"
      "  holdfast init /srv/holdfast --community st-mary");
  return {app, [options] { return run_init(*options); }};
}

}  // namespace holdfast::cli
