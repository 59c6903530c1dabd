#include "node/entry_clock.h"

#include <algorithm>

namespace holdfast::node {

EntryClock::EntryClock(const Clock& clock, Time last, AcceptClock accept, Bug planted)
    : clock_(clock), planted_(planted), last_(last), last_boot_(clock.boot()) {
  const Duration lead = milliseconds(clock.wall().ms - last.ms);
  first_is_free_ = last.ms == 0 || accept == AcceptClock::yes || lead < start_lead_max;
}

Time EntryClock::next() {
  const Time wall = clock_.wall();
  if (planted_ == Bug::clock_leap) {
    return std::max(wall, last_);
  }
  const Duration elapsed = clock_.boot() - last_boot_;
  const Time expected{last_.ms + elapsed.ms()};
  Time given = wall;
  health_ = ClockHealth::good;
  if (wall < last_) {
    health_ = ClockHealth::behind;
    given = last_;
  } else if (!first_is_free_ && wall.ms > expected.ms + clock_lead_max.ms()) {
    health_ = ClockHealth::ahead;
    given = expected;
  }
  lead_ = milliseconds(wall.ms - given.ms);
  return given;
}

void EntryClock::entry_has(Time time) {
  last_ = time;
  last_boot_ = clock_.boot();
  first_is_free_ = false;
}

}  // namespace holdfast::node
