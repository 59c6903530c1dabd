// fhir/path/moment_parts.h: the calendar and the clock of a Moment, part by part. Inside this
// folder only.
#pragma once

#include <chrono>
#include <cstdint>

#include "fhir/path/moment.h"

namespace holdfast::fhir::path {

inline constexpr std::int64_t nanoseconds_of_second = 1'000'000'000;
inline constexpr std::int64_t nanoseconds_of_day = 86'400 * nanoseconds_of_second;

inline unsigned days_in_month(int year, unsigned month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year{year}, std::chrono::month_day_last{std::chrono::month{month}}};
  return static_cast<unsigned>(last.day());
}

inline std::int64_t day_number(const Moment& of) {
  const std::chrono::sys_days days{std::chrono::year{of.year} / std::chrono::month{of.month} /
                                   std::chrono::day{of.day}};
  return days.time_since_epoch().count();
}

/// Sets the date; false outside the years that FHIR knows.
inline bool set_day(Moment& moment, std::int64_t number) {
  constexpr std::int64_t first = -719'162;  // 0001-01-01
  constexpr std::int64_t last = 2'932'896;  // 9999-12-31
  if (number < first || number > last) {
    return false;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(number)}}};
  moment.year = static_cast<std::int16_t>(static_cast<int>(date.year()));
  moment.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
  moment.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
  return true;
}

inline std::int64_t nanoseconds_in_day(const Moment& of) {
  return ((of.hour * 60LL + of.minute) * 60 + of.second) * nanoseconds_of_second + of.nanoseconds;
}

inline void set_clock(Moment& moment, std::int64_t nanoseconds) {
  moment.nanoseconds = static_cast<std::uint32_t>(nanoseconds % nanoseconds_of_second);
  const std::int64_t seconds = nanoseconds / nanoseconds_of_second;
  moment.second = static_cast<std::uint8_t>(seconds % 60);
  moment.minute = static_cast<std::uint8_t>(seconds / 60 % 60);
  moment.hour = static_cast<std::uint8_t>(seconds / 3600);
}

inline bool shift_clock(Moment& moment, MomentKind kind, std::int64_t nanoseconds) {
  const std::int64_t all = nanoseconds_in_day(moment) + nanoseconds % nanoseconds_of_day;
  std::int64_t days = nanoseconds / nanoseconds_of_day;
  std::int64_t rest = all % nanoseconds_of_day;
  days += all / nanoseconds_of_day;
  if (rest < 0) {
    rest += nanoseconds_of_day;
    --days;
  }
  set_clock(moment, rest);
  return kind == MomentKind::time || set_day(moment, day_number(moment) + days);
}

}  // namespace holdfast::fhir::path
