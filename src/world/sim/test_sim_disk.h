// world/sim/test_sim_disk.h: for tests: files on a simulated disk, in a line each.
#pragma once

#include <memory>
#include <string>

#include "world/disk_contract_testing.h"
#include "world/sim/sim_disk.h"

namespace holdfast::testing {

/// Each test that looks at chances is played with this many.
inline constexpr int seeds = 300;

inline std::unique_ptr<File> open_file(Disk& disk, const std::string& path) {
  return disk.open(path, OpenMode::write).value();
}

/// A new file whose content and name survive every crash.
inline void write_durable(SimDisk& disk, const std::string& path, BytesView bytes) {
  write_new(disk, path, bytes);
  ASSERT_TRUE(run_to_end(disk.sync_directory("")).has_value());
}

}  // namespace holdfast::testing
