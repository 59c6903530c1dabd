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
