// hl7v2/time.cpp: digits to digits; the calendar says which days there are.
#include "hl7v2/time.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "base/time.h"

namespace holdfast::hl7v2 {
namespace {

namespace cal = std::chrono;

/// What a DTM says, piece by piece; -1: not said.
struct Pieces {
  int year = -1, month = -1, day = -1, hour = -1, minute = -1, second = -1;
  std::string fraction;  // digits
  std::string offset;    // "+0100"
};

std::optional<int> number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') {
      return {};
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

std::unexpected<Error> no_time(std::string_view text, std::string_view why) {
  return fail(Code::value, fmt::format("'{}' is no date: {}", text.substr(0, 40), why));
}

/// "2024-03-01T10:00:05" and "2024-03-01 10:00" as digits alone.
std::string without_marks(std::string_view text) {
  const bool marked = text.size() >= 7 && text[4] == '-';
  if (!marked) {
    return std::string(text);
  }
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == 'Z' && i + 1 == text.size()) {
      plain += "+0000";
    } else if (i > 10 && (c == '-' || c == '+')) {
      plain.push_back(c);
    } else if (c != '-' && c != ':' && c != 'T' && c != ' ') {
      plain.push_back(c);
    }
  }
  return plain;
}

Result<Pieces> take_apart(std::string_view given) {
  const std::string plain = without_marks(trimmed(given));
  std::string_view text = plain;
  Pieces pieces;
  if (const std::size_t sign = text.find_first_of("+-"); sign != std::string_view::npos) {
    pieces.offset = text.substr(sign);
    text = text.substr(0, sign);
    const auto hours =
        pieces.offset.size() == 5 ? number(pieces.offset.substr(1, 2)) : std::nullopt;
    const auto minutes = hours ? number(pieces.offset.substr(3)) : std::nullopt;
    if (!minutes || *hours > 14 || *minutes > 59) {
      return no_time(given, "its offset is not like +0100");
    }
  }
  if (const std::size_t dot = text.find('.'); dot != std::string_view::npos) {
    pieces.fraction = text.substr(dot + 1);
    text = text.substr(0, dot);
    if (text.size() != 14 || pieces.fraction.empty() || pieces.fraction.size() > 9 ||
        !number(pieces.fraction)) {
      return no_time(given, "a fraction belongs behind seconds");
    }
  }
  constexpr std::array<std::size_t, 6> ends{4, 6, 8, 10, 12, 14};
  const std::array<int*, 6> into{&pieces.year, &pieces.month,  &pieces.day,
                                 &pieces.hour, &pieces.minute, &pieces.second};
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size() && begin < text.size(); ++i) {
    if (text.size() < ends[i]) {
      return no_time(given, "digits are missing");
    }
    const auto value = number(text.substr(begin, ends[i] - begin));
    if (!value) {
      return no_time(given, "it is not made of digits");
    }
    *into[i] = *value;
    begin = ends[i];
  }
  if (text.size() > ends.back() || text.size() < ends.front()) {
    return no_time(given, "it is not YYYY, YYYYMM, YYYYMMDD or with a time behind that");
  }
  return pieces;
}

Result<void> check_values(std::string_view given, const Pieces& pieces) {
  const cal::year_month_day day{
      cal::year{pieces.year},
      cal::month{static_cast<unsigned>(pieces.month < 0 ? 1 : pieces.month)},
      cal::day{static_cast<unsigned>(pieces.day < 0 ? 1 : pieces.day)}};
  if (pieces.year < 1 || !day.ok()) {
    return no_time(given, "there is no such day");
  }
  if (pieces.hour > 23 || pieces.minute > 59 || pieces.second > 60) {
    return no_time(given, "there is no such time of day");
  }
  return ok();
}

/// 01:00 UTC on the last Sunday of that month.
cal::sys_seconds last_sunday(int year, cal::month month) {
  return cal::sys_days(cal::year{year} / month / cal::Sunday[cal::last]) + cal::hours(1);
}

std::string with_colon(std::string_view offset) {
  return fmt::format("{}:{}", offset.substr(0, 3), offset.substr(3));
}

}  // namespace

