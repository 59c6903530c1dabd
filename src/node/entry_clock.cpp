#include "node/entry_clock.h"

#include <algorithm>

namespace holdfast::node {

EntryClock::EntryClock(const Clock& clock, Time last, AcceptClock accept, Bug planted)
    : clock_(clock), planted_(planted), last_(last), known_(last), known_boot_(clock.boot()) {
  const Time wall = clock.wall();
  const Duration lead = milliseconds(wall.ms - last.ms);
  if (last.ms == 0 || accept == AcceptClock::yes || lead < start_lead_max) {
    known_ = std::max(wall, last);
  }
}

Time EntryClock::next() {
  const Time wall = clock_.wall();
  if (planted_ == Bug::clock_leap) {
    return std::max(wall, last_);
  }
  const Duration elapsed = clock_.boot() - known_boot_;
  const Time expected{known_.ms + elapsed.ms()};
  Time given = wall;
  health_ = ClockHealth::good;
  if (wall < last_) {
    health_ = ClockHealth::behind;
    given = last_;
  } else if (wall.ms > expected.ms + clock_lead_max.ms()) {
    health_ = ClockHealth::ahead;
    given = expected;
  }
  lead_ = milliseconds(wall.ms - given.ms);
  return given;
}

void EntryClock::entry_has(Time time) {
  last_ = time;
  known_ = time;
  known_boot_ = clock_.boot();
}

}  // namespace holdfast::node
