// clinical/rtt_test.cpp: clocks start, stop and pause as the rules suite says, and nothing that is
// doubtful stops one.
#include "clinical/rtt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const RttTable& table() {
  static const RttTable read =
      read_rtt(shipped_table("rtt").text, shipped_table("rtt").file).value();
  return read;
}

Day day(std::string_view text) { return *parse_day(text); }

const Day received = day("2026-01-05");

RttClock clock_at(std::string_view today, const std::vector<RttEvent>& events,
                  std::optional<Day> referral = received) {
  return rtt_clock(table(), referral, events, day(today));
}

RttEvent event(std::string_view code, std::string_view on,
               Communicated communicated = Communicated::unknown) {
  return {std::string(code), day(on), communicated};
}

TEST(Rtt, EveryCodeHasItsClass) {
  const std::vector<std::pair<RttClass, std::vector<const char*>>> classes{
      {RttClass::starts, {"10", "11", "12"}},
      {RttClass::continues, {"20", "21"}},
      {RttClass::stops, {"30", "31", "32", "33", "34", "35", "36"}},
      {RttClass::not_rtt, {"90", "91", "92", "98", "99"}}};
  std::size_t count = 0;
  for (const auto& [what, codes] : classes) {
    for (const char* code : codes) {
      ASSERT_NE(table().find(code), nullptr) << code;
      EXPECT_EQ(table().find(code)->what, what) << code;
      ++count;
    }
  }
  EXPECT_EQ(table().codes.size(), count);
  EXPECT_EQ(table().find("37"), nullptr);
}

TEST(Rtt, RunsFromTheReferralAndNotFromTheFirstActivity) {
  const RttClock clock = clock_at("2026-02-16", {event("10", "2026-02-02")});
  EXPECT_EQ(clock.state, RttState::running);
  EXPECT_EQ(clock.days_waited, 42);
  EXPECT_EQ(clock.weeks_waited, 6);
  EXPECT_EQ(to_text(*clock.treat_by), "2026-05-11");
  EXPECT_THAT(clock.doubts, IsEmpty());
}

TEST(Rtt, WithoutAReferralTheFirstStartCounts) {
  const RttClock clock = clock_at("2026-02-16", {event("10", "2026-02-02")}, std::nullopt);
  EXPECT_EQ(clock.days_waited, 14);
  EXPECT_THAT(clock.doubts, IsEmpty());
  EXPECT_EQ(clock_at("2026-02-16", {}, std::nullopt).state, RttState::not_started);
  EXPECT_EQ(clock_at("2026-02-16", {event("20", "2026-02-02")}, std::nullopt).state,
            RttState::not_started);
}

TEST(Rtt, IsOverTheDayAfterEighteenWeeks) {
  EXPECT_FALSE(clock_at("2026-05-11", {}).is_over);
  EXPECT_EQ(clock_at("2026-05-11", {}).weeks_waited, 18);
  EXPECT_TRUE(clock_at("2026-05-12", {}).is_over);
  EXPECT_EQ(clock_at("2026-01-11", {}).weeks_waited, 0);
  EXPECT_EQ(clock_at("2026-01-12", {}).weeks_waited, 1);
}

TEST(Rtt, EachStopEndsTheWaitOnItsDay) {
  for (const char* code : {"30", "34", "35", "36"}) {
    const RttClock clock =
        clock_at("2030-01-01", {event("10", "2026-02-02"), event(code, "2026-03-02")});
    EXPECT_EQ(clock.state, RttState::stopped) << code;
    EXPECT_EQ(clock.days_waited, 56) << code;
    EXPECT_EQ(clock.periods.back().stopped_by, code);
    EXPECT_FALSE(clock.is_over);
  }
}