Result<Zone> Zone::named(std::string_view name) {
  Zone zone;
  zone.name_ = name;
  const bool fixed = name.size() == 6 && (name[0] == '+' || name[0] == '-') && name[3] == ':' &&
                     number(name.substr(1, 2)).value_or(99) <= 14 &&
                     number(name.substr(4)).value_or(99) <= 59;
  if (name == "Z" || name == "Europe/London" || fixed) {
    return zone;
  }
  return fail(Code::value,
              fmt::format("'{}' is no zone: Z, +01:00 and Europe/London are", name.substr(0, 40)));
}

std::string Zone::offset(int year, int month, int day, int hour) const {
  if (name_ != "Europe/London") {
    return name_;
  }
  // As if it were UTC: both changes are at 01:00 UTC, which is 01:00 local time before the spring
  // change and 02:00 before the autumn one.
  const cal::sys_seconds local =
      cal::sys_days(cal::year{year} / month / day) + cal::hours(std::max(hour, 0));
  const bool summer = local >= last_sunday(year, cal::March) + cal::hours(1) &&
                      local < last_sunday(year, cal::October) + cal::hours(1);
  return summer ? "+01:00" : "Z";
}

Result<FhirTime> to_fhir_date_time(std::string_view dtm, const Zone& zone) {
  TRY(const Pieces at, take_apart(dtm));
  TRY_OK(check_values(dtm, at));
  FhirTime made;
  made.text = fmt::format("{:04}", at.year);
  if (at.month >= 0) {
    made.text += fmt::format("-{:02}", at.month);
  }
  if (at.day >= 0) {
    made.text += fmt::format("-{:02}", at.day);
  }
  if (at.hour < 0) {
    return made;
  }
  made.widened = at.minute < 0;
  made.text +=
      fmt::format("T{:02}:{:02}:{:02}", at.hour, std::max(at.minute, 0), std::max(at.second, 0));
  if (!at.fraction.empty()) {
    made.text += '.' + at.fraction;
  }
  made.assumed_zone = at.offset.empty();
  if (made.assumed_zone) {
    made.text += zone.offset(at.year, at.month, at.day, at.hour);
  } else {
    made.text += at.offset == "+0000" || at.offset == "-0000" ? "Z" : with_colon(at.offset);
  }
  return made;
}

Result<std::string> to_fhir_date(std::string_view dtm) {
  TRY(const Pieces at, take_apart(dtm));
  TRY_OK(check_values(dtm, at));
  std::string made = fmt::format("{:04}", at.year);
  if (at.month >= 0) {
    made += fmt::format("-{:02}", at.month);
  }
  if (at.day >= 0) {
    made += fmt::format("-{:02}", at.day);
  }
  return made;
}

Result<std::string> to_fhir_time(std::string_view tm) {
  const std::string_view text = trimmed(tm).substr(0, trimmed(tm).find_first_of("+-"));
  const std::string_view digits = text.substr(0, text.find('.'));
  const std::string_view fraction =
      digits.size() < text.size() ? text.substr(digits.size() + 1) : std::string_view();
  const bool sized = digits.size() == 2 || digits.size() == 4 || digits.size() == 6;
  const int hour = sized ? number(digits.substr(0, 2)).value_or(99) : 99;
  const int minute = digits.size() > 2 ? number(digits.substr(2, 2)).value_or(99) : 0;
  const int second = digits.size() > 4 ? number(digits.substr(4, 2)).value_or(99) : 0;
  const bool fraction_fits =
      digits.size() == text.size() || (digits.size() == 6 && !fraction.empty() &&
                                       fraction.size() <= 9 && number(fraction).has_value());
  if (hour > 23 || minute > 59 || second > 59 || !fraction_fits) {
    return fail(Code::value, fmt::format("'{}' is no time of day", tm.substr(0, 40)));
  }
  return fmt::format("{:02}:{:02}:{:02}{}{}", hour, minute, second, fraction.empty() ? "" : ".",
                     fraction);
}

Result<std::string> from_fhir_date_time(std::string_view text) {
  if (!parse_date_time(text)) {
    return fail(Code::value, fmt::format("'{}' is no FHIR date", text.substr(0, 40)));
  }
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == 'Z') {
      made += "+0000";
    } else if (i > 10 && (c == '-' || c == '+')) {
      made.push_back(c);
    } else if (c != '-' && c != ':' && c != 'T') {
      made.push_back(c);
    }
  }
  return made;
}

}  // namespace holdfast::hl7v2
