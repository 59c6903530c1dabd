// Task/[id]/$advance, $assign, $close, $reopen: shorthand for an update of the Task
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

std::string coded_reason(std::string_view code) {
  return fmt::format(R"("name":"reason","valueCoding":{{"system":"urn:rtt","code":"{}"}})", code);
}
std::string output(std::string_view type, std::string_view value) {
  return fmt::format(
      R"("name":"output","part":[{{"name":"type","valueString":"{}"}},{{"name":"value",{}}}])",
      type, value);
}

TEST(Advance, GoesByAnActOrToAStateInOneVersion) {
  ItemServer server;
  const std::string id = server.refer("r1");
  const Position before = server.head();
  const Answered done = server.act(id, "advance", {text_parameter("act", "accept")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.head().value, before.value + 1);
  EXPECT_EQ(done.header("ETag"), "W/\"2\"");
  EXPECT_EQ(done.json().at("businessStatus.coding.0.code"), "awaiting-booking");
  EXPECT_EQ(done.json().at("status"), "accepted");
  EXPECT_EQ(done.json().at("focus.reference"), "ServiceRequest/r1");
  const Answered sent = server.act(
      id, "advance",
      {text_parameter("to", "booked"), output("appointment", R"("valueString":"desk, 12 May")")});
  ASSERT_EQ(sent.status, 200) << sent.body;
  EXPECT_EQ(sent.json().at("output.0.type.text"), "appointment");
  EXPECT_EQ(sent.json().at("output.0.valueString"), "desk, 12 May");
  EXPECT_EQ(server.item(id).state, "booked");
  // By the address alone, too.
  EXPECT_EQ(server.post("/fhir/Task/" + id + "/$advance?act=attended", "").status, 200);
  EXPECT_EQ(server.item(id).state, "attended");
}

TEST(Advance, RefusesWhatIsNotLegalAndNamesWhatIs) {
  ItemServer server;
  const std::string id = server.refer("r1");
  const Position before = server.head();
  const Answered act = server.act(id, "advance", {text_parameter("act", "fly")});
  EXPECT_EQ(act.refusal(), "422 invariant");
  EXPECT_THAT(act.body, HasSubstr("no act 'fly'"));
  EXPECT_THAT(act.body, HasSubstr("'awaiting-booking' (accept it)"));
  EXPECT_THAT(act.body, HasSubstr("redirect, end"));
  const Answered to = server.act(id, "advance", {text_parameter("to", "attended")});
  EXPECT_EQ(to.refusal(), "422 invariant");
  EXPECT_THAT(to.body, HasSubstr("cannot go to 'attended'"));
  EXPECT_EQ(server.act(id, "advance", {}).refusal(), "422 required");
  EXPECT_EQ(server.post("/fhir/Task/" + id + "/$advance", "").refusal(), "400 required");
  EXPECT_EQ(server
                .act(id, "advance",
                     {text_parameter("to", "awaiting-booking"), text_parameter("act", "accept")})
                .refusal(),
            "422 value");
  // What the act needs is decide's to say.
  const Answered redirect = server.act(id, "advance", {text_parameter("act", "redirect")});
  EXPECT_EQ(redirect.refusal(), "422 invariant");
  EXPECT_THAT(redirect.body, HasSubstr("needs a statusReason"));
  EXPECT_EQ(server
                .act(id, "advance",
                     {text_parameter("act", "redirect"), R"("name":"reason","valueBoolean":true)"})
                .refusal(),
            "422 value");
  EXPECT_EQ(server
                .act(id, "advance",
                     {text_parameter("act", "advise"),
                      R"("name":"output","part":[{"name":"type","valueString":"advice"}])"})
                .refusal(),
            "422 required");
  EXPECT_EQ(server.head(), before);
}

TEST(Advance, IsOfItemsAndOfTheVersionThatIsNamed) {
  ItemServer server;
  server.write("Task/plain", R"("status":"requested","intent":"order")");
  EXPECT_EQ(server.act("plain", "advance", {text_parameter("act", "accept")}).refusal(),
            "422 not-supported");
  EXPECT_EQ(server.act("none", "advance", {text_parameter("act", "accept")}).refusal(),
            "404 not-found");
  EXPECT_EQ(server.post("/fhir/Patient/p1/$advance", input({text_parameter("act", "x")})).refusal(),
            "404 not-found");
  const std::string id = server.refer("r1");
  const auto accept = [&](const std::vector<Field>& headers) {
    return server.act(id, "advance", {text_parameter("act", "accept")}, headers);
  };
  EXPECT_EQ(accept({{"If-Match", "W/\"7\""}}).refusal(), "412 conflict");
  EXPECT_EQ(accept({{"If-None-Match", "*"}}).refusal(), "400 not-supported");
  const std::vector<Field> head{{"If-Match", "W/\"1\""}, {"Idempotency-Key", "k"}};
  const Answered first = accept(head);
  EXPECT_EQ(first.status, 200) << first.body;
  const Position after = server.head();
  const Answered again = accept(head);
  EXPECT_EQ(again.body, first.body) << "the same request is the same deed";
  EXPECT_EQ(server.head(), after);
}

TEST(Assign, GivesItToATeamThatIsThere) {
  ItemServer server;
  const std::string id = server.refer("r1");
  const Answered done =
      server.act(id, "assign",
                 {reference_parameter("owner", "CareTeam/hearts"), text_parameter("reason", "so")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.item(id).owner, "CareTeam/hearts");
  EXPECT_EQ(done.json().at("statusReason.text"), "so");
  ASSERT_EQ(server.act(id, "assign", {text_parameter("owner", "pathology")}).status, 200);
  EXPECT_EQ(server.item(id).owner, "team:pathology");
  ASSERT_EQ(server.act(id, "assign", {text_parameter("owner", "CareTeam/eyes")}).status, 200);
  EXPECT_EQ(server.item(id).owner, "CareTeam/eyes");
  EXPECT_EQ(server.item(id).state, "received") << "and stays where it is";
  EXPECT_EQ(server.act(id, "assign", {reference_parameter("owner", "CareTeam/none")}).refusal(),
            "422 invariant");
  EXPECT_EQ(server.act(id, "assign", {text_parameter("reason", "x")}).refusal(), "422 required");
  EXPECT_EQ(server.item(id).owner, "CareTeam/eyes");
}

TEST(Close, NeedsItsReasonAndItsEvidence) {
  ItemServer server;
  const std::string id = server.refer("r1");
  server.appoint("a1", "r1", "fulfilled", "2026-01-05T10:00:00Z");
  ASSERT_EQ(server.act(id, "advance", {text_parameter("act", "accept")}).status, 200);
  server.appoint("a1", "r1", "arrived", "2026-01-05T10:00:00Z");
  ASSERT_EQ(server.item(id).state, "attended");
  const auto close = [&](const std::vector<std::string>& members) {
    return server.act(id, "close", members);
  };
  const std::string discharge = text_parameter("act", "discharge");
  const std::string why = text_parameter("reason", "seen, nothing to do");
  const Answered several = close({why});
  EXPECT_EQ(several.refusal(), "422 invariant");
  EXPECT_THAT(several.body, HasSubstr("several ways to close"));
  const Answered open = close({text_parameter("act", "book-again"), why});
  EXPECT_EQ(open.refusal(), "422 invariant");
  EXPECT_THAT(open.body, HasSubstr("is open: that is for $advance"));
  EXPECT_THAT(close({discharge, why}).body, HasSubstr("'evidence'"));
  EXPECT_THAT(close({discharge, why, reference_parameter("evidence", "Appointment/none")}).body,
              HasSubstr("is not there"));
  EXPECT_EQ(close({discharge, why, text_parameter("evidence", "a letter")}).refusal(), "422 value");
  EXPECT_TRUE(server.item(id).is_open());
  const Answered done = close({discharge, why, reference_parameter("evidence", "Appointment/a1")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("status"), "completed");
  EXPECT_EQ(done.json().at("output.0.valueReference.reference"), "Appointment/a1");
  EXPECT_FALSE(server.item(id).is_open());
  EXPECT_THAT(close({why}).body, HasSubstr("closed already"));
}

TEST(Close, TakesACodeWhereTheActAsksForOne) {
  ItemServer server;
  const std::string id = server.refer("r1");
  EXPECT_THAT(server.act(id, "close", {text_parameter("act", "end"), coded_reason("12")}).body,
              HasSubstr("one of 33, 34, 35, 36"));
  const Answered done =
      server.act(id, "close", {text_parameter("to", "not-to-treat"), coded_reason("35")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("statusReason.coding.0.code"), "35");
}

TEST(Reopen, OpensAgainAndWhatClosedItBeforeClosesItNoMore) {
  ItemServer server;
  const std::string id = server.refer("r1");
  server.write("Communication/c1", R"("status":"completed")");
  const std::vector<std::string> withdraw{text_parameter("act", "withdraw"),
                                          text_parameter("reason", "asked for"),
                                          reference_parameter("evidence", "Communication/c1")};
  EXPECT_THAT(server.act(id, "reopen", {text_parameter("reason", "x")}).body, HasSubstr("is open"));
  ASSERT_EQ(server.act(id, "close", withdraw).status, 200);
  EXPECT_THAT(server.act(id, "reopen", {}).body, HasSubstr("needs a statusReason"))
      << "the reason that closed it opens nothing";
  const Answered again = server.act(id, "reopen", {text_parameter("reason", "the practice rang")});
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.json().at("statusReason.text"), "the practice rang");
  EXPECT_EQ(server.item(id).state, "received");
  EXPECT_EQ(server.item(id).reopened, 1U);
  EXPECT_THAT(server.act(id, "close", {withdraw[0], withdraw[1]}).body, HasSubstr("'evidence'"))
      << "the evidence of the first close is none of the second";
  EXPECT_EQ(server.act(id, "close", withdraw).status, 200);
}

// What is given with an operation is given, though the same words stand there already.
TEST(Reopen, TakesTheSameWordsForAnotherAct) {
  ItemServer server;
  const std::string id = server.refer("r1");
  server.write("Communication/c1", R"("status":"completed")");
  const std::vector<std::string> withdraw{text_parameter("act", "withdraw"),
                                          text_parameter("reason", "asked for"),
                                          reference_parameter("evidence", "Communication/c1")};
  ASSERT_EQ(server.act(id, "close", withdraw).status, 200);
  ASSERT_EQ(server.act(id, "reopen", {text_parameter("reason", "asked for")}).status, 200);
  const Answered again = server.act(id, "close", withdraw);
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_THAT(again.body, testing::Not(HasSubstr("given")));
}

}  // namespace
}  // namespace holdfast::api
