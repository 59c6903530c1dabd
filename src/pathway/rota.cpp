#include "pathway/rota.h"

#include <algorithm>
#include <charconv>

#include "base/local_time.h"
#include "fhir/member.h"

namespace holdfast::pathway {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

/// 1970-01-01 was a Thursday.
std::size_t weekday_of(LocalDay day) {
  return static_cast<std::size_t>(((day.value + 3) % 7 + 7) % 7);
}

/// `ms` behind the local 00:00 of that day, by the wall clock; a day or more: of the days behind
/// it.
Time wall_time(LocalDay day, std::int64_t ms) {
  return from_local({{day.value + ms / day_ms}, ms % day_ms});
}

/// "09:30:00", with or without parts of a second, which do not count.
std::optional<std::int64_t> time_of_day(const std::string& text) {
  std::array<std::int64_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t at = i * 3;
    if (text.size() < at + 2 || (i > 0 && text[at - 1] != ':')) {
      return std::nullopt;
    }
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, parts[i]);
    if (error != std::errc() || end != text.data() + at + 2) {
      return std::nullopt;
    }
  }
  return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000;
}

views::Owner deputy_of(fhir::JsonValue element) {
  const auto extensions = element.find("extension");
  if (!extensions) {
    return {};
  }
  for (const fhir::JsonValue one : extensions->children()) {
    const auto url = one.find("url");
    const auto value = one.find("valueReference");
    if (url && value && url->equals(deputy_extension)) {
      return views::owner_of(*value);
    }
  }
  return {};
}

/// Without a time it is the whole day; without a day, each.
Hours hours_of(fhir::JsonValue available) {
  Hours hours;
  hours.until_ms = day_ms;
  const auto start = time_of_day(fhir::text_member(available, "availableStartTime"));
  const auto end = time_of_day(fhir::text_member(available, "availableEndTime"));
  hours.from_ms = start.value_or(0);
  if (end) {
    // What does not end behind its start passes midnight: R4 has no other way to say so.
    hours.until_ms = *end > hours.from_ms ? *end : *end + day_ms;
  }
  const auto days = available.find("daysOfWeek");
  if (!days) {
    hours.days.fill(true);
    return hours;
  }
  for (const fhir::JsonValue day : days->children()) {
    const auto* const at = std::ranges::find(day_names, day.is_string() ? day.text() : "");
    if (at != day_names.end()) {
      hours.days[static_cast<std::size_t>(at - day_names.begin())] = true;
    }
  }
  return hours;
}

}  // namespace

Rota read_rota(fhir::JsonValue role) {
  Rota rota;
  const auto active = role.find("active");
  rota.is_active = !active || active->raw() != "false";
  if (const auto practitioner = role.find("practitioner")) {
    rota.practitioner = fhir::text_member(*practitioner, "reference");
  }
  rota.deputy = deputy_of(role);
  if (const auto all = role.find("notAvailable")) {
    for (const fhir::JsonValue one : all->children()) {
      if (const auto when = views::read_absence(one)) {
        rota.away.push_back({*when, fhir::text_member(one, "description"), deputy_of(one)});
      }
    }
  }
  if (const auto all = role.find("availableTime")) {
    for (const fhir::JsonValue one : all->children()) {
      rota.hours.push_back(hours_of(one));
    }
  }
  return rota;
}

const Rota::Away* away_at(const Rota& rota, Time now) {
  const auto at = std::ranges::find_if(rota.away, [&](const Rota::Away& one) {
    return one.when.from <= now && (!one.when.until || now < *one.when.until);
  });
  return at == rota.away.end() ? nullptr : &*at;
}

std::optional<Time> on_duty_from(const Rota& rota, Time now) {
  if (rota.hours.empty()) {
    return now;
  }
  const LocalDay today = to_local(now).day;
  // From yesterday, whose night shift may go on. In the second week there is one again whose hour
  // is left out in spring.
  for (std::int64_t ahead = -1; ahead <= 14; ++ahead) {
    const LocalDay day{today.value + ahead};
    std::optional<Time> first;
    for (const Hours& hours : rota.hours) {
      const Time from = wall_time(day, hours.from_ms);
      const Time until = wall_time(day, hours.until_ms);
      if (hours.days[weekday_of(day)] && from < until && now < until) {
        first = std::min(first.value_or(until), std::max(from, now));
      }
    }
    if (first) {
      return first;
    }
  }
  return std::nullopt;
}

}  // namespace holdfast::pathway
