// hl7v2/time_test.cpp: no precision is lost, and none invented.
#include "hl7v2/time.h"

#include <gtest/gtest.h>

namespace holdfast::hl7v2 {
namespace {

std::string read(std::string_view dtm, std::string_view zone = "Z") {
  const auto made = to_fhir_date_time(dtm, *Zone::named(zone));
  return made ? made->text : "refused";
}

TEST(Time, KeepsItsPrecision) {
  EXPECT_EQ(read("2024"), "2024");
  EXPECT_EQ(read("202403"), "2024-03");
  EXPECT_EQ(read("20240301"), "2024-03-01");
  EXPECT_EQ(read("202403011015"), "2024-03-01T10:15:00Z");
  EXPECT_EQ(read("20240301101530"), "2024-03-01T10:15:30Z");
  EXPECT_EQ(read("20240301101530.1234"), "2024-03-01T10:15:30.1234Z");
  EXPECT_EQ(read("20240301101530+0100"), "2024-03-01T10:15:30+01:00");
  EXPECT_EQ(read("20240301101530.5-0530"), "2024-03-01T10:15:30.5-05:30");
  EXPECT_EQ(read("20240301101530+0000"), "2024-03-01T10:15:30Z");
  EXPECT_EQ(read(" 20240301 "), "2024-03-01");
  EXPECT_EQ(read("2024-03-01T10:15:30Z"), "2024-03-01T10:15:30Z");
  EXPECT_EQ(read("2024-03-01 10:15"), "2024-03-01T10:15:00Z");
  EXPECT_TRUE(to_fhir_date_time("2024030110", {})->widened);
  EXPECT_EQ(to_fhir_date_time("2024030110", {})->text, "2024-03-01T10:00:00Z");
  EXPECT_TRUE(to_fhir_date_time("202403011015", {})->assumed_zone);
  EXPECT_FALSE(to_fhir_date_time("20240301101530+0100", {})->assumed_zone);
}

TEST(Time, RefusesWhatIsNone) {
  for (const std::string_view dtm :
       {"", "20240230", "20230229", "20241301", "2024030125", "202403011060", "20240301101561",
        "now", "202", "20240", "2024030", "20240301101530.", "2024030110.5", "20240301+1",
        "20240301101530+9900", "00000101", "202403011015301", "20240301101530+01:00x",
        "2024\xc2\xa0"}) {
    EXPECT_EQ(read(dtm), "refused") << dtm;
  }
  EXPECT_EQ(read("20240229"), "2024-02-29");
}

TEST(Time, LondonIsAnHourAheadInSummer) {
  const std::string_view london = "Europe/London";
  EXPECT_EQ(read("202401151200", london), "2024-01-15T12:00:00Z");
  EXPECT_EQ(read("202407151200", london), "2024-07-15T12:00:00+01:00");
  EXPECT_EQ(read("202403310059", london), "2024-03-31T00:59:00Z");
  EXPECT_EQ(read("202403310200", london), "2024-03-31T02:00:00+01:00");
  EXPECT_EQ(read("202410270159", london), "2024-10-27T01:59:00+01:00");
  EXPECT_EQ(read("202410270200", london), "2024-10-27T02:00:00Z");
  EXPECT_EQ(read("202407151200", "-05:00"), "2024-07-15T12:00:00-05:00");
  EXPECT_EQ(read("20240715", london), "2024-07-15");
  EXPECT_FALSE(Zone::named("Mars/Olympus"));
  EXPECT_FALSE(Zone::named("+1:00"));
}

TEST(Time, DatesAndTimesOfDay) {
  EXPECT_EQ(*to_fhir_date("19800102153000"), "1980-01-02");
  EXPECT_EQ(*to_fhir_date("1980"), "1980");
  EXPECT_FALSE(to_fhir_date("19800231"));
  EXPECT_EQ(*to_fhir_time("1530"), "15:30:00");
  EXPECT_EQ(*to_fhir_time("153005.25+0100"), "15:30:05.25");
  EXPECT_EQ(*to_fhir_time("15"), "15:00:00");
  for (const std::string_view tm : {"", "2460", "1", "123", "12:30", "153005.", "15300.5"}) {
    EXPECT_FALSE(to_fhir_time(tm)) << tm;
  }
}

TEST(Time, BackToHl7) {
  EXPECT_EQ(*from_fhir_date_time("2024-03-01T10:15:30.123Z"), "20240301101530.123+0000");
  EXPECT_EQ(*from_fhir_date_time("2024-03-01T10:15:30-05:30"), "20240301101530-0530");
  EXPECT_EQ(*from_fhir_date_time("2024-03-01"), "20240301");
  EXPECT_EQ(*from_fhir_date_time("2024"), "2024");
  EXPECT_FALSE(from_fhir_date_time("2024-02-30"));
  for (const std::string_view text :
       {"2024", "2024-03", "2024-03-01", "2024-03-01T10:15:30Z", "2024-03-01T10:15:30.5+01:00"}) {
    EXPECT_EQ(read(*from_fhir_date_time(text)), text);
  }
}

}  // namespace
}  // namespace holdfast::hl7v2