TEST(Rtt, ActiveMonitoringPausesAndElevenStartsAnew) {
  for (const char* code : {"31", "32"}) {
    std::vector<RttEvent> events{event("10", "2026-02-02"), event(code, "2026-03-02")};
    EXPECT_EQ(clock_at("2026-09-01", events).state, RttState::active_monitoring);
    EXPECT_EQ(clock_at("2026-09-01", events).days_waited, 56);
    events.push_back(event("91", "2026-06-01"));
    EXPECT_THAT(clock_at("2026-09-01", events).doubts, IsEmpty());
    events.push_back(event("11", "2026-08-18"));
    const RttClock clock = clock_at("2026-09-01", events);
    EXPECT_EQ(clock.state, RttState::running);
    EXPECT_EQ(clock.days_waited, 14);
    EXPECT_THAT(clock.periods, SizeIs(2));
    EXPECT_THAT(clock.doubts, IsEmpty());
  }
}

TEST(Rtt, WhoIsTreatedWhileMonitoredIsNoLongerMonitored) {
  const RttClock clock =
      clock_at("2026-09-01", {event("32", "2026-03-02"), event("30", "2026-08-01")});
  EXPECT_EQ(clock.state, RttState::stopped);
  EXPECT_EQ(clock.days_waited, 56);
  EXPECT_THAT(clock.doubts, IsEmpty());
}

TEST(Rtt, ANonAttendanceNullifiesOnlyWhatWasClearlyCommunicated) {
  const auto with = [](Communicated communicated) {
    return clock_at("2026-03-02", {event("33", "2026-02-02", communicated)});
  };
  EXPECT_EQ(with(Communicated::yes).state, RttState::nullified);
  EXPECT_EQ(with(Communicated::yes).days_waited, 0);
  EXPECT_EQ(with(Communicated::no).state, RttState::running);
  EXPECT_EQ(with(Communicated::no).days_waited, 56);
  EXPECT_THAT(with(Communicated::no).doubts,
              ElementsAre("33 on 2026-02-02 nullifies nothing: the appointment was not clearly "
                          "communicated"));
  EXPECT_EQ(with(Communicated::unknown).state, RttState::running);
  EXPECT_THAT(with(Communicated::unknown).doubts, SizeIs(1));
  const RttClock again = clock_at(
      "2026-03-02", {event("33", "2026-02-02", Communicated::yes), event("10", "2026-02-16")});
  EXPECT_EQ(again.state, RttState::running);
  EXPECT_EQ(again.days_waited, 14);
}

TEST(Rtt, ANewConditionStartsAClockWhereNoneRuns) {
  const RttClock clock =
      clock_at("2026-06-15", {event("30", "2026-02-02"), event("12", "2026-06-01")});
  EXPECT_EQ(clock.state, RttState::running);
  EXPECT_EQ(clock.days_waited, 14);
  EXPECT_THAT(clock_at("2026-06-15", {event("12", "2026-06-01")}).doubts,
              ElementsAre("12 on 2026-06-01 starts a clock, and one runs since 2026-01-05"));
  EXPECT_EQ(clock_at("2026-06-15", {event("12", "2026-06-01")}).days_waited, 161);
}

TEST(Rtt, WhatIsNotKnownOrContradictsStopsNothing) {
  const RttClock unknown = clock_at("2026-02-02", {event("3O", "2026-01-12")});
  EXPECT_EQ(unknown.state, RttState::running);
  EXPECT_THAT(unknown.doubts,
              ElementsAre("3O on 2026-01-12 is no code of the table: the clock goes on as it was"));
  const RttClock early = clock_at("2026-02-02", {event("30", "2025-12-01")});
  EXPECT_EQ(early.state, RttState::running);
  EXPECT_THAT(early.doubts, SizeIs(1));
  const RttClock future = clock_at("2026-02-02", {event("30", "2026-03-01")});
  EXPECT_EQ(future.state, RttState::running);
  EXPECT_THAT(future.doubts, SizeIs(1));
  const RttClock twice =
      clock_at("2026-02-02", {event("30", "2026-01-12"), event("34", "2026-01-19")});
  EXPECT_EQ(twice.days_waited, 7);
  EXPECT_THAT(twice.doubts, ElementsAre("34 on 2026-01-19 stops a clock, and it is stopped"));
  EXPECT_THAT(clock_at("2026-02-02", {event("30", "2026-01-12"), event("20", "2026-01-19")}).doubts,
              ElementsAre("20 on 2026-01-19 says that the clock runs, and it is stopped"));
  EXPECT_THAT(clock_at("2026-02-02", {event("10", "2026-01-12"), event("10", "2026-01-19")}).doubts,
              ElementsAre("10 on 2026-01-19 starts a clock, and one runs since 2026-01-05"));
}

