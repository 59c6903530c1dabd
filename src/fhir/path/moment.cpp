#include "fhir/path/moment.h"

#include <array>

#include <fmt/format.h>

#include "fhir/path/moment_parts.h"

namespace holdfast::fhir::path {
namespace {

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

}  // namespace holdfast::fhir::path
