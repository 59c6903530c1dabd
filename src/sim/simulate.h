// sim/simulate.h: one seed is one life of a server under a hostile world: the whole node with its
// HTTP door on a simulated machine, clients that know what they were promised, faults, and at the
// end a judge. The same seed gives the same trace, on every compiler.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/planted.h"

namespace holdfast::sim {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t steps = 2000;  ///< requests that the clients send
  Bug bug = Bug::none;
};

/// What can happen to the machine.
enum class Fault : std::uint8_t {
  power_cut,        ///< between two steps: the page cache is lost, torn, reordered
  power_cut_call,   ///< inside a disk call
  process_kill,     ///< the page cache stays
  sync_error,       ///< EIO from fdatasync or fsync
  write_error,      ///< EIO from a write
  read_error,       ///< EIO from a read
  disk_full,        ///< ENOSPC for a while
  rot,              ///< a bit of the medium flips
  clock_leap,       ///< forward by more than a day
  clock_back,       ///< backward by hours
  clock_nudge,      ///< a few seconds either way
  network_resets,   ///< connections break in the middle
  garbage,          ///< a client sends what is not HTTP
  clean_stop,       ///< SIGTERM
  new_definitions,  ///< other search parameters, from here on
};
inline constexpr std::size_t fault_count = 15;
inline constexpr std::array<std::string_view, fault_count> fault_names{
    "power-cut",   "power-cut-in-call", "process-kill", "sync-error", "write-error",
    "read-error",  "disk-full",         "rot",          "clock-leap", "clock-back",
    "clock-nudge", "network-resets",    "garbage",      "clean-stop", "new-definitions"};

struct Report {
  std::vector<std::string> violations;  ///< empty: every promise was kept
  std::uint64_t trace = 0;              ///< equal for equal seeds
  std::array<std::uint64_t, fault_count> faults{};
  std::uint64_t requests = 0;
  std::uint64_t acknowledged = 0;  ///< writes
  std::uint64_t unknown = 0;       ///< writes whose reply never came
  std::uint64_t entries = 0;       ///< in the journal at the end
  std::uint64_t messages = 0;      ///< acknowledged over MLLP
  std::uint64_t deliveries = 0;    ///< messages that came to receivers
  std::uint64_t searches = 0;      ///< page by page to their end, judged
  std::uint64_t boots = 0;
  std::uint64_t damaged = 0;  ///< ended read-only because rot was found
};

[[nodiscard]] Report simulate(const Options& options);

}  // namespace holdfast::sim
