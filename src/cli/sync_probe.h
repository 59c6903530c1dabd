// cli/sync_probe.h: how often this disk makes 4 KiB durable, one after the other: the yardstick of
// every figure about durable writes, measured in the same run and the same folder.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace holdfast::cli {

inline constexpr std::uint64_t sync_probe_bytes = 4096;

struct SyncProbe {
  std::uint64_t count = 0;
  double per_second = 0;
  double median_us = 0;
  double slowest_us = 0;
};

/// Overwrites the blocks of a file of its own in `folder` and syncs after each, for about `span`;
/// then removes it.
[[nodiscard]] Result<SyncProbe> probe_sync(const std::string& folder, Duration span);

}  // namespace holdfast::cli
