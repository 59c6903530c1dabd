// fhir/path/moment.h: dates, dateTimes and times of FHIRPath, with the precision that they were
// written in. Comparing what is less precise with what is more precise may have no answer.
//
// https://hl7.org/fhirpath/N1/#date, #datetime, #time, #comparison, #datetime-arithmetic
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "fhir/decimal.h"

namespace holdfast::fhir::path {

enum class MomentKind : std::uint8_t { date, date_time, time };
/// The last part that was written. Seconds and their fractions are one precision.
enum class Precision : std::uint8_t { year, month, day, hour, minute, second };

/// A date, dateTime or time of 16 bytes. Parts behind its precision hold their lowest value.
struct Moment {
  std::uint32_t nanoseconds = 0;
  std::int16_t year = 1;
  std::int16_t offset_minutes = 0;  ///< east of UTC, where has_offset
  std::uint8_t month = 1;
  std::uint8_t day = 1;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  std::uint8_t fraction_digits = 0;  ///< as written, at most 9; what follows is cut off
  Precision precision = Precision::year;
  bool has_offset = false;
};
static_assert(sizeof(Moment) == 16);

/// "2014-01-25", "2014-01-25T14:30:14.559+02:00", "14:30" and every beginning of them that ends
/// with a whole part. Nothing for other texts and for days that do not exist. A date is also a
/// dateTime.
[[nodiscard]] std::optional<Moment> parse_moment(std::string_view text, MomentKind kind);
/// As parse_moment() reads it. A dateTime without time of day ends in "T" only in literals, not
/// here.
[[nodiscard]] std::string text(const Moment& moment, MomentKind kind);
/// That moment to the millisecond, in that zone.
[[nodiscard]] Moment moment_of(Time time, std::int16_t offset_minutes);

/// Their order; nothing where it depends on a part that one of them does not have. What has no
/// offset is taken to be `offset_minutes` east of UTC.
[[nodiscard]] std::optional<std::strong_ordering> compare(const Moment& a, const Moment& b,
                                                          MomentKind kind,
                                                          std::int16_t offset_minutes);

/// What can be added to a moment. In ascending order of length.
enum class TimeUnit : std::uint8_t { millisecond, second, minute, hour, day, week, month, year };
/// "years", "a", "min": a keyword of FHIRPath or a definite unit of UCUM; `is_keyword` is set.
struct NamedTimeUnit {
  TimeUnit unit;
  bool is_keyword;
};
[[nodiscard]] std::optional<NamedTimeUnit> time_unit(std::string_view name);

/// The moment that much later, of the same precision: what is more precise is cut off first. Days
/// that do not exist become the last of their month; times go round the clock. Nothing outside the
/// years 1 to 9999.
[[nodiscard]] std::optional<Moment> add(const Moment& to, MomentKind kind, const Decimal& amount,
                                        TimeUnit unit);

/// Digits of a moment: 4 of a year, 8 of a day, 17 of a dateTime to the millisecond; 2, 4, 6, 9 of
/// a time.
[[nodiscard]] int digits(const Moment& moment, MomentKind kind);
enum class Bound : std::uint8_t { low, high };
/// The first or last moment that it may stand for, with that many digits, or cut to them. Nothing
/// if `digits` is none of those above.
[[nodiscard]] std::optional<Moment> boundary(const Moment& of, MomentKind kind, Bound bound,
                                             int digits);

}  // namespace holdfast::fhir::path
