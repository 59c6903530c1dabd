#include "fhir/path/moment.h"

#include <array>
#include <chrono>

#include <fmt/format.h>

namespace holdfast::fhir::path {
namespace {

constexpr std::int64_t nanoseconds_of_second = 1'000'000'000;
constexpr std::int64_t nanoseconds_of_day = 86'400 * nanoseconds_of_second;

unsigned days_in_month(int year, unsigned month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year{year}, std::chrono::month_day_last{std::chrono::month{month}}};
  return static_cast<unsigned>(last.day());
}

std::int64_t day_number(const Moment& of) {
  const std::chrono::sys_days days{std::chrono::year{of.year} / std::chrono::month{of.month} /
                                   std::chrono::day{of.day}};
  return days.time_since_epoch().count();
}

/// Sets the date; false outside the years that FHIR knows.
bool set_day(Moment& moment, std::int64_t number) {
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

std::int64_t nanoseconds_in_day(const Moment& of) {
  return ((of.hour * 60LL + of.minute) * 60 + of.second) * nanoseconds_of_second + of.nanoseconds;
}

void set_clock(Moment& moment, std::int64_t nanoseconds) {
  moment.nanoseconds = static_cast<std::uint32_t>(nanoseconds % nanoseconds_of_second);
  const std::int64_t seconds = nanoseconds / nanoseconds_of_second;
  moment.second = static_cast<std::uint8_t>(seconds % 60);
  moment.minute = static_cast<std::uint8_t>(seconds / 60 % 60);
  moment.hour = static_cast<std::uint8_t>(seconds / 3600);
}

bool shift_clock(Moment& moment, MomentKind kind, std::int64_t nanoseconds) {
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

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool take(char c) {
    const bool found = !rest_.empty() && rest_[0] == c;
    rest_.remove_prefix(found ? 1 : 0);
    return found;
  }
  std::optional<unsigned> digits(std::size_t count, unsigned least, unsigned most) {
    unsigned value = 0;
    if (rest_.size() < count) {
      return std::nullopt;
    }
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(count);
    return value >= least && value <= most ? std::optional(value) : std::nullopt;
  }
  bool fraction(Moment& to) {
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count < 9) {
        to.nanoseconds = to.nanoseconds * 10 + static_cast<unsigned>(rest_[count] - '0');
        ++to.fraction_digits;
      }
    }
    for (std::size_t i = to.fraction_digits; i < 9; ++i) {
      to.nanoseconds *= 10;
    }
    rest_.remove_prefix(count);
    return count > 0;
  }

 private:
  std::string_view rest_;
};

bool read_date(Reader& from, Moment& to) {
  const auto year = from.digits(4, 1, 9999);
  if (!year) {
    return false;
  }
  to.year = static_cast<std::int16_t>(*year);
  if (from.take('-')) {
    const auto month = from.digits(2, 1, 12);
    if (!month) {
      return false;
    }
    to.month = static_cast<std::uint8_t>(*month);
    to.precision = Precision::month;
    if (from.take('-')) {
      const auto day = from.digits(2, 1, days_in_month(to.year, to.month));
      if (!day) {
        return false;
      }
      to.day = static_cast<std::uint8_t>(*day);
      to.precision = Precision::day;
    }
  }
  return true;
}

bool read_clock(Reader& from, Moment& to) {
  const auto hour = from.digits(2, 0, 23);
  if (!hour) {
    return false;
  }
  to.hour = static_cast<std::uint8_t>(*hour);
  to.precision = Precision::hour;
  if (from.take(':')) {
    const auto minute = from.digits(2, 0, 59);
    if (!minute) {
      return false;
    }
    to.minute = static_cast<std::uint8_t>(*minute);
    to.precision = Precision::minute;
    if (from.take(':')) {
      const auto second = from.digits(2, 0, 60);  // a leap second
      if (!second) {
        return false;
      }
      to.second = static_cast<std::uint8_t>(*second);
      to.precision = Precision::second;
      if (from.take('.')) {
        return from.fraction(to);
      }
    }
  }
  return true;
}

bool read_offset(Reader& from, Moment& to) {
  if (from.take('Z')) {
    to.has_offset = true;
    return true;
  }
  const bool west = from.take('-');
  if (!west && !from.take('+')) {
    return true;
  }
  const auto hours = from.digits(2, 0, 14);
  const bool colon = from.take(':');
  const auto minutes = from.digits(2, 0, 59);
  if (!hours || !colon || !minutes) {
    return false;
  }
  const auto all = static_cast<std::int16_t>(*hours * 60 + *minutes);
  to.offset_minutes = west ? static_cast<std::int16_t>(-all) : all;
  to.has_offset = true;
  return true;
}

/// In UTC, for comparing only: the offset stays where it was.
bool to_utc(Moment& moment, std::int16_t default_minutes) {
  const std::int64_t minutes = moment.has_offset ? moment.offset_minutes : default_minutes;
  return shift_clock(moment, MomentKind::date_time, -minutes * 60 * nanoseconds_of_second);
}

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

