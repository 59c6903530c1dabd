// views/feed.h: how many messages came from each neighbour in each hour: what is usual is found by
// looking back. Counts follow from the journal, and are no facts of the state digest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// Hours since 1970-01-01T00:00Z.
struct Hour {
  std::int64_t value = 0;
  auto operator<=>(const Hour&) const = default;
};
constexpr std::int64_t hour_ms = 3'600'000;
[[nodiscard]] constexpr Hour hour_of(Time time) {
  const std::int64_t below = time.ms % hour_ms < 0 ? 1 : 0;
  return {time.ms / hour_ms - below};
}

struct FeedHour {
  std::uint64_t count = 0;
  Time last;  ///< of the newest message of that hour
};

/// One more message of that neighbour, with an entry of that time.
Result<void> count_message(WorkLayer& layer, std::string_view neighbour, Time time);
/// Zero where none came.
[[nodiscard]] Result<FeedHour> read_feed_hour(const Reader& reader, std::string_view neighbour,
                                              Hour hour);
/// The first hour in which a message came; nothing where none ever did.
[[nodiscard]] Result<std::optional<Hour>> read_first_feed(const Reader& reader,
                                                          std::string_view neighbour);
/// The newest hour, at most `hour`, in which a message came; count 0 where none ever did.
[[nodiscard]] Result<FeedHour> read_newest_feed(const Reader& reader, std::string_view neighbour,
                                                Hour hour);

}  // namespace holdfast::views
