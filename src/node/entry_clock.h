// node/entry_clock.h: the time that an entry carries. Never earlier than the entry before, and
// never further ahead of it than the time that really passed in this run plus a minute.
// A clock that leaps would make every deadline in the hospital overdue at once.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/planted.h"
#include "world/clock.h"

namespace holdfast::node {

constexpr Duration clock_lead_max = seconds(60);
constexpr Duration start_lead_max = seconds(24 * 60 * 60);

/// What the wall clock was found to do when last asked.
enum class ClockHealth : std::uint8_t {
  good,
  ahead,   ///< leapt forward: entries carry the last time plus what the boot clock counted
  behind,  ///< went back: entries carry the last entry's time until it has caught up
};

enum class AcceptClock : std::uint8_t { no, yes };

class EntryClock {
 public:
  /// `last` is the time of the journal's last entry (zero: there is none, any clock will do).
  /// A wall clock that is `start_lead_max` or more ahead of it is taken only with AcceptClock::yes.
  EntryClock(const Clock& clock, Time last, AcceptClock accept, Bug planted);

  /// The time for the next entry. Does not become the last one before entry_has() says so.
  [[nodiscard]] Time next();
  /// The entry with time `time` is part of the journal now.
  void entry_has(Time time);

  [[nodiscard]] ClockHealth health() const { return health_; }
  /// How far the wall clock was from the time given out, when last asked.
  [[nodiscard]] Duration lead() const { return lead_; }
  /// Deadlines fire only while the clock is trusted.
  [[nodiscard]] bool ticks_allowed() const { return health_ != ClockHealth::ahead; }

 private:
  const Clock& clock_;
  const Bug planted_;
  Time last_;  ///< of the last entry: none is earlier
  /// What the time was known to be at known_boot_: that of the last entry, or the wall clock's at
  /// the start where it was taken. What it shows later is measured against this from then on.
  Time known_;
  Instant known_boot_;
  ClockHealth health_ = ClockHealth::good;
  Duration lead_{};
};

}  // namespace holdfast::node
