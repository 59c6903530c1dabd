// cli/command.h: what every command is: options added to the command line, and a function that runs
// when it was chosen. One file a command.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
}

namespace holdfast::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_corrupt = 3;

struct Command {
  const CLI::App* app = nullptr;
  std::function<int()> run;  ///< the exit code
};

Command add_init(CLI::App& parent);
Command add_serve(CLI::App& parent);
Command add_import(CLI::App& parent);
Command add_export(CLI::App& parent);
Command add_verify(CLI::App& parent);
Command add_rebuild(CLI::App& parent);
Command add_bench(CLI::App& parent);
Command add_doctor(CLI::App& parent);
Command add_fhirpath(CLI::App& parent);
Command add_reconcile(CLI::App& parent);
Command add_pathways_check(CLI::App& parent);  ///< of `pathways`
Command add_simulate(CLI::App& parent);
Command add_simulate_hospital(CLI::App& parent);

/// "verify: the chain is broken (segments/00000003.seg)" to stderr.
void say_error(std::string_view command, const Error& error);
/// The exit code that fits; says the error.
[[nodiscard]] int end_with(std::string_view command, const Error& error);

}  // namespace holdfast::cli
