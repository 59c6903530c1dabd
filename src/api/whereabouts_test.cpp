// Patient/[id]/$where-is-my-referral: what a patient reads
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text(ItemServer& server, const std::string& more = "") {
  const Answered answered = server.get("/fhir/Patient/p1/$where-is-my-referral" + more);
  EXPECT_EQ(answered.status, 200) << answered.body;
  return answered.json().at("parameter.0.valueString");
}

TEST(Whereabouts, SaysWhereItIsAndUntilWhen) {
  ItemServer server;
  EXPECT_EQ(text(server), "No referral of yours is followed here.");
  const std::string id = server.refer(
      "r1", R"(,"code":{"text":"Glaucoma"},"note":[{"text":"pressure high"}],"priority":"urgent")");
  server.refer("r2", "", "CareTeam/hearts", "p2");
  EXPECT_EQ(
      text(server),
      "Your referral of 1 January 2026: received, waiting for triage. The Eye clinic team has "
      "it. By the national standard, treatment begins by 7 May 2026. The next step should happen "
      "by "
      "Monday 5 January 2026.");
  const Answered answered = server.get("/fhir/Patient/p1/$where-is-my-referral");
  EXPECT_THAT(answered.body, Not(HasSubstr("Glaucoma")));
  EXPECT_THAT(answered.body, Not(HasSubstr("pressure")));
  EXPECT_THAT(answered.body, Not(HasSubstr("urgent")));
  EXPECT_EQ(values(answered.json(), "item", "valueReference.reference"), "Task/" + id + " ");
  EXPECT_EQ(values(answered.json(), "due", "valueDate"), "2026-01-05 ");
  EXPECT_EQ(values(answered.json(), "treat-by", "valueDate"), "2026-05-07 ");
  EXPECT_EQ(values(answered.json(), "owner", "valueString"), "Eye clinic ");
}

TEST(Whereabouts, SaysThatItIsLateAndWhoKnows) {
  ItemServer server;
  server.refer("r1");
  server.pass(20);
  EXPECT_THAT(
      text(server),
      HasSubstr("The next step should have happened by Thursday 8 January 2026: it is late, "
                "and the oversight team has been told."));
}

TEST(Whereabouts, ShowsWhatIsClosedAndWhatFollowedFromIt) {
  ItemServer server;
  const std::string id = server.refer("r1");
  server.appoint("a1", "r1", "booked", "2026-01-05T10:00:00Z");
  server.appoint("a1", "r1", "fulfilled", "2026-01-05T10:00:00Z");
  const Answered done = server.act(
      id, "close", {text_parameter("act", "follow-up"), text_parameter("reason", "in spring")});
  ASSERT_EQ(done.status, 200) << done.body;
  server.refer("r2");
  const std::string all = text(server);
  EXPECT_THAT(all, HasSubstr("continued by what follows it. It is closed."));
  EXPECT_THAT(all, HasSubstr("Your follow-up of 1 January 2026: planned"));
  EXPECT_THAT(all, HasSubstr("received, waiting for triage"));
  EXPECT_THAT(all, Not(HasSubstr("spring")));
  const std::string one = text(server, "?ServiceRequest=r1");
  EXPECT_THAT(one, HasSubstr("Your follow-up"));
  EXPECT_THAT(one, Not(HasSubstr("waiting for triage")));
  EXPECT_EQ(text(server, "?ServiceRequest=ServiceRequest/r1"), one);
}

TEST(Whereabouts, IsThePatientsOwn) {
  ItemServer server;
  server.refer("r2", "", "CareTeam/hearts", "p2");
  const auto refusal = [&](const std::string& target) {
    return server.get("/fhir/Patient/" + target).refusal();
  };
  EXPECT_EQ(refusal("p1/$where-is-my-referral?ServiceRequest=r2"), "404 not-found");
  EXPECT_EQ(refusal("none/$where-is-my-referral"), "404 not-found");
  EXPECT_EQ(refusal("p1/$where-is-my-referral?Task=r2"), "400 not-supported");
}

TEST(Whereabouts, ReadsTheDayInLondon) {
  ItemServer server;
  server.advance(seconds(std::int64_t{86'400} * 180 + 23 * 3600 + 1800));
  server.refer("r1");  // 30 June, 23:30 UTC
  EXPECT_THAT(text(server), HasSubstr("Your referral of 1 July 2026"));
}

}  // namespace
}  // namespace holdfast::api
