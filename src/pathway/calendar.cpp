#include "pathway/calendar.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>  // tidy: which weekday a day is; no clock
#include <utility>

#include "base/time.h"

namespace holdfast::pathway {
namespace {

namespace cal = std::chrono;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;

constexpr std::array<std::pair<std::string_view, Unit>, 10> units{{
    {"minute", Unit::minutes},
    {"minutes", Unit::minutes},
    {"hour", Unit::hours},
    {"hours", Unit::hours},
    {"day", Unit::days},
    {"days", Unit::days},
    {"week", Unit::weeks},
    {"weeks", Unit::weeks},
    {"working day", Unit::working_days},
    {"working days", Unit::working_days},
}};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// When it is `local` by the wall, for what began at `from`. The hour that comes twice is read as
/// the clock stood at `from`: so there is nothing that is an hour short of its days.
Time keep_clock(LocalTime local, Time from) {
  const Time first = from_local(local);
  const Time second{first.ms + hour_ms};
  return !is_summer(from) && to_local(second) == local ? second : first;
}

}  // namespace

Result<Span> parse_span(std::string_view text) {
  Span span;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), span.count);
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && span.count >= 0 && span.count <= span_count_max &&
      rest.starts_with(' ')) {
    rest.remove_prefix(1);
    for (const auto& [name, unit] : units) {
      if (rest == name) {
        span.unit = unit;
        return span;
      }
    }
  }
  return fail(Code::value,
              fmt::format("'{}' is no span of time: write it like '4 hours', '7 days', "
                          "'18 weeks' or '2 working days'",
                          text));
}

std::string to_text(Span span) {
  for (const auto& [name, unit] : units) {
    if (unit == span.unit && name.ends_with('s') != (span.count == 1)) {
      return fmt::format("{} {}", span.count, name);
    }
  }
  return {};
}

Result<LocalDay> parse_day(std::string_view text) {
  const auto range = text.size() == 10 ? parse_date_time(text) : std::nullopt;
  if (!range) {
    return fail(Code::value, fmt::format("'{}' is no day like 2026-12-25", text));
  }
  return LocalDay{floor_div(range->from.ms, day_ms)};
}

bool Calendar::is_working(LocalDay day) const {
  const cal::weekday weekday(cal::sys_days(cal::days(day.value)));
  return weekday != cal::Saturday && weekday != cal::Sunday && !holidays_.contains(day);
}

LocalDay Calendar::known_until() const {
  return holidays_.empty() ? LocalDay{} : *holidays_.rbegin();
}

Time Calendar::after(Time from, Span span) const {
  switch (span.unit) {
    case Unit::minutes: return {from.ms + span.count * minute_ms};
    case Unit::hours: return {from.ms + span.count * hour_ms};
    case Unit::days:
    case Unit::weeks: {
      LocalTime local = to_local(from);
      local.day.value += span.count * (span.unit == Unit::weeks ? 7 : 1);
      return span.count == 0 ? from : keep_clock(local, from);
    }
    case Unit::working_days: break;
  }
  if (span.count == 0) {
    return from;
  }
  LocalTime local = to_local(from);
  if (!is_working(local.day)) {
    local.ms = 0;
    while (!is_working(local.day)) {
      ++local.day.value;
    }
  }
  for (std::int64_t left = span.count; left > 0; --left) {
    do {
      ++local.day.value;
    } while (!is_working(local.day));
  }
  return keep_clock(local, from);
}

}  // namespace holdfast::pathway
