#include "base/time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace holdfast {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t minute_ms = 60 * second_ms;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;

std::int64_t start_of_day(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days days{std::chrono::year{year} / std::chrono::month{month} /
                                   std::chrono::day{day}};
  return days.time_since_epoch().count() * day_ms;
}

/// A Time taken apart, in UTC.
struct Civil {
  unsigned year, month, day;
  unsigned weekday;  ///< 0 is Sunday
  unsigned hour, minute, second, ms;
};

Civil civil(Time time) {
  const std::int64_t first = start_of_day(1, 1, 1);
  const std::int64_t last = start_of_day(10'000, 1, 1) - 1;
  const std::int64_t ms = std::clamp(time.ms, first, last);
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{ms}});
  const std::chrono::year_month_day date{day};
  const auto rest = static_cast<unsigned>(ms - day.time_since_epoch().count() * day_ms);
  return {static_cast<unsigned>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          std::chrono::weekday{day}.c_encoding(),
          static_cast<unsigned>(rest / hour_ms),
          static_cast<unsigned>(rest / minute_ms % 60),
          static_cast<unsigned>(rest / second_ms % 60),
          static_cast<unsigned>(rest % second_ms)};
}

void write_digits(char* to, unsigned count, unsigned value) {
  for (unsigned i = count; i-- > 0; value /= 10) {
    to[i] = static_cast<char>('0' + value % 10);
  }
}

constexpr std::string_view weekday_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads a date from left to right; after the first thing that is not there `failed` stays true.
struct Cursor {
  std::string_view rest;
  bool failed = false;

  [[nodiscard]] bool at(char expected) const { return !rest.empty() && rest[0] == expected; }
  void skip(char expected) {
    if (!at(expected)) {
      failed = true;
      return;
    }
    rest.remove_prefix(1);
  }
  /// Exactly `count` digits with a value from `low` to `high`.
  unsigned digits(std::size_t count, unsigned low, unsigned high) {
    if (rest.size() < count) {
      failed = true;
      return low;
    }
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto digit = static_cast<unsigned>(rest[i]) - static_cast<unsigned>('0');
      if (digit > 9) {
        failed = true;
        return low;
      }
      value = value * 10 + digit;
    }
    rest.remove_prefix(count);
    if (value < low || value > high) {
      failed = true;
      return low;
    }
    return value;
  }
  void word(std::string_view expected) {
    if (!rest.starts_with(expected)) {
      failed = true;
      return;
    }
    rest.remove_prefix(expected.size());
  }
};

/// What follows the point of a second: where it begins and how wide it is, in milliseconds.
struct Fraction {
  std::int64_t ms = 0;
  std::int64_t width_ms = second_ms;
};

Fraction read_fraction(Cursor& cursor) {
  Fraction fraction;
  std::size_t count = 0;
  while (count < cursor.rest.size() && cursor.rest[count] >= '0' && cursor.rest[count] <= '9') {
    if (count < 3) {  // what is finer than a millisecond is dropped
      fraction.width_ms /= 10;
      fraction.ms += (cursor.rest[count] - '0') * fraction.width_ms;
    }
    ++count;
  }
  if (count == 0) {
    cursor.failed = true;
  }
  cursor.rest.remove_prefix(count);
  return fraction;
}

/// How far the zone is ahead of UTC. The regular expression of FHIR allows up to 14:00.
std::int64_t read_zone(Cursor& cursor) {
  if (cursor.at('Z')) {
    cursor.skip('Z');
    return 0;
  }
  const bool ahead = cursor.at('+');
  cursor.skip(ahead ? '+' : '-');
  const unsigned hours = cursor.digits(2, 0, 14);
  cursor.skip(':');
  const unsigned minutes = cursor.digits(2, 0, hours == 14 ? 0 : 59);
  const std::int64_t offset = hours * hour_ms + minutes * minute_ms;
  return ahead ? offset : -offset;
}

enum class Form : std::uint8_t { element, search };

std::optional<TimeRange> read_time(Cursor& cursor, std::int64_t day_start, Form form) {
  cursor.skip('T');
  const unsigned hour = cursor.digits(2, 0, 23);
  cursor.skip(':');
  const unsigned minute = cursor.digits(2, 0, 59);
  std::int64_t start = day_start + hour * hour_ms + minute * minute_ms;
  std::int64_t width = minute_ms;
  if (form == Form::element || cursor.at(':')) {
    cursor.skip(':');
    start += cursor.digits(2, 0, 60) * second_ms;
    width = second_ms;
    if (cursor.at('.')) {
      cursor.skip('.');
      const Fraction fraction = read_fraction(cursor);
      start += fraction.ms;
      width = fraction.width_ms;
    }
  }
  if (form == Form::element || !cursor.rest.empty()) {
    start -= read_zone(cursor);
  }
  if (cursor.failed || !cursor.rest.empty()) {
    return std::nullopt;
  }
  return TimeRange{{start}, {start + width}};
}

