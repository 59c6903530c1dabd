#include "node/entry_clock.h"

#include <gtest/gtest.h>

namespace holdfast::node {
namespace {

class HandClock final : public Clock {
 public:
  [[nodiscard]] Time wall() const override { return wall_now; }
  [[nodiscard]] Instant boot() const override { return boot_now; }
  [[nodiscard]] bool synchronised() const override { return true; }
  void pass(Duration by) {
    wall_now.ms += by.ms();
    boot_now.ns += by.ns;
  }
  Time wall_now{1'000'000'000'000};
  Instant boot_now{5};
};

TEST(EntryClock, FollowsAClockThatRunsAsItShould) {
  HandClock clock;
  EntryClock entries(clock, Time{999'999'000'000}, AcceptClock::no, Bug::none);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(entries.next(), clock.wall_now);
    EXPECT_EQ(entries.health(), ClockHealth::good);
    entries.entry_has(clock.wall_now);
    clock.pass(seconds(3600));
  }
}

TEST(EntryClock, HoldsAForwardLeapToTheTimeThatReallyPassed) {
  HandClock clock;
  EntryClock entries(clock, Time{}, AcceptClock::no, Bug::none);
  const Time start = entries.next();
  entries.entry_has(start);
  clock.pass(seconds(10));
  clock.wall_now.ms += 61'000;
  EXPECT_EQ(entries.next().ms, start.ms + 10'000);
  EXPECT_EQ(entries.health(), ClockHealth::ahead);
  EXPECT_FALSE(entries.ticks_allowed());
  entries.entry_has(entries.next());
  clock.pass(seconds(5));
  EXPECT_EQ(entries.next().ms, start.ms + 15'000);
}

TEST(EntryClock, NeverGoesBack) {
  HandClock clock;
  EntryClock entries(clock, Time{}, AcceptClock::no, Bug::none);
  const Time start = entries.next();
  entries.entry_has(start);
  clock.pass(seconds(10));
  clock.wall_now.ms -= 3'600'000;
  EXPECT_EQ(entries.next(), start);
  EXPECT_EQ(entries.health(), ClockHealth::behind);
}

TEST(EntryClock, ADayAheadAtStartIsTakenOnlyWhenAccepted) {
  HandClock clock;
  const Time last{clock.wall_now.ms - start_lead_max.ms()};
  EntryClock held(clock, last, AcceptClock::no, Bug::none);
  EXPECT_EQ(held.next(), last);
  EXPECT_EQ(held.health(), ClockHealth::ahead);
  EntryClock taken(clock, last, AcceptClock::yes, Bug::none);
  EXPECT_EQ(taken.next(), clock.wall_now);
  EntryClock less(clock, Time{last.ms + 1}, AcceptClock::no, Bug::none);
  EXPECT_EQ(less.next(), clock.wall_now);
}

// Found by the simulator: what was accepted at the start was any time that the first entry met.
TEST(EntryClock, ALeapBetweenTheStartAndTheFirstEntryIsHeld) {
  HandClock clock;
  EntryClock entries(clock, Time{clock.wall_now.ms - 1000}, AcceptClock::yes, Bug::none);
  const Time start = clock.wall_now;
  clock.pass(seconds(5));
  clock.wall_now.ms += 30 * 3'600'000;
  EXPECT_EQ(entries.next().ms, start.ms + 5000);
  EXPECT_EQ(entries.health(), ClockHealth::ahead);
}

TEST(EntryClock, ThePlantedLeapIsALeap) {
  HandClock clock;
  EntryClock entries(clock, Time{}, AcceptClock::no, Bug::clock_leap);
  entries.entry_has(entries.next());
  clock.wall_now.ms += 86'400'000;
  EXPECT_EQ(entries.next(), clock.wall_now);
}

}  // namespace
}  // namespace holdfast::node
