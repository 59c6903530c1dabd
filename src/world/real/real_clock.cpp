#include "world/real/real_clock.h"

#include <ctime>

#include <sys/timex.h>

#include "base/check.h"

namespace holdfast {
namespace {

::timespec read_clock(::clockid_t clock) {
  ::timespec now{};
  check(::clock_gettime(clock, &now) == 0, "Linux has this clock");
  return now;
}

}  // namespace

Instant boot_time() {
  const ::timespec now = read_clock(CLOCK_BOOTTIME);
  return {now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

Time RealClock::wall() const {
  const ::timespec now = read_clock(CLOCK_REALTIME);
  return {now.tv_sec * 1'000 + now.tv_nsec / 1'000'000};
}

Instant RealClock::boot() const { return boot_time(); }

bool RealClock::synchronised() const {
  ::timex state{};  // modes 0: only asks
  const int answer = ::adjtimex(&state);
  return answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace holdfast
