// clinical/day.h: a day of the calendar, as the tables and waiting times count them: without hours
// and without a zone.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::clinical {

/// Days since 1970-01-01.
struct Day {
  std::int64_t value = 0;
  auto operator<=>(const Day&) const = default;
  friend Day operator+(Day day, std::int64_t days) { return {day.value + days}; }
  friend std::int64_t operator-(Day a, Day b) { return a.value - b.value; }
};

/// "2026-11-30", a day that exists. Nothing for any other text, such as a month without a day.
[[nodiscard]] std::optional<Day> parse_day(std::string_view text);
/// "2026-11-30"
[[nodiscard]] std::string to_text(Day day);

}  // namespace holdfast::clinical
