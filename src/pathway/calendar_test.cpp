#include "pathway/calendar.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

std::string after(std::string_view from, std::string_view span) {
  return to_instant(shipped()->calendar().after(parse_date_time(from)->from, *parse_span(span)));
}

TEST(Calendar, HoursAreHoursWhateverTheClockSays) {
  EXPECT_EQ(after("2026-03-28T23:00:00Z", "4 hours"), "2026-03-29T03:00:00.000Z");
  EXPECT_EQ(after("2026-12-24T23:30:00Z", "90 minutes"), "2026-12-25T01:00:00.000Z");
}

TEST(Calendar, DaysKeepTheTimeOfDayOverAChangeOfTheClocks) {
  EXPECT_EQ(after("2026-03-28T12:00:00Z", "1 day"), "2026-03-29T11:00:00.000Z");
  EXPECT_EQ(after("2026-10-24T12:00:00Z", "1 day"), "2026-10-25T13:00:00.000Z");
  EXPECT_EQ(after("2026-01-05T09:00:00Z", "18 weeks"), "2026-05-11T08:00:00.000Z");
}

// 2026-10-25, 01:00 to 02:00 comes twice: from 00:00 UTC by summer time, from 01:00 UTC by winter
// time.
TEST(Calendar, NothingIsAnHourShortInTheHourThatComesTwice) {
  EXPECT_EQ(after("2026-10-25T00:30:00Z", "1 hour"), "2026-10-25T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-24T23:30:00Z", "2 hours"), "2026-10-25T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-25T01:30:00Z", "24 hours"), "2026-10-26T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-24T00:30:00Z", "1 day"), "2026-10-25T00:30:00.000Z") << "summer time";
  EXPECT_EQ(after("2026-10-24T01:30:00Z", "1 day"), "2026-10-25T02:30:00.000Z");
  EXPECT_EQ(after("2026-03-01T01:30:00Z", "34 weeks"), "2026-10-25T01:30:00.000Z") << "winter time";
  EXPECT_EQ(after("2026-03-01T01:00:00Z", "34 weeks"), "2026-10-25T01:00:00.000Z");
  EXPECT_EQ(after("2026-03-01T00:59:59Z", "34 weeks"), "2026-10-24T23:59:59.000Z");
  EXPECT_EQ(after("2025-10-26T00:30:00Z", "52 weeks"), "2026-10-25T00:30:00.000Z")
      << "from the first to the first";
  EXPECT_EQ(after("2025-10-26T01:30:00Z", "52 weeks"), "2026-10-25T01:30:00.000Z")
      << "from the second to the second";
  EXPECT_EQ(after("2026-10-25T00:30:00Z", "1 day"), "2026-10-26T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-25T01:30:00Z", "1 day"), "2026-10-26T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-25T01:30:00Z", "0 days"), "2026-10-25T01:30:00.000Z");
}

TEST(Calendar, WhatIsLeftOutInSpringIsAnHourLater) {
  EXPECT_EQ(after("2026-03-29T00:30:00Z", "1 hour"), "2026-03-29T01:30:00.000Z");
  EXPECT_EQ(after("2026-03-28T01:30:00Z", "1 day"), "2026-03-29T01:30:00.000Z") << "02:30 by it";
  EXPECT_EQ(after("2025-10-05T00:30:00Z", "25 weeks"), "2026-03-29T01:30:00.000Z");
  EXPECT_EQ(after("2026-03-29T01:30:00Z", "1 day"), "2026-03-30T01:30:00.000Z");
}

TEST(Calendar, WorkingDaysGoOverTheChangeOfTheClocks) {
  // It is a Sunday: what begins in either hour begins on Monday.
  EXPECT_EQ(after("2026-10-25T00:30:00Z", "1 working day"), "2026-10-27T00:00:00.000Z");
  EXPECT_EQ(after("2026-10-25T01:30:00Z", "1 working day"), "2026-10-27T00:00:00.000Z");
  EXPECT_EQ(after("2026-10-23T00:30:00Z", "1 working day"), "2026-10-26T01:30:00.000Z");
  EXPECT_EQ(after("2026-10-25T01:30:00Z", "0 working days"), "2026-10-25T01:30:00.000Z");
  EXPECT_EQ(after("2026-03-29T00:30:00Z", "1 working day"), "2026-03-30T23:00:00.000Z");
  EXPECT_EQ(after("2026-03-29T01:30:00Z", "1 working day"), "2026-03-30T23:00:00.000Z");
  EXPECT_EQ(after("2026-03-27T01:30:00Z", "1 working day"), "2026-03-30T00:30:00.000Z");
}

TEST(Calendar, WorkingDaysLeaveOutWeekendsAndHolidays) {
  EXPECT_EQ(after("2026-12-04T15:00:00Z", "1 working day"), "2026-12-07T15:00:00.000Z");
  EXPECT_EQ(after("2026-12-05T15:00:00Z", "1 working day"), "2026-12-08T00:00:00.000Z");
  // Thursday, then Christmas Day, a weekend, and the day in lieu of Boxing Day.
  EXPECT_EQ(after("2026-12-24T10:00:00Z", "1 working day"), "2026-12-29T10:00:00.000Z");
  EXPECT_EQ(after("2026-12-26T10:00:00Z", "1 working day"), "2026-12-30T00:00:00.000Z");
  EXPECT_EQ(after("2026-04-02T10:00:00+01:00", "2 working days"), "2026-04-08T09:00:00.000Z");
}

TEST(Calendar, NothingIsNoTime) {
  EXPECT_EQ(after("2026-12-05T15:00:00Z", "0 working days"), "2026-12-05T15:00:00.000Z");
}

TEST(Span, RefusesWhatIsNone) {
  for (const char* text :
       {"", "4", "four hours", "4hours", "-1 hours", "4 fortnights", "5001 days", "1.5 hours"}) {
    EXPECT_FALSE(parse_span(text).has_value()) << text;
  }
  for (const char* text :
       {"1 hour", "4 hours", "7 days", "1 working day", "2 working days", "18 weeks"}) {
    EXPECT_EQ(to_text(*parse_span(text)), text);
  }
}

}  // namespace
}  // namespace holdfast::pathway
