#include "base/time.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

std::string shown(std::string_view text) {
  const std::optional<TimeRange> range = parse_date_time(text);
  return range ? to_instant(range->from) + "/" + to_instant(range->until) : "refused";
}

TEST(Instant, IsShownInUtcWithMilliseconds) {
  EXPECT_EQ(to_instant({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_instant({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_instant({951'782'400'000}), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(to_instant({1'000'000'000'123}), "2001-09-09T01:46:40.123Z");
  EXPECT_EQ(to_instant({INT64_MAX}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_instant({INT64_MIN}), "0001-01-01T00:00:00.000Z");
}

TEST(Instant, ReadsBackAsItself) {
  for (std::int64_t ms = -62'135'596'800'000; ms < 253'402'300'800'000; ms += 86'399'876'543) {
    const auto range = parse_date_time(to_instant({ms}));
    ASSERT_TRUE(range);
    ASSERT_EQ(range->from.ms, ms);
    ASSERT_EQ(range->until.ms, ms + 1);
  }
}

TEST(DateTime, AnyPrecisionIsTheIntervalItStandsFor) {
  EXPECT_EQ(shown("2026"), "2026-01-01T00:00:00.000Z/2027-01-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026-11"), "2026-11-01T00:00:00.000Z/2026-12-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026-12"), "2026-12-01T00:00:00.000Z/2027-01-01T00:00:00.000Z");
  EXPECT_EQ(shown("2024-02"), "2024-02-01T00:00:00.000Z/2024-03-01T00:00:00.000Z");
  EXPECT_EQ(shown("2024-02-29"), "2024-02-29T00:00:00.000Z/2024-03-01T00:00:00.000Z");
  EXPECT_EQ(shown("2026-11-23T20:35:01Z"), "2026-11-23T20:35:01.000Z/2026-11-23T20:35:02.000Z");
  EXPECT_EQ(shown("2026-11-23T20:35:01.2Z"), "2026-11-23T20:35:01.200Z/2026-11-23T20:35:01.300Z");
  EXPECT_EQ(shown("2026-11-23T20:35:01.25Z"), "2026-11-23T20:35:01.250Z/2026-11-23T20:35:01.260Z");
  EXPECT_EQ(shown("2026-11-23T20:35:01.999999999999Z"),
            "2026-11-23T20:35:01.999Z/2026-11-23T20:35:02.000Z");
}

TEST(DateTime, ZonesAreTakenOff) {
  EXPECT_EQ(shown("2015-02-07T13:28:17-05:00"),
            "2015-02-07T18:28:17.000Z/2015-02-07T18:28:18.000Z");
  EXPECT_EQ(shown("2026-01-01T00:00:00+14:00"),
            "2025-12-31T10:00:00.000Z/2025-12-31T10:00:01.000Z");
  EXPECT_EQ(shown("2026-01-01T00:00:00-00:30"),
            "2026-01-01T00:30:00.000Z/2026-01-01T00:30:01.000Z");
}

TEST(DateTime, ALeapSecondIsTheNextSecond) {
  EXPECT_EQ(shown("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z/2017-01-01T00:00:01.000Z");
}

TEST(DateTime, WhatFhirDoesNotAllowIsRefused) {
  for (const char* text : {"",
                           "0000",
                           "26",
                           "20266",
                           "2026-",
                           "2026-13",
                           "2026-00",
                           "2026-1",
                           "2026-02-00",
                           "2026-02-30",
                           "2024-02-30",
                           "2023-02-29",
                           "1900-02-29",
                           "2026-04-31",
                           "2026-11-23T",
                           "2026-11-23T20",
                           "2026-11-23T20:35",
                           "2026-11-23T20:35Z",
                           "2026-11-23T20:35:01",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T20:60:00Z",
                           "2026-11-23T20:35:61Z",
                           "2026-11-23T20:35:01.Z",
                           "2026-11-23T20:35:01+14:01",
                           "2026-11-23T20:35:01+15:00",
                           "2026-11-23T20:35:01+0500",
                           "2026-11-23T20:35:01z",
                           "2026-11-23t20:35:01Z",
                           "2026-11-23 20:35:01Z",
                           "2026-11-23T20:35:01Z ",
                           " 2026",
                           "-2026",
                           "+026",
                           "2026/11/23",
                           "20261123",
                           "2026-11-23T20:35:01ZZ",
                           "2026-11-23Z"}) {
    EXPECT_FALSE(parse_date_time(text)) << text;
  }
}

TEST(SearchDate, SecondsAndZoneMayBeMissing) {
  EXPECT_EQ(parse_search_date("2026-11-23T20:35"),
            (TimeRange{{1'795'466'100'000}, {1'795'466'160'000}}));
  EXPECT_EQ(parse_search_date("2026-11-23T20:35Z"), parse_search_date("2026-11-23T20:35"));
  EXPECT_EQ(parse_search_date("2026-11-23T20:35:01"), parse_date_time("2026-11-23T20:35:01Z"));
  EXPECT_EQ(parse_search_date("2026-11-23T20:35:01.5+01:00"),
            parse_date_time("2026-11-23T20:35:01.5+01:00"));
  EXPECT_EQ(parse_search_date("2026-11"), parse_date_time("2026-11"));
  EXPECT_FALSE(parse_search_date("2026-11-23T20"));
  EXPECT_FALSE(parse_search_date("2026-11-23T20:35:"));
  EXPECT_FALSE(parse_search_date("2026-02-30"));
}

// RFC 9110 section 5.6.7.
TEST(HttpDate, MatchesThePublishedExample) {
  const auto time = from_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->ms, 784'111'777'000);
  EXPECT_EQ(to_http_date(*time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date({1'795'466'101'250}), "Mon, 23 Nov 2026 20:35:01 GMT");
}

TEST(HttpDate, RefusesOtherForms) {
  for (const char* text : {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_FALSE(from_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast
