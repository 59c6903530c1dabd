// Endpoint/[id]/$queue, $sent, $pause, $resume, $fence, $test: a channel as a person runs it
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/channels_for_test.h"
#include "hl7v2/message.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* gp = "/fhir/Endpoint/channel-gp";
std::string at(std::string_view operation) { return fmt::format("{}/{}", gp, operation); }

TEST(Queue, ShowsWhatIsOwedOldestFirstAndGoesOn) {
  ChannelServer server;
  std::vector<DutyName> duties;
  for (int i = 0; i < 5; ++i) {
    duties.push_back(server.owe_patient(fmt::format("p{}", i), "A"));
  }
  server.refuse(duties[1], "t");
  server.deliver(duties[0]);
  const Answered first = server.get(at("$queue?_count=2"));
  ASSERT_EQ(first.status, 200) << first.body;
  const Document json = first.json();
  EXPECT_EQ(values(json, "owed", "valueUnsignedInt"), "4 ");
  EXPECT_EQ(values(json, "held", "valueUnsignedInt"), "1 ");
  EXPECT_EQ(values(json, "delivered", "valueUnsignedInt"), "1 ");
  EXPECT_EQ(values(json, "dead", "valueUnsignedInt"), "0 ");
  EXPECT_EQ(values(json, "status", "valueCode"), "active ");
  EXPECT_THAT(values(json, "oldest", "valueInstant"), StartsWith("2026-01-01T00:00:00"));
  EXPECT_EQ(values(json, "name", "valueString"),
            text_of(duties[1]) + " " + text_of(duties[2]) + " ");
  EXPECT_EQ(values(json, "held", "valueBoolean"), "true false ");
  EXPECT_EQ(values(json, "resource", "valueReference.reference"),
            "Patient/p1/_history/1 Patient/p2/_history/1 ");
  EXPECT_EQ(values(json, "lane", "valueString"), "p1 p2 ");
  const std::string next = text_of(duties[2]);
  EXPECT_EQ(values(json, "next", "valueString"), next + " ");
  const Document rest = server.get(at("$queue?after=" + next)).json();
  EXPECT_EQ(values(rest, "name", "valueString"),
            text_of(duties[3]) + " " + text_of(duties[4]) + " ");
  EXPECT_EQ(values(rest, "next", "valueString"), "");
}