TEST(Rtt, CodesOutsideItSayNothingOfTheClock) {
  for (const char* code : {"90", "91", "92", "98", "99"}) {
    const RttClock clock = clock_at("2026-02-02", {event(code, "2026-01-12")});
    EXPECT_EQ(clock.state, RttState::running) << code;
    EXPECT_EQ(clock.days_waited, 28);
    EXPECT_THAT(clock.doubts, IsEmpty());
  }
}

TEST(Rtt, EventsCountByTheirDayNotByTheirOrder) {
  const std::vector<RttEvent> events{event("11", "2026-04-01"), event("10", "2026-01-19"),
                                     event("32", "2026-03-02")};
  const RttClock clock = clock_at("2026-04-08", events);
  EXPECT_EQ(clock.state, RttState::running);
  EXPECT_EQ(clock.days_waited, 7);
  EXPECT_THAT(clock.doubts, IsEmpty());
}

TEST(Rtt, WhatHappenedTodayOrOnTheDayOfTheReferralCounts) {
  EXPECT_EQ(clock_at("2026-02-02", {event("30", "2026-02-02")}).state, RttState::stopped);
  const RttClock at_once = clock_at("2026-02-02", {event("34", "2026-01-05")});
  EXPECT_EQ(at_once.state, RttState::stopped);
  EXPECT_EQ(at_once.days_waited, 0);
  EXPECT_THAT(at_once.doubts, IsEmpty());
}

TEST(Rtt, AReferralOfTomorrowHasNotWaited) { EXPECT_EQ(clock_at("2026-01-04", {}).days_waited, 0); }

TEST(CancerDays, CountFromTheReferralAndTheDecision) {
  const CancerDays days = cancer_days(table(), received, day("2026-02-01"));
  EXPECT_EQ(to_text(days.diagnosis_by), "2026-02-02");
  EXPECT_EQ(to_text(days.treat_by), "2026-03-08");
  EXPECT_EQ(to_text(*days.decided_treat_by), "2026-03-04");
  EXPECT_FALSE(cancer_days(table(), received).decided_treat_by);
}

TEST(RttTable, RefusesWhatContradictsItself) {
  const auto refused = [](std::string_view before, std::string_view after) {
    return refusal(read_rtt, "rtt", before, after);
  };
  EXPECT_EQ(refused("code = \"11\"", "code = \"10\""), "t.toml:20: the code 10 is there twice");
  EXPECT_EQ(sentence(refused("class = \"start\"", "class = \"begin\"")),
            "class 'begin' is not start, continue, stop or not-rtt");
  EXPECT_EQ(sentence(refused("class = \"stop\"\nmeaning = \"active",
                             "class = \"start\"\nmeaning = \"active")),
            "only a stop nullifies, or begins active monitoring");
  EXPECT_EQ(sentence(refused("class = \"start\"", "class = \"continue\"")),
            "only a start is the first activity");
  EXPECT_EQ(sentence(refused("referral_to_treatment_days = 126", "referral_to_treatment_days = 0")),
            "referral_to_treatment_days is no whole number from 1 to 3660");
  EXPECT_EQ(sentence(refused("code = \"10\"", "code = 10")), "code is no text");
}

}  // namespace
}  // namespace holdfast::clinical
