// base/local_time.h: what the clock on the hospital's wall says, and back: at Europe/London, GMT,
// one hour ahead from the last Sunday of March to the last of October, changing at 01:00 UTC (The
// Summer Time Order 2002). Pure: reads no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace holdfast {

/// A local day: days since 1970-01-01.
struct LocalDay {
  std::int64_t value = 0;
  auto operator<=>(const LocalDay&) const = default;
};

/// The day that it is there, and the milliseconds since its 00:00 by the wall clock.
struct LocalTime {
  LocalDay day;
  std::int64_t ms = 0;
  bool operator==(const LocalTime&) const = default;
};
[[nodiscard]] LocalTime to_local(Time time);
/// The earliest time that reads so on the wall; what is left out in spring is read as an hour
/// later.
[[nodiscard]] Time from_local(LocalTime local);
/// Whether it is summer time, an hour ahead of UTC.
[[nodiscard]] bool is_summer(Time time);

/// As parse_date_time(), but what has no zone (years, months, days) is local: from its first 00:00
/// to the 00:00 behind it.
[[nodiscard]] std::optional<TimeRange> parse_local_date_time(std::string_view text);

}  // namespace holdfast
