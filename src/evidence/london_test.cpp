#include "evidence/london.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace holdfast::evidence {
namespace {

std::string at(std::string_view utc) { return london(parse_date_time(utc)->from); }

TEST(London, ClocksChangeAtOneOClockUtc) {
  EXPECT_EQ(at("2026-03-29T00:59:59.999Z"), "Sunday 29 March 2026, 00:59:59.999 +00:00");
  EXPECT_EQ(at("2026-03-29T01:00:00Z"), "Sunday 29 March 2026, 02:00:00.000 +01:00");
  EXPECT_EQ(at("2026-10-25T00:59:59.999Z"), "Sunday 25 October 2026, 01:59:59.999 +01:00");
  EXPECT_EQ(at("2026-10-25T01:00:00Z"), "Sunday 25 October 2026, 01:00:00.000 +00:00");
}

TEST(London, MidnightIsThatOfLondon) {
  EXPECT_EQ(at("2026-06-30T23:30:00Z"), "Wednesday 1 July 2026, 00:30:00.000 +01:00");
  EXPECT_EQ(at("2025-12-31T23:30:00Z"), "Wednesday 31 December 2025, 23:30:00.000 +00:00");
}

TEST(London, ATimeThatNobodyCanMeanIsTheNearestThatCanBeShown) {
  EXPECT_EQ(london(Time{INT64_MAX}), "Friday 31 December 9999, 23:59:59.999 +00:00");
  EXPECT_EQ(london(Time{INT64_MIN}), "Monday 1 January 0001, 00:00:00.000 +00:00");
}

}  // namespace
}  // namespace holdfast::evidence
