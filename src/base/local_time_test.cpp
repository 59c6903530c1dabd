// What the wall clock says, there and back, over both changes
#include "base/local_time.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast {
namespace {

Time at(std::string_view text) { return parse_date_time(text)->from; }
std::string range(std::string_view text) {
  const auto one = parse_local_date_time(text);
  return one ? to_instant(one->from) + " " + to_instant(one->until) : "none";
}

TEST(LocalTime, ThereAndBack) {
  for (std::int64_t ms = at("2026-01-01").ms; ms < at("2027-01-01").ms; ms += 1'740'000) {
    const Time back = from_local(to_local(Time{ms}));
    const bool is_second = Time{ms} >= at("2026-10-25T01:00:00Z") &&  //
                           Time{ms} < at("2026-10-25T02:00:00Z");
    // The hour that comes twice is read as the first.
    EXPECT_EQ(back.ms, is_second ? ms - 3'600'000 : ms) << to_instant(Time{ms});
  }
}

TEST(LocalTime, TheHourThatIsLeftOutIsAnHourLater) {
  const LocalDay day = to_local(at("2026-03-29T12:00:00Z")).day;
  EXPECT_EQ(to_instant(from_local({day, 3'599'000})), "2026-03-29T00:59:59.000Z");
  EXPECT_EQ(to_instant(from_local({day, 5'400'000})), "2026-03-29T01:30:00.000Z");
  EXPECT_EQ(to_instant(from_local({day, 9'000'000})), "2026-03-29T01:30:00.000Z") << "02:30";
  EXPECT_FALSE(is_summer(at("2026-03-29T00:59:59Z")));
  EXPECT_TRUE(is_summer(at("2026-03-29T01:00:00Z")));
  EXPECT_TRUE(is_summer(at("2026-10-25T00:59:59Z")));
  EXPECT_FALSE(is_summer(at("2026-10-25T01:00:00Z")));
}

TEST(LocalTime, ADateIsALocalDay) {
  EXPECT_EQ(range("2026-12-24"), "2026-12-24T00:00:00.000Z 2026-12-25T00:00:00.000Z");
  EXPECT_EQ(range("2026-07-01"), "2026-06-30T23:00:00.000Z 2026-07-01T23:00:00.000Z");
  EXPECT_EQ(range("2026-03-29"), "2026-03-29T00:00:00.000Z 2026-03-29T23:00:00.000Z") << "23 hours";
  EXPECT_EQ(range("2026-10-25"), "2026-10-24T23:00:00.000Z 2026-10-26T00:00:00.000Z") << "25 hours";
  EXPECT_EQ(range("2026-10"), "2026-09-30T23:00:00.000Z 2026-11-01T00:00:00.000Z");
  EXPECT_EQ(range("2026"), "2026-01-01T00:00:00.000Z 2027-01-01T00:00:00.000Z");
  EXPECT_EQ(range("1969-07-01"), "1969-06-30T23:00:00.000Z 1969-07-01T23:00:00.000Z")
      << "by the rule of today";
  EXPECT_EQ(range("2026-07-01T00:00:00Z"), "2026-07-01T00:00:00.000Z 2026-07-01T00:00:01.000Z")
      << "a zone is a zone";
  EXPECT_EQ(range("2026-02-30"), "none");
}

}  // namespace
}  // namespace holdfast