std::optional<TimeRange> read_date_time(std::string_view text, Form form) {
  Cursor cursor{text};
  const int year = static_cast<int>(cursor.digits(4, 1, 9999));
  if (cursor.failed) {
    return std::nullopt;
  }
  if (cursor.rest.empty()) {
    return TimeRange{{start_of_day(year, 1, 1)}, {start_of_day(year + 1, 1, 1)}};
  }
  cursor.skip('-');
  const unsigned month = cursor.digits(2, 1, 12);
  if (cursor.failed) {
    return std::nullopt;
  }
  if (cursor.rest.empty()) {
    const bool december = month == 12;
    const std::int64_t next = start_of_day(december ? year + 1 : year, december ? 1 : month + 1, 1);
    return TimeRange{{start_of_day(year, month, 1)}, {next}};
  }
  cursor.skip('-');
  const unsigned day = cursor.digits(2, 1, 31);
  const bool exists = std::chrono::year_month_day{
      std::chrono::year{year}, std::chrono::month{month},
      std::chrono::day{
          day}}.ok();
  if (cursor.failed || !exists) {
    return std::nullopt;
  }
  const std::int64_t start = start_of_day(year, month, day);
  if (cursor.rest.empty()) {
    return TimeRange{{start}, {start + day_ms}};
  }
  return read_time(cursor, start, form);
}

}  // namespace

void append_instant(std::string& to, Time time) {
  const Civil at = civil(time);
  std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                            '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  write_digits(&text[0], 4, at.year);
  write_digits(&text[5], 2, at.month);
  write_digits(&text[8], 2, at.day);
  write_digits(&text[11], 2, at.hour);
  write_digits(&text[14], 2, at.minute);
  write_digits(&text[17], 2, at.second);
  write_digits(&text[20], 3, at.ms);
  to.append(text.data(), text.size());
}

std::string to_instant(Time time) {
  std::string text;
  append_instant(text, time);
  return text;
}

std::string to_http_date(Time time) {
  const Civil at = civil(time);
  std::string text = "Sun, 00 Jan 0000 00:00:00 GMT";
  text.replace(0, 3, weekday_names.substr(std::size_t{3} * at.weekday, 3));
  write_digits(&text[5], 2, at.day);
  text.replace(8, 3, month_names.substr(std::size_t{3} * (at.month - 1), 3));
  write_digits(&text[12], 4, at.year);
  write_digits(&text[17], 2, at.hour);
  write_digits(&text[20], 2, at.minute);
  write_digits(&text[23], 2, at.second);
  return text;
}

std::optional<Time> from_http_date(std::string_view text) {
  if (text.size() != 29) {
    return std::nullopt;
  }
  const std::string_view weekday = text.substr(0, 3);
  const std::size_t month_at = month_names.find(text.substr(8, 3));
  if (month_at == std::string_view::npos || month_at % 3 != 0) {
    return std::nullopt;
  }
  Cursor cursor{text.substr(3)};
  cursor.word(", ");
  const unsigned day = cursor.digits(2, 1, 31);
  cursor.word(" ");
  cursor.word(month_names.substr(month_at, 3));
  cursor.word(" ");
  const int year = static_cast<int>(cursor.digits(4, 1, 9999));
  cursor.word(" ");
  const unsigned hour = cursor.digits(2, 0, 23);
  cursor.word(":");
  const unsigned minute = cursor.digits(2, 0, 59);
  cursor.word(":");
  const unsigned second = cursor.digits(2, 0, 60);
  cursor.word(" GMT");
  const auto month = static_cast<unsigned>(month_at / 3 + 1);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (cursor.failed || !date.ok()) {
    return std::nullopt;
  }
  const unsigned weekday_number = std::chrono::weekday{std::chrono::sys_days{date}}.c_encoding();
  if (weekday != weekday_names.substr(std::size_t{3} * weekday_number, 3)) {
    return std::nullopt;
  }
  return Time{start_of_day(year, month, day) + hour * hour_ms + minute * minute_ms +
              second * second_ms};
}

std::optional<TimeRange> parse_date_time(std::string_view text) {
  return read_date_time(text, Form::element);
}

std::optional<TimeRange> parse_search_date(std::string_view text) {
  return read_date_time(text, Form::search);
}

}  // namespace holdfast
