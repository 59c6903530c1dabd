// When somebody is there: notAvailable, availableTime in local time, deputies
#include "pathway/rota.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace holdfast::pathway {
namespace {

Time at(std::string_view text) { return parse_date_time(text)->from; }

Rota rota(std::string_view members) {
  fhir::JsonReader reader;
  const auto json =
      reader.read(Bytes(R"({"resourceType":"PractitionerRole",)") + Bytes(members) + "}");
  EXPECT_TRUE(json.has_value());
  return read_rota(json->root());
}
std::string on(const Rota& one, std::string_view now) {
  const auto from = on_duty_from(one, at(now));
  return from ? to_instant(*from) : "never";
}

TEST(Rota, IsAwayFromTheStartToTheEndOfItsLastDay) {
  const Rota one = rota(R"("notAvailable":[{"description":"x"},{"description":"leave",)"
                        R"("during":{"start":"2026-12-24","end":"2026-12-26"}}])");
  ASSERT_EQ(one.away.size(), 1U) << "without a time it says nothing that counts";
  EXPECT_EQ(away_at(one, at("2026-12-23T23:59:59Z")), nullptr);
  ASSERT_NE(away_at(one, at("2026-12-24T00:00:00Z")), nullptr);
  EXPECT_EQ(away_at(one, at("2026-12-24T00:00:00Z"))->why, "leave");
  EXPECT_NE(away_at(one, at("2026-12-26T23:59:59Z")), nullptr);
  EXPECT_EQ(away_at(one, at("2026-12-27T00:00:00Z")), nullptr);
  const Rota open = rota(R"("notAvailable":[{"description":"x","during":{"start":"2026-12-24"}}])");
  EXPECT_NE(away_at(open, at("2036-12-24T00:00:00Z")), nullptr) << "until somebody says otherwise";
}

TEST(Rota, ADateIsADayOfTheLocalClock) {
  const Rota summer = rota(R"("notAvailable":[{"description":"x",)"
                           R"("during":{"start":"2026-07-01","end":"2026-07-02"}}])");
  EXPECT_EQ(away_at(summer, at("2026-06-30T22:59:59Z")), nullptr);
  EXPECT_NE(away_at(summer, at("2026-06-30T23:00:00Z")), nullptr) << "00:00 of the first";
  EXPECT_NE(away_at(summer, at("2026-07-02T22:59:59Z")), nullptr) << "the end of the last";
  EXPECT_EQ(away_at(summer, at("2026-07-02T23:00:00Z")), nullptr);
  const Rota change = rota(R"("notAvailable":[{"description":"x",)"
                           R"("during":{"start":"2026-10-25","end":"2026-10-25"}}])");
  EXPECT_EQ(away_at(change, at("2026-10-24T22:59:59Z")), nullptr);
  EXPECT_NE(away_at(change, at("2026-10-24T23:00:00Z")), nullptr) << "a day of 25 hours";
  EXPECT_NE(away_at(change, at("2026-10-25T23:59:59Z")), nullptr);
  EXPECT_EQ(away_at(change, at("2026-10-26T00:00:00Z")), nullptr);
  const Rota time = rota(R"("notAvailable":[{"description":"x","during":)"
                         R"({"start":"2026-07-01T00:00:00Z","end":"2026-07-02T00:00:00Z"}}])");
  EXPECT_EQ(away_at(time, at("2026-06-30T23:59:59Z")), nullptr) << "a time says its zone";
  EXPECT_EQ(away_at(time, at("2026-07-02T00:00:01Z")), nullptr);
}

TEST(Rota, IsOnDutyByTheLocalClock) {
  const Rota one = rota(R"("availableTime":[{"daysOfWeek":["mon","fri"],)"
                        R"("availableStartTime":"09:00:00","availableEndTime":"17:00:00"},)"
                        R"({"daysOfWeek":["sun"],"allDay":true}])");
  EXPECT_EQ(on(one, "2026-11-30T10:00:00Z"), "2026-11-30T10:00:00.000Z") << "a Monday";
  EXPECT_EQ(on(one, "2026-11-30T17:00:00Z"), "2026-12-04T09:00:00.000Z") << "the Friday";
  EXPECT_EQ(on(one, "2026-12-04T18:00:00Z"), "2026-12-06T00:00:00.000Z") << "the Sunday";
  EXPECT_EQ(on(one, "2026-06-29T07:30:00Z"), "2026-06-29T08:00:00.000Z") << "summer time";
  EXPECT_EQ(on(rota(R"("active":true)"), "2026-11-30T03:00:00Z"), "2026-11-30T03:00:00.000Z");
  EXPECT_EQ(on(rota(R"("availableTime":[{"daysOfWeek":["holiday"]}])"), "2026-11-30T03:00:00Z"),
            "never");
}

TEST(Rota, AShiftThatPassesMidnightGoesOnIntoTheNextDay) {
  const Rota night = rota(R"("availableTime":[{"daysOfWeek":["mon","fri"],)"
                          R"("availableStartTime":"20:00:00","availableEndTime":"08:00:00"}])");
  EXPECT_EQ(on(night, "2026-11-30T07:00:00Z"), "2026-11-30T20:00:00.000Z") << "Sunday has none";
  EXPECT_EQ(on(night, "2026-11-30T20:00:00Z"), "2026-11-30T20:00:00.000Z") << "Monday";
  EXPECT_EQ(on(night, "2026-12-01T00:00:00Z"), "2026-12-01T00:00:00.000Z") << "Monday's, at night";
  EXPECT_EQ(on(night, "2026-12-01T07:59:59Z"), "2026-12-01T07:59:59.000Z");
  EXPECT_EQ(on(night, "2026-12-01T08:00:00Z"), "2026-12-04T20:00:00.000Z") << "its end is behind";
  EXPECT_EQ(on(night, "2026-12-01T21:00:00Z"), "2026-12-04T20:00:00.000Z") << "none on Tuesday";
  EXPECT_EQ(on(night, "2026-12-05T03:00:00Z"), "2026-12-05T03:00:00.000Z") << "Friday's";
  EXPECT_EQ(on(night, "2026-12-06T03:00:00Z"), "2026-12-07T20:00:00.000Z") << "none on Saturday";

  const Rota late = rota(R"("availableTime":[{"daysOfWeek":["sun"],)"
                         R"("availableStartTime":"20:00:00","availableEndTime":"00:00:00"}])");
  EXPECT_EQ(on(late, "2026-11-29T23:59:59Z"), "2026-11-29T23:59:59.000Z");
  EXPECT_EQ(on(late, "2026-11-30T00:00:00Z"), "2026-12-06T20:00:00.000Z") << "until midnight";
  const Rota round = rota(R"("availableTime":[{"daysOfWeek":["sun"],)"
                          R"("availableStartTime":"08:00:00","availableEndTime":"08:00:00"}])");
  EXPECT_EQ(on(round, "2026-11-30T07:59:59Z"), "2026-11-30T07:59:59.000Z") << "round the clock";
  EXPECT_EQ(on(round, "2026-11-30T08:00:00Z"), "2026-12-06T08:00:00.000Z");
}

TEST(Rota, ANightShiftEndsByTheClockThatHasChanged) {
  const Rota night = rota(R"("availableTime":[{"daysOfWeek":["sat"],)"
                          R"("availableStartTime":"20:00:00","availableEndTime":"08:00:00"}])");
  // In autumn, from 19:00 to 08:00 by UTC, an hour longer; in spring from 20:00 to 07:00.
  EXPECT_EQ(on(night, "2026-10-24T18:59:00Z"), "2026-10-24T19:00:00.000Z");
  EXPECT_EQ(on(night, "2026-10-25T00:30:00Z"), "2026-10-25T00:30:00.000Z");
  EXPECT_EQ(on(night, "2026-10-25T01:30:00Z"), "2026-10-25T01:30:00.000Z");
  EXPECT_EQ(on(night, "2026-10-25T07:59:00Z"), "2026-10-25T07:59:00.000Z");
  EXPECT_EQ(on(night, "2026-10-25T08:00:00Z"), "2026-10-31T20:00:00.000Z");
  EXPECT_EQ(on(night, "2026-03-28T19:59:00Z"), "2026-03-28T20:00:00.000Z");
  EXPECT_EQ(on(night, "2026-03-29T06:59:00Z"), "2026-03-29T06:59:00.000Z");
  EXPECT_EQ(on(night, "2026-03-29T07:00:00Z"), "2026-04-04T19:00:00.000Z");
}

TEST(Rota, AShiftInTheHourOfTheChangeIsThereOnceOrNotAtAll) {
  const Rota from = rota(R"("availableTime":[{"daysOfWeek":["sun"],)"
                         R"("availableStartTime":"01:30:00","availableEndTime":"09:00:00"}])");
  EXPECT_EQ(on(from, "2026-10-25T00:10:00Z"), "2026-10-25T00:30:00.000Z") << "the first 01:30";
  EXPECT_EQ(on(from, "2026-10-25T01:10:00Z"), "2026-10-25T01:10:00.000Z") << "never before now";
  const Rota to = rota(R"("availableTime":[{"daysOfWeek":["sat"],)"
                       R"("availableStartTime":"20:00:00","availableEndTime":"01:30:00"}])");
  EXPECT_EQ(on(to, "2026-10-25T00:29:00Z"), "2026-10-25T00:29:00.000Z");
  EXPECT_EQ(on(to, "2026-10-25T01:10:00Z"), "2026-10-31T20:00:00.000Z") << "it has ended once";
  const Rota gone = rota(R"("availableTime":[{"daysOfWeek":["sun"],)"
                         R"("availableStartTime":"01:15:00","availableEndTime":"02:00:00"}])");
  EXPECT_EQ(on(gone, "2026-03-22T01:20:00Z"), "2026-03-22T01:20:00.000Z");
  EXPECT_EQ(on(gone, "2026-03-22T03:00:00Z"), "2026-04-05T00:15:00.000Z") << "left out in spring";
}

TEST(Rota, NamesADeputyByReferenceOrTeam) {
  EXPECT_EQ(rota(R"("extension":[{"url":"urn:holdfast:deputy","valueReference":)"
                 R"({"reference":"Practitioner/7"}}])")
                .deputy,
            "Practitioner/7");
  EXPECT_EQ(rota(R"("extension":[{"url":"urn:holdfast:deputy","valueReference":)"
                 R"({"identifier":{"system":"urn:holdfast:team","value":"ward"}}}])")
                .deputy,
            "team:ward");
  EXPECT_EQ(
      rota(R"("extension":[{"url":"urn:other","valueReference":{"reference":"Practitioner/7"}}])")
          .deputy,
      "");
}

}  // namespace
}  // namespace holdfast::pathway
