// fhir/path/moment_arithmetic.cpp: sums of moments and durations, and the bounds of what is not
// precise.
#include <algorithm>
#include <array>

#include "fhir/path/moment_parts.h"

namespace holdfast::fhir::path {
namespace {

/// Adds to the date or the clock, whatever precision it has.
bool shift(Moment& moment, MomentKind kind, std::int64_t count, TimeUnit unit) {
  constexpr std::int64_t count_max = 1'000'000'000'000;
  if (count > count_max || count < -count_max) {
    return false;
  }
  switch (unit) {
    case TimeUnit::year:
    case TimeUnit::month: {
      const std::int64_t months =
          moment.year * 12LL + moment.month - 1 + (unit == TimeUnit::year ? 12 : 1) * count;
      if (months < 12 || months >= 120'000) {
        return false;
      }
      moment.year = static_cast<std::int16_t>(months / 12);
      moment.month = static_cast<std::uint8_t>(months % 12 + 1);
      moment.day = static_cast<std::uint8_t>(
          std::min<unsigned>(moment.day, days_in_month(moment.year, moment.month)));
      return true;
    }
    case TimeUnit::week: return set_day(moment, day_number(moment) + 7 * count);
    case TimeUnit::day: return set_day(moment, day_number(moment) + count);
    case TimeUnit::hour:
    case TimeUnit::minute: {
      const std::int64_t of_day = unit == TimeUnit::hour ? 24 : 24LL * 60;
      const std::int64_t part = nanoseconds_of_day / of_day;
      return (kind == MomentKind::time || set_day(moment, day_number(moment) + count / of_day)) &&
             shift_clock(moment, kind, count % of_day * part);
    }
    case TimeUnit::second:
    case TimeUnit::millisecond: break;
  }
  return false;
}

/// Whole milliseconds and below, for seconds and milliseconds.
bool shift_seconds(Moment& moment, MomentKind kind, const Decimal& amount, TimeUnit unit) {
  const auto scaled = amount.shifted(unit == TimeUnit::second ? 9 : 6);
  const auto count =
      scaled ? scaled->rounded(0, Decimal::Rounding::truncate).to_int64() : std::nullopt;
  if (!count || !shift_clock(moment, kind, *count)) {
    return false;
  }
  if (moment.nanoseconds == 0) {
    return true;
  }
  std::uint8_t needed = 9;
  for (std::uint32_t rest = moment.nanoseconds; rest % 10 == 0; rest /= 10) {
    --needed;
  }
  const std::uint8_t shown = needed <= 3 ? 3 : needed;
  moment.fraction_digits = std::max(moment.fraction_digits, shown);
  return true;
}

constexpr std::array<int, 6> date_time_digits{4, 6, 8, 10, 12, 17};
constexpr std::array<int, 6> time_digits{0, 0, 0, 2, 4, 9};

}  // namespace

std::optional<Moment> add(const Moment& to, MomentKind kind, const Decimal& amount, TimeUnit unit) {
  Moment moment = to;
  if (unit <= TimeUnit::second && to.precision == Precision::second) {
    return shift_seconds(moment, kind, amount, unit) ? std::optional(moment) : std::nullopt;
  }
  const auto counted = amount.rounded(0, Decimal::Rounding::truncate).to_int64();
  if (!counted) {
    return std::nullopt;
  }
  // https://hl7.org/fhirpath/N1/#datetime-arithmetic: to the precision that is there, by the
  // factors of calendar durations.
  std::int64_t count = *counted;
  const auto lift = [&](TimeUnit from, std::int64_t of_next, TimeUnit next) {
    if (unit == from) {
      count /= of_next;
      unit = next;
    }
  };
  if (to.precision < Precision::second) {
    lift(TimeUnit::millisecond, 1000, TimeUnit::second);
    lift(TimeUnit::second, 60, TimeUnit::minute);
  }
  if (to.precision < Precision::minute) {
    lift(TimeUnit::minute, 60, TimeUnit::hour);
  }
  if (to.precision < Precision::hour) {
    lift(TimeUnit::hour, 24, TimeUnit::day);
  }
  if (to.precision < Precision::day && unit == TimeUnit::week) {
    count *= 7;
    unit = TimeUnit::day;
  }
  if (to.precision == Precision::year) {
    lift(TimeUnit::day, 365, TimeUnit::year);
    lift(TimeUnit::month, 12, TimeUnit::year);
  } else if (to.precision == Precision::month) {
    lift(TimeUnit::day, 30, TimeUnit::month);
  }
  return shift(moment, kind, count, unit) ? std::optional(moment) : std::nullopt;
}

int digits(const Moment& moment, MomentKind kind) {
  const auto at = static_cast<std::size_t>(moment.precision);
  if (moment.precision == Precision::second && moment.fraction_digits == 0) {
    return kind == MomentKind::time ? 6 : 14;
  }
  return kind == MomentKind::time ? time_digits[at] : date_time_digits[at];
}

std::optional<Moment> boundary(const Moment& of, MomentKind kind, Bound bound, int digits) {
  const bool high = bound == Bound::high;
  const bool whole_seconds = digits == (kind == MomentKind::time ? 6 : 14);
  const auto& known = kind == MomentKind::time ? time_digits : date_time_digits;
  std::optional<Precision> wanted;
  for (std::size_t i = kind == MomentKind::time ? 3 : 0; i < known.size(); ++i) {
    if (known[i] == digits || (i == 5 && whole_seconds)) {
      wanted = static_cast<Precision>(i);
    }
  }
  if (!wanted || (kind == MomentKind::date && *wanted > Precision::day)) {
    return std::nullopt;
  }
  Moment moment = of;
  if (high) {
    moment.month = of.precision < Precision::month ? 12 : of.month;
    moment.day = of.precision < Precision::day
                     ? static_cast<std::uint8_t>(days_in_month(moment.year, moment.month))
                     : of.day;
    moment.hour = of.precision < Precision::hour ? 23 : of.hour;
    moment.minute = of.precision < Precision::minute ? 59 : of.minute;
    moment.second = of.precision < Precision::second ? 59 : of.second;
    if (of.precision < Precision::second || of.fraction_digits == 0) {
      moment.nanoseconds = 999'000'000;
    }
  }
  moment.precision = *wanted;
  moment.fraction_digits = whole_seconds ? 0 : std::max<std::uint8_t>(of.fraction_digits, 3);
  if (kind == MomentKind::date_time && *wanted >= Precision::hour && !of.has_offset) {
    moment.has_offset = true;
    moment.offset_minutes = high ? -12 * 60 : 14 * 60;
  }
  if (*wanted < Precision::hour) {
    moment.has_offset = false;
    moment.offset_minutes = 0;
  }
  return moment;
}

}  // namespace holdfast::fhir::path
