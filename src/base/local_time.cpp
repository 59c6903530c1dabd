#include "base/local_time.h"

#include <chrono>  // tidy: which weekday a day is; no clock

namespace holdfast {
namespace {

namespace cal = std::chrono;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

std::int64_t day_of(std::int64_t ms) { return ms / day_ms - (ms % day_ms < 0 ? 1 : 0); }

/// 01:00 UTC of the last Sunday of that month.
std::int64_t change_ms(cal::year year, cal::month month) {
  const cal::sys_days day = year / month / cal::Sunday[cal::last];
  return day.time_since_epoch().count() * day_ms + hour_ms;
}

/// The local 00:00 of a day of UTC.
Time midnight(Time utc) { return from_local({{day_of(utc.ms)}, 0}); }

}  // namespace

bool is_summer(Time time) {
  const cal::sys_days day{cal::days{day_of(time.ms)}};
  const cal::year year = cal::year_month_day(day).year();
  return time.ms >= change_ms(year, cal::March) && time.ms < change_ms(year, cal::October);
}

LocalTime to_local(Time time) {
  const std::int64_t local = time.ms + (is_summer(time) ? hour_ms : 0);
  const std::int64_t day = day_of(local);
  return {{day}, local - day * day_ms};
}

Time from_local(LocalTime local) {
  const Time wall{local.day.value * day_ms + local.ms};
  const Time summer{wall.ms - hour_ms};
  return is_summer(summer) ? summer : wall;
}

std::optional<TimeRange> parse_local_date_time(std::string_view text) {
  auto range = parse_date_time(text);
  if (range && text.find('T') == std::string_view::npos) {
    range = TimeRange{midnight(range->from), midnight(range->until)};
  }
  return range;
}

}  // namespace holdfast