TEST(Queue, IsOfChannelsOnlyAndTakesWhatItKnows) {
  ChannelServer server;
  EXPECT_EQ(server.get("/fhir/Endpoint/other/$queue").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Endpoint/channel-none/$queue").refusal(), "404 not-found");
  EXPECT_EQ(server.get(at("$queue?_count=201")).refusal(), "400 value");
  EXPECT_EQ(server.get(at("$queue?_count=0")).refusal(), "400 value");
  EXPECT_EQ(server.get(at("$queue?after=x")).refusal(), "400 value");
  EXPECT_EQ(server.get(at("$queue?size=3")).refusal(), "400 not-supported");
  EXPECT_EQ(server.post(at("$queue"), "").status, 405);
  // What was owed once is shown although nobody has such an Endpoint now.
  server.owe("Patient", "p", R"("active":true)", "", "gone");
  EXPECT_EQ(
      values(server.get("/fhir/Endpoint/channel-gone/$queue").json(), "owed", "valueUnsignedInt"),
      "1 ");
  EXPECT_EQ(server.post("/fhir/Endpoint/channel-gone/$pause", reason("x")).refusal(),
            "404 not-found");
}

TEST(Sent, ShowsHowDutiesEndedNewestFirst) {
  ChannelServer server;
  const DutyName first = server.owe_patient("a", "A");
  const DutyName second = server.owe_patient("b", "B");
  const DutyName third = server.owe_patient("c", "C");
  server.deliver(first);
  server.settle(second, Settled::needless, {}, "no message says so");
  server.refuse(third, "t", Settled::dead);
  const Document all = server.get(at("$sent")).json();
  EXPECT_EQ(values(all, "became", "valueCode"), "dead needless delivered ");
  EXPECT_EQ(values(all, "acknowledgement", "valueString"), "AE AA ");
  EXPECT_THAT(values(all, "text", "valueString"), HasSubstr("no such patient"));
  EXPECT_THAT(values(all, "text", "valueString"), HasSubstr("Required field missing"));
  EXPECT_THAT(values(all, "text", "valueString"), HasSubstr("no message says so"));
  EXPECT_EQ(values(all, "position", "valueUnsignedInt"),
            fmt::format("{} {} {} ", server.head().value, server.head().value - 1,
                        server.head().value - 2));
  const Document one = server.get(at("$sent?_count=1")).json();
  EXPECT_EQ(values(one, "next", "valueString"), text_of(third) + " ");
  const Document rest = server.get(at("$sent?before=" + text_of(third))).json();
  EXPECT_EQ(values(rest, "became", "valueCode"), "needless delivered ");
}

TEST(Sent, GivesAMessageAndItsAnswerAsTheyWentOverTheWire) {
  ChannelServer server;
  const DutyName rendered = server.owe_patient("a", "A");
  server.deliver(rendered);
  const Document one = server.get(at("$sent?duty=" + text_of(rendered))).json();
  EXPECT_EQ(values(one, "state", "valueCode"), "delivered ");
  EXPECT_EQ(values(one, "message", "valueBase64Binary"),
            to_base64("MSH|^~\\&|H||||||ADT^A31|7|T|2.4\rPID|1\r") + " ");
  EXPECT_EQ(values(one, "message-readable", "valueString"),
            "MSH|^~\\&|H||||||ADT^A31|7|T|2.4\nPID|1\n ");
  EXPECT_EQ(values(one, "answer-readable", "valueString"), "MSH|^~\\&|GP\nMSA|AA|7|fine\n ");

  const Bytes came = "MSH|^~\\&|LAB||||||ORU^R01|9|T|2.4\rOBX|1\r";
  const DutyName passed_on = server.owe_message("m", came, "PID-3 1|X");
  Command command;
  command.settlements.push_back(
      {"gp", passed_on, Settled::delivered, false, sha256(came), {}, "MSH|^~\\&|GP\rMSA|AA|9\r"});
  server.commit(std::move(command));
  const Document other = server.get(at("$sent?duty=" + text_of(passed_on))).json();
  EXPECT_EQ(values(other, "message", "valueBase64Binary"), to_base64(came) + " ");
  EXPECT_EQ(server.get(at("$sent?duty=9999.0")).refusal(), "404 not-found");
}

TEST(Sent, OfAHeldMessageTellsWhatWasTried) {
  ChannelServer server;
  const DutyName duty = server.owe_patient("a", "A");
  const std::string task = server.refuse(duty, "t");
  const std::string path = at("$sent?duty=" + text_of(duty));
  const Document held = server.get(path).json();
  EXPECT_EQ(values(held, "state", "valueCode"), "held ");
  EXPECT_EQ(values(held, "became", "valueCode"), "held ");
  EXPECT_THAT(values(held, "message-readable", "valueString"), HasSubstr("PID|1||bad"));
  ASSERT_EQ(server.post(task + "/$skip", reason("not theirs")).status, 200);
  const Document dead = server.get(path).json();
  EXPECT_EQ(values(dead, "state", "valueCode"), "dead ");
  EXPECT_EQ(values(dead, "became", "valueCode"), "held dead ");
  EXPECT_THAT(values(dead, "text", "valueString"), HasSubstr("not theirs"));
}

TEST(ChannelStatus, IsChangedByAPersonWithAReason) {
  ChannelServer server;
  const Answered paused = server.post(at("$pause"), reason("they move house"));
  ASSERT_EQ(paused.status, 200) << paused.body;
  EXPECT_EQ(paused.json().at("status"), "suspended");
  EXPECT_EQ(paused.json().at("extension.2.valueString"), "they move house");
  EXPECT_EQ(paused.json().at("extension.0.url"), "urn:holdfast:channel-state") << "others stay";
  EXPECT_EQ(paused.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.last().first.principal.name, "anonymous");
  EXPECT_EQ(server.last().first.operations.size(), 1U);
  EXPECT_EQ(values(server.get(at("$queue")).json(), "reason", "valueString"), "they move house ");
  // Again: nothing is written.
  const Position head = server.head();
  const Answered again = server.post(at("$pause"), reason("another"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json().at("extension.2.valueString"), "they move house");
  EXPECT_EQ(again.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.head(), head);
  EXPECT_EQ(server.post(at("$fence"), reason("they send rubbish")).json().at("status"), "off");
  const Document active = server.post(at("$resume"), "").json();
  EXPECT_EQ(active.at("status"), "active");
  EXPECT_EQ(active.size("extension"), 2U) << "the reason was for the pause";
  const Position resumed = server.head();
  EXPECT_EQ(server.post(at("$resume"), "").status, 200);
  EXPECT_EQ(server.head(), resumed);
  EXPECT_EQ(server.send(Method::post, at("$pause?reason=by%20address")).status, 200);
}

TEST(ChannelStatus, NumbersBeginAnewWhereSomebodySaysSoAndWhy) {
  ChannelServer server;
  server.put_endpoint("gp", "hl7v2-mllp", "error");
  EXPECT_EQ(server.post(at("$resume?numbers=anew"), "").status, 400) << "without a reason";
  EXPECT_EQ(server.post(at("$resume?numbers=7&reason=so"), "").status, 400);
  EXPECT_EQ(server.post(at("$pause?numbers=anew&reason=so"), "").status, 400);
  const Position before = server.head();
  const Answered asked = server.post(at("$resume?numbers=anew&reason=they+restored"), "");
  ASSERT_EQ(asked.status, 200) << asked.body;
  EXPECT_NE(server.head(), before) << "though the channel was active";
  EXPECT_EQ(asked.json().at("status"), "active");
  EXPECT_EQ(asked.json().at("extension.2.url"), "urn:holdfast:channel-numbers-anew");
  EXPECT_EQ(asked.json().at("extension.2.valueString"), "they restored");
  EXPECT_EQ(asked.json().size("extension"), 3U);
}

TEST(ChannelStatus, WhoDoesNotAnswerIsActiveAllTheSame) {
  ChannelServer server;
  server.put_endpoint("gp", "hl7v2-mllp", "error");
  const Position head = server.head();
  EXPECT_EQ(server.post(at("$resume"), "").json().at("status"), "error");
  EXPECT_EQ(server.head(), head);
  EXPECT_EQ(server.post(at("$pause"), reason("x")).json().at("status"), "suspended");
}

TEST(ChannelStatus, RefusesWhatItCannotMean) {
  ChannelServer server;
  EXPECT_EQ(server.post(at("$pause"), "").refusal(), "400 required");
  EXPECT_EQ(server.post(at("$fence"), reason("\\n")).refusal(), "422 required");
  EXPECT_EQ(server.post(at("$fence"), reason("  ")).refusal(), "422 required");
  EXPECT_EQ(server.post(at("$pause"), reason(std::string(1001, 'x'))).refusal(), "422 value");
  EXPECT_EQ(server.post(at("$pause"), reason("x"), {{"If-Match", "W/\"7\""}}).refusal(),
            "412 conflict");
  EXPECT_EQ(server.post(at("$pause"), reason("x"), {{"If-None-Match", "*"}}).refusal(),
            "400 not-supported");
  EXPECT_EQ(server.post("/fhir/Endpoint/x/$pause", reason("x")).refusal(), "404 not-found");
  EXPECT_EQ(server.post("/fhir/Endpoint/channel-/$pause", reason("x")).refusal(), "404 not-found");
  EXPECT_EQ(server.post("/fhir/Patient/channel-gp/$pause", reason("x")).refusal(), "404 not-found");
  ASSERT_EQ(server.remove(gp).status, 204);
  EXPECT_EQ(server.post(at("$pause"), reason("x")).refusal(), "410 deleted");
  EXPECT_EQ(server.post(at("$test"), "").refusal(), "410 deleted");
}

TEST(ChannelStatus, IsChangedOnTheVersionThatWasSeenAndOncePerKey) {
  ChannelServer server;
  const std::vector<Field> head{{"If-Match", "W/\"1\""}, {"Idempotency-Key", "k"}};
  const Answered first = server.post(at("$pause"), reason("x"), head);
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(server.post(at("$resume"), "").status, 200);
  const Answered again = server.post(at("$pause"), reason("x"), head);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.get(gp).json().at("status"), "active") << "it was done once";
  EXPECT_EQ(server.post(at("$fence"), reason("x"), {{"Idempotency-Key", "k"}}).refusal(),
            "422 business-rule");
}

TEST(ChannelTest, GoesThroughTheQueueAndSaysThatItIsOne) {
  ChannelServer server;
  const Answered made = server.post(at("$test"), "");
  ASSERT_EQ(made.status, 200) << made.body;
  const Document json = made.json();
  std::string reference = values(json, "message", "valueReference.reference");
  reference.pop_back();
  const Document binary = server.get("/fhir/" + reference).json();
  EXPECT_EQ(binary.at("meta.tag.0.code"), "NMD^N02");
  EXPECT_EQ(binary.at("meta.security.0.code"), "HTEST");
  EXPECT_EQ(binary.at("contentType"), "x-application/hl7-v2+er7");
  const Bytes message = *from_base64(binary.at("data"));
  EXPECT_THAT(message, StartsWith("MSH|^~\\&|H|RXH|GP|"));
  EXPECT_THAT(message, HasSubstr("|NMD^N02^NMD_N02|"));
  EXPECT_THAT(message, HasSubstr("\rNCK|20260101"));
  EXPECT_THAT(message, HasSubstr("\rNTE|1||end-to-end test of channel gp by anonymous\r"));
  const auto parsed = hl7v2::Message::parse(message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->header().field(10).text() + " ", values(json, "controlId", "valueString"));
  EXPECT_EQ(parsed->header().field(10).text().size(), 16U);
  EXPECT_EQ(parsed->header().field(11).text(), "T");
  const auto owed = server.owed();
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_EQ(owed[0].duty.lane, test_lane);
  EXPECT_EQ(values(json, "duty", "valueString"), text_of(owed[0].name) + " ");
  EXPECT_EQ(values(server.get(at("$queue")).json(), "resource", "valueReference.reference"),
            reference + "/_history/1 ");
  EXPECT_EQ(server.post("/fhir/Endpoint/nobody/$test", "").refusal(), "404 not-found");
}

TEST(ChannelTest, NeedsTheHeaderThatTheSenderWritesOnTheEndpoint) {
  ChannelServer server;
  ASSERT_EQ(
      server
          .put("/fhir/Endpoint/channel-new",
               R"({"resourceType":"Endpoint","id":"channel-new","status":"active",)"
               R"("connectionType":{"code":"x"},"payloadType":[{"text":"x"}],"address":"x:1"})")
          .status,
      201);
  EXPECT_EQ(server.post("/fhir/Endpoint/channel-new/$test", "").refusal(), "422 not-supported");
}

TEST(ChannelOperations, AreInTheCapabilityStatementAndNotInTransactions) {
  ChannelServer server;
  const std::string statement = server.get("/fhir/metadata").body;
  for (const char* name : {"queue", "sent", "pause", "resume", "fence", "test", "replay", "retry",
                           "skip", "resend", "divert", "end-diversion", "pass-on"}) {
    EXPECT_THAT(statement, HasSubstr(fmt::format("urn:holdfast:OperationDefinition:{}", name)));
  }
  EXPECT_THAT(server.get("/fhir/openapi.json").body, HasSubstr("/fhir/Endpoint/{id}/$replay"));
  const std::string queue = R"({"request":{"method":"GET","url":"Endpoint/channel-gp/$queue"}})";
  EXPECT_EQ(server.bundle("batch", {queue}).json().at("entry.0.response.status"), "200 OK");
  const std::string pause =
      R"({"request":{"method":"POST","url":"Endpoint/channel-gp/$pause"},"resource":)" +
      reason("x") + "}";
  EXPECT_EQ(server.bundle("transaction", {pause}).status, 422);
}

}  // namespace
}  // namespace holdfast::api
