#include "evidence/london.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

namespace holdfast::evidence {
namespace {

namespace cal = std::chrono;
using Millis = cal::sys_time<cal::milliseconds>;

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};

Millis change_in(cal::year year, cal::month month) {
  return cal::sys_days(year / month / cal::Sunday[cal::last]) + cal::hours(1);
}

}  // namespace

std::string london(Time time) {
  constexpr Millis first = cal::sys_days(cal::year{1} / cal::January / 1);
  constexpr Millis last = cal::sys_days(cal::year{9999} / cal::December / 31) + cal::hours(23);
  const Millis utc = std::clamp(Millis(cal::milliseconds(time.ms)), first,
                                Millis(last + cal::milliseconds(3599999)));
  const cal::year year = cal::year_month_day(cal::floor<cal::days>(utc)).year();
  const bool summer = utc >= change_in(year, cal::March) && utc < change_in(year, cal::October);
  const Millis local = utc + cal::hours(summer ? 1 : 0);
  const auto day = cal::floor<cal::days>(local);
  const cal::year_month_day date(day);
  const cal::hh_mm_ss clock(local - day);
  return fmt::format("{} {} {} {:04}, {:02}:{:02}:{:02}.{:03} {}",
                     days[cal::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count(), summer ? "+01:00" : "+00:00");
}

}  // namespace holdfast::evidence