std::optional<Moment> parse_moment(std::string_view text, MomentKind kind) {
  Moment moment;
  Reader reader(text);
  if (kind == MomentKind::time) {
    return read_clock(reader, moment) && reader.at_end() ? std::optional(moment) : std::nullopt;
  }
  if (!read_date(reader, moment)) {
    return std::nullopt;
  }
  if (kind == MomentKind::date_time && reader.take('T') && !reader.at_end()) {
    if (moment.precision != Precision::day || !read_clock(reader, moment) ||
        !read_offset(reader, moment)) {
      return std::nullopt;
    }
  }
  return reader.at_end() ? std::optional(moment) : std::nullopt;
}

std::string text(const Moment& moment, MomentKind kind) {
  std::string written;
  if (kind != MomentKind::time) {
    written = fmt::format("{:04}", moment.year);
    if (moment.precision >= Precision::month) {
      written += fmt::format("-{:02}", moment.month);
    }
    if (moment.precision >= Precision::day) {
      written += fmt::format("-{:02}", moment.day);
    }
  }
  if (moment.precision < Precision::hour) {
    return written;
  }
  written += fmt::format("{}{:02}", kind == MomentKind::time ? "" : "T", moment.hour);
  if (moment.precision >= Precision::minute) {
    written += fmt::format(":{:02}", moment.minute);
  }
  if (moment.precision >= Precision::second) {
    written += fmt::format(":{:02}", moment.second);
    if (moment.fraction_digits > 0) {
      written += fmt::format(".{:09}", moment.nanoseconds).substr(0, 1U + moment.fraction_digits);
    }
  }
  if (moment.has_offset) {
    const int minutes = moment.offset_minutes < 0 ? -moment.offset_minutes : moment.offset_minutes;
    written += minutes == 0 ? "Z"
                            : fmt::format("{}{:02}:{:02}", moment.offset_minutes < 0 ? '-' : '+',
                                          minutes / 60, minutes % 60);
  }
  return written;
}

Moment moment_of(Time time, std::int16_t offset_minutes) {
  constexpr std::int64_t day_ms = 86'400'000;
  const std::int64_t local = time.ms + offset_minutes * 60'000LL;
  std::int64_t day = local / day_ms;
  std::int64_t rest = local % day_ms;
  if (rest < 0) {
    rest += day_ms;
    --day;
  }
  Moment moment;
  if (!set_day(moment, day)) {
    set_day(moment, day < 0 ? -719'162 : 2'932'896);  // the nearest that FHIR knows
  }
  set_clock(moment, rest * 1'000'000);
  moment.precision = Precision::second;
  moment.fraction_digits = 3;
  moment.offset_minutes = offset_minutes;
  moment.has_offset = true;
  return moment;
}

std::optional<std::strong_ordering> compare(const Moment& a, const Moment& b, MomentKind kind,
                                            std::int16_t offset_minutes) {
  Moment left = a;
  Moment right = b;
  // A date has no zone: it is compared with the date that the other one wrote.
  if (kind == MomentKind::date_time && (a.has_offset || b.has_offset) &&
      a.precision >= Precision::hour && b.precision >= Precision::hour) {
    if (!to_utc(left, offset_minutes) || !to_utc(right, offset_minutes)) {
      return std::nullopt;
    }
  }
  const auto parts = [](const Moment& of) {
    return std::array<std::int64_t, 6>{
        of.year, of.month,  of.day,
        of.hour, of.minute, of.second * nanoseconds_of_second + of.nanoseconds};
  };
  const auto left_parts = parts(left);
  const auto right_parts = parts(right);
  for (std::size_t i = kind == MomentKind::time ? 3 : 0; i < left_parts.size(); ++i) {
    const bool has_left = static_cast<std::size_t>(a.precision) >= i;
    const bool has_right = static_cast<std::size_t>(b.precision) >= i;
    if (!has_left || !has_right) {
      return has_left == has_right ? std::optional(std::strong_ordering::equal) : std::nullopt;
    }
    if (left_parts[i] != right_parts[i]) {
      return left_parts[i] <=> right_parts[i];
    }
  }
  return std::strong_ordering::equal;
}

std::optional<NamedTimeUnit> time_unit(std::string_view name) {
  struct Named {
    std::string_view singular, plural, ucum;
    TimeUnit unit;
  };
  static constexpr std::array<Named, 8> names{{
      {"year", "years", "a", TimeUnit::year},
      {"month", "months", "mo", TimeUnit::month},
      {"week", "weeks", "wk", TimeUnit::week},
      {"day", "days", "d", TimeUnit::day},
      {"hour", "hours", "h", TimeUnit::hour},
      {"minute", "minutes", "min", TimeUnit::minute},
      {"second", "seconds", "s", TimeUnit::second},
      {"millisecond", "milliseconds", "ms", TimeUnit::millisecond},
  }};
  for (const Named& known : names) {
    if (name == known.singular || name == known.plural || name == known.ucum) {
      return NamedTimeUnit{known.unit, name != known.ucum};
    }
  }
  return std::nullopt;
}

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
