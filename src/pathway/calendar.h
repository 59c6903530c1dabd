// pathway/calendar.h: how long something may take, and until when that is: hours and days, weeks,
// and working days of a calendar, in the local time of the hospital. Pure: reads no clock.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/local_time.h"
#include "base/result.h"

namespace holdfast::pathway {

enum class Unit : std::uint8_t { minutes, hours, days, weeks, working_days };

/// "4 hours", "7 days", "18 weeks", "2 working days".
struct Span {
  std::int64_t count = 0;  ///< 0 to span_count_max
  Unit unit = Unit::days;
  auto operator<=>(const Span&) const = default;
};
inline constexpr std::int64_t span_count_max = 5000;
/// Code::value for anything else than a whole number and a unit.
[[nodiscard]] Result<Span> parse_span(std::string_view text);
/// As parse_span() reads it.
[[nodiscard]] std::string to_text(Span span);

/// "2026-12-25"; Code::value for what is no day.
[[nodiscard]] Result<LocalDay> parse_day(std::string_view text);

/// Monday to Friday without the holidays, in local time (base/local_time.h).
class Calendar {
 public:
  Calendar() = default;
  explicit Calendar(std::set<LocalDay> holidays) : holidays_(std::move(holidays)) {}

  [[nodiscard]] bool is_working(LocalDay day) const;
  /// The last day that the holidays are known for; nothing is a holiday after it.
  [[nodiscard]] LocalDay known_until() const;

  /// `from` and `span`. Days and weeks keep the local time of day, over a change of the clocks too:
  /// in the hour that comes twice it is winter time for what began in winter time, else summer
  /// time; what is left out in spring is an hour later.
  /// A working day is counted when it is over: 1 working day from Friday 15:00 is Monday 15:00;
  /// what begins on a day that is none begins at 00:00 of the next that is one, and 1 working day
  /// later is 00:00 of the one after that. Never before `from`.
  [[nodiscard]] Time after(Time from, Span span) const;

 private:
  std::set<LocalDay> holidays_;
};

}  // namespace holdfast::pathway
