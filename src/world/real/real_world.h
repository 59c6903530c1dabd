// world/real/real_world.h: the machine as a World: its clocks, one folder, its network, and a
// thread for each executor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "world/real/real_clock.h"
#include "world/real/real_disk.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"
#include "world/real/real_random.h"
#include "world/world.h"

namespace holdfast {

class RealWorld {
 public:
  /// `io_threads` sessions threads (at least one), one for bulk for each four of them (at least
  /// one), one for the sequencer, one for background work.
  RealWorld(std::unique_ptr<RealDisk> disk, std::size_t io_threads);
  /// stop(), if that was not done. What spawned tasks refer to must live until then.
  ~RealWorld();

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] RealDisk& disk() { return *disk_; }

  /// Starts the threads.
  void start();
  /// Waits until every spawned task has ended; false if some are left after `longest`.
  bool drain(Duration longest);
  /// Joins all threads, then drops what is left: jobs, and the frames of tasks that have not ended,
  /// those of the I/O executors first.
  void stop();

 private:
  RealClock clock_;
  std::unique_ptr<RealDisk> disk_;
  RealRandom random_;
  RealNetwork network_;
  RealExecutor sequencer_;
  RealExecutor background_;
  std::vector<std::unique_ptr<RealExecutor>> io_;
  std::vector<std::unique_ptr<RealExecutor>> bulk_;
  World world_;
};

}  // namespace holdfast
