// world/sim/sim_world.h: a simulated machine as a World. It can crash, and its disk remembers what
// a disk remembers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "world/sim/sim_clock.h"
#include "world/sim/sim_disk.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_network.h"
#include "world/sim/sim_random.h"
#include "world/world.h"

namespace holdfast {

enum class Crash : std::uint8_t {
  power,    ///< the page cache is gone
  process,  ///< kill -9: the page cache stays
};

struct SimWorldOptions {
  std::size_t io_executors = 2;
  Time start{1'767'225'600'000};  ///< 2026-01-01
  SimDiskOptions disk;
};

/// One machine of possibly many on a scheduler and a network. A life ends with crash() and the next
/// begins with restart():
///
///   world.crash(Crash::power);   // whatever ran is gone: jobs, coroutines, connections
///   server.reset();              // objects that those coroutines referred to
///   world.restart();             // new executors; world() is new
///   server = make_server(world.world());
///
/// Clients that survive run on executors of their own (client_executor of the test or simulation).
class SimWorld {
 public:
  using Options = SimWorldOptions;

  SimWorld(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Options options = {});
  ~SimWorld();

  /// Of this life.
  [[nodiscard]] World& world();
  [[nodiscard]] SimDisk& disk() { return disk_; }
  [[nodiscard]] SimClock& clock() { return clock_; }
  [[nodiscard]] SimExecutor& sequencer();

  /// Not from a job of this machine: stop() the scheduler there, and crash it between runs.
  void crash(Crash how);
  void restart();

 private:
  struct Life;

  SimScheduler& scheduler_;
  SimNetwork& network_;
  const Options options_;
  SimRandom fates_;   ///< what crashes leave
  SimRandom random_;  ///< what the machine draws
  SimClock clock_;
  SimDisk disk_;
  std::unique_ptr<Life> life_;
};

}  // namespace holdfast
