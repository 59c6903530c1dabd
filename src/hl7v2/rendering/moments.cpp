#include "hl7v2/rendering/moments.h"

#include <fmt/format.h>

#include <chrono>

#include "base/time.h"

namespace holdfast::hl7v2 {
namespace {

namespace cal = std::chrono;

constexpr std::size_t date_digits = 8;      // YYYYMMDD
constexpr std::size_t fraction_digits = 4;  // of a DTM

std::int64_t minutes_of(std::string_view offset) {
  if (offset.size() < 5 || (offset[0] != '+' && offset[0] != '-')) {
    return 0;  // Z
  }
  const std::string_view minutes = offset.substr(offset.size() - 2);
  const std::int64_t all = ((offset[1] - '0') * 10 + (offset[2] - '0')) * 60 +
                           (minutes[0] - '0') * 10 + (minutes[1] - '0');
  return offset[0] == '-' ? -all : all;
}

struct Local {
  int year, month, day, hour, minute, second;
};
Local local_time(std::int64_t seconds) {
  const cal::sys_seconds at{cal::seconds(seconds)};
  const auto day = cal::floor<cal::days>(at);
  const cal::year_month_day date(day);
  const cal::hh_mm_ss time(at - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count())};
}

std::string digits(const Local& at) {
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", at.year, at.month, at.day, at.hour,
                     at.minute, at.second);
}

/// That second in the zone: read back without an offset it must mean the same second, else the
/// offset is written too.
std::string in_zone(std::int64_t seconds, const Zone& zone, std::string_view fraction) {
  for (const std::string_view offset :
       {std::string_view(zone.name()), std::string_view("+01:00"), std::string_view("Z")}) {
    const Local at = local_time(seconds + minutes_of(offset) * 60);
    if (zone.offset(at.year, at.month, at.day, at.hour) == offset) {
      return fmt::format("{}{}", digits(at), fraction);
    }
  }
  return fmt::format("{}{}+0000", digits(local_time(seconds)), fraction);
}

}  // namespace

std::optional<std::string> to_dtm(std::string_view text, const std::optional<Zone>& zone) {
  Result<std::string> plain = from_fhir_date_time(text);
  if (!plain) {
    return std::nullopt;
  }
  std::string& made = *plain;
  const std::size_t dot = made.find('.');
  const std::size_t sign = made.find_first_of("+-");
  std::string fraction = dot == std::string::npos ? "" : made.substr(dot, sign - dot);
  fraction.resize(std::min(fraction.size(), fraction_digits + 1));
  if (made.size() <= date_digits || !zone) {
    return dot == std::string::npos
               ? made
               : fmt::format("{}{}{}", made.substr(0, dot), fraction, made.substr(sign));
  }
  // The moment to the second; a leap second has no other name in Time.
  const auto range = parse_date_time(text);
  return range ? std::optional(in_zone(range->from.ms / 1000 - (range->from.ms % 1000 < 0 ? 1 : 0),
                                       *zone, fraction))
               : std::nullopt;
}

std::optional<std::string> to_tm(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c != ':') {
      made.push_back(c);
    }
  }
  return to_fhir_time(made) ? std::optional(made) : std::nullopt;
}

std::string to_dtm(Time time, const std::optional<Zone>& zone) {
  const std::int64_t seconds = time.ms / 1000 - (time.ms % 1000 < 0 ? 1 : 0);
  return zone ? in_zone(seconds, *zone, "") : digits(local_time(seconds)) + "+0000";
}

}  // namespace holdfast::hl7v2
