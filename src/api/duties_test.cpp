// Task/[id]/$retry, $skip, $resend: what becomes of a message that a neighbour did not take
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/channels_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

std::string edited(std::string_view message) {
  return input({fmt::format(R"("name":"message","valueString":"{}")", message),
                R"("name":"reason","valueString":"the number was wrong")"});
}
constexpr const char* good = R"(MSH|^~\\&|H||||||ADT^A31|E1|P|2.4\nPID|1||77\n)";

TEST(Retry, ReleasesTheDutyAndClosesItsTaskInOneCommand) {
  ChannelServer server;
  const DutyName duty = server.owe_patient("a", "A");
  const std::string task = server.refuse(duty, "t");
  const Position before = server.head();
  const Answered done = server.post(task + "/$retry", reason("they mended it"));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.head().value, before.value + 1);
  EXPECT_EQ(done.json().at("status"), "completed");
  EXPECT_EQ(done.json().at("businessStatus.coding.0.code"), "closed");
  EXPECT_EQ(done.json().at("statusReason.text"),
            "Released, to be tried again, by anonymous: they mended it");
  EXPECT_EQ(done.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.counts(), (views::OutboxCounts{.owed = 1, .released = 1}));
  const auto entry = server.last().first;
  ASSERT_EQ(entry.settlements.size(), 1U);
  EXPECT_EQ(entry.settlements[0].settled, Settled::released);
  EXPECT_EQ(entry.principal.name, "anonymous");
  // It is over.
  EXPECT_EQ(server.post(task + "/$retry", "").refusal(), "412 conflict");
  EXPECT_EQ(server.post(task + "/$skip", reason("x")).refusal(), "412 conflict");
}

TEST(Skip, GivesTheDutyUpWithAReason) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t");
  EXPECT_EQ(server.post(task + "/$skip", "").refusal(), "400 required");
  const Answered done = server.post(task + "/$skip", reason("told by telephone"));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("statusReason.text"),
            "Skipped: it is not sent, by anonymous: told by telephone");
  EXPECT_EQ(server.counts(), (views::OutboxCounts{.dead = 1}));
}

TEST(Resend, SendsTheCurrentVersionInTheSameLane) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t");
  ASSERT_EQ(
      server.put("/fhir/Patient/a", R"({"resourceType":"Patient","id":"a","active":true})").status,
      200);
  const Answered done = server.post(task + "/$resend", "");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("parameter.0.resource.status"), "completed");
  EXPECT_EQ(server.counts(), (views::OutboxCounts{.owed = 1, .dead = 1}));
  const auto owed = server.owed();
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_EQ(owed[0].duty.lane, "a");
  EXPECT_EQ(values(done.json(), "duty", "valueString"), text_of(owed[0].name) + " ");
  EXPECT_EQ(values(server.get("/fhir/Endpoint/channel-gp/$queue").json(), "resource",
                   "valueReference.reference"),
            "Patient/a/_history/2 ");
}

TEST(Resend, SendsAnEditedMessageWhoseAuthorIsKnown) {
  ChannelServer server;
  const std::string task =
      server.refuse(server.owe_message("m", "MSH|^~\\&|X\r", "PID-3 1|X"), "t");
  const Position before = server.head();
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  const Answered done = server.post(task + "/$resend", edited(good), key);
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.head().value, before.value + 1);
  EXPECT_EQ(server.counts(), (views::OutboxCounts{.owed = 1, .dead = 1}));
  EXPECT_EQ(server.owed()[0].duty.lane, "PID-3 1|X");
  std::string reference = values(done.json(), "message", "valueReference.reference");
  reference.pop_back();
  const Document binary = server.get("/fhir/" + reference).json();
  EXPECT_EQ(*from_base64(binary.at("data")), "MSH|^~\\&|H||||||ADT^A31|E1|P|2.4\rPID|1||77\r");
  EXPECT_EQ(binary.at("meta.tag.0.code"), "ADT^A31");
  EXPECT_FALSE(binary.has("meta.security"));
  const Document provenance = server.get("/fhir/Provenance?target=" + reference).json();
  EXPECT_EQ(provenance.at("entry.0.resource.agent.0.who.identifier.value"), "anonymous");
  EXPECT_EQ(provenance.at("entry.0.resource.reason.0.text"), "the number was wrong");
  EXPECT_EQ(provenance.at("entry.0.resource.entity.0.what.reference"), "Binary/m/_history/1");
  EXPECT_EQ(provenance.at("entry.0.resource.entity.1.what.reference"), "Task/t");
  // The same request again is the same deed.
  const Answered again = server.post(task + "/$resend", edited(good), key);
  EXPECT_EQ(again.body, done.body);
  EXPECT_EQ(server.head().value, before.value + 1);
}

TEST(Resend, TakesBase64AndRefusesWhatIsNoMessage) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t");
  const Position before = server.head();
  const auto send = [&](const std::string& message) {
    return server.post(task + "/$resend", edited(message));
  };
  EXPECT_EQ(send("PID|1").refusal(), "422 value");
  EXPECT_EQ(send(R"(MSH|^~\\&|H||||||ADT^A31||P|2.4)").refusal(), "422 value") << "no MSH-10";
  EXPECT_EQ(send(R"(MSH|^~\\&|H||||||||1|P|2.4)").refusal(), "422 value") << "no MSH-9";
  EXPECT_EQ(send(R"(MSH|abc|H)").refusal(), "422 value") << "letters divide nothing";
  EXPECT_EQ(send(R"(MSH|^~\\&|H||||||ADT^A31|1|P|2.4\u001c\n)").status / 100, 4);
  EXPECT_EQ(
      server.post(task + "/$resend", input({R"("name":"message","valueBase64Binary":"TVNI")"}))
          .refusal(),
      "422 value");
  EXPECT_EQ(server.head(), before);
  const std::string message = to_base64("MSH|^~\\&|H||||||ADT^A31|E2|P|2.4\r\nPID|1\r\n");
  const Answered done =
      server.post(task + "/$resend",
                  input({fmt::format(R"("name":"message","valueBase64Binary":"{}")", message)}));
  ASSERT_EQ(done.status, 200) << done.body;
  std::string reference = values(done.json(), "message", "valueReference.reference");
  reference.pop_back();
  EXPECT_EQ(*from_base64(server.get("/fhir/" + reference).json().at("data")),
            "MSH|^~\\&|H||||||ADT^A31|E2|P|2.4\rPID|1\r");
}

TEST(Resend, OfWhatWasNotSentByPolicy) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t", Settled::dead);
  EXPECT_EQ(server.post(task + "/$retry", "").refusal(), "422 not-supported");
  EXPECT_EQ(server.post(task + "/$skip", reason("x")).refusal(), "422 not-supported");
  const Answered done = server.post(task + "/$resend", "");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.counts(), (views::OutboxCounts{.owed = 1, .dead = 1}));
  EXPECT_TRUE(server.last().first.settlements.empty());
}

TEST(Resend, OfAResourceThatIsGoneOrGoesAsAResource) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t");
  ASSERT_EQ(server.remove("/fhir/Patient/a").status, 204);
  const Answered gone = server.post(task + "/$resend", "");
  EXPECT_EQ(gone.refusal(), "404 not-found");
  EXPECT_THAT(gone.body, HasSubstr("Patient/a cannot be sent"));
  EXPECT_EQ(server.counts().held, 1U) << "all or nothing";
  const DutyName duty = server.owe("Patient", "b", R"("active":true)", "", "fhir");
  const std::string other = server.refuse(duty, "u", Settled::held, "fhir");
  EXPECT_EQ(server.post(other + "/$resend", edited(good)).refusal(), "422 not-supported");
  EXPECT_EQ(server.post(other + "/$resend", "").status, 200);
}

TEST(Duties, ThatWereSettledMeanwhileAreNotTouched) {
  ChannelServer server;
  const DutyName released = server.owe_patient("a", "A");
  const std::string first = server.refuse(released, "t1");
  server.settle(released, Settled::released, {}, {}, true);
  const Answered underway = server.post(first + "/$retry", "");
  EXPECT_EQ(underway.refusal(), "412 conflict");
  EXPECT_THAT(underway.body, HasSubstr("on its way already"));
  server.deliver(released);
  const Answered over = server.post(first + "/$resend", "");
  EXPECT_EQ(over.refusal(), "412 conflict");
  EXPECT_THAT(over.body, HasSubstr("it was delivered"));
  EXPECT_EQ(server.get(first).json().at("status"), "requested") << "nothing was done";
}

TEST(Duties, AreThoseOfItemsAboutThem) {
  ChannelServer server;
  const std::string task =
      R"({"resourceType":"Task","id":"x","status":"requested","intent":"order"})";
  ASSERT_EQ(server.put("/fhir/Task/x", task).status, 201);
  EXPECT_EQ(server.post("/fhir/Task/x/$retry", "").refusal(), "422 not-supported");
  EXPECT_EQ(server.post("/fhir/Task/none/$retry", "").refusal(), "404 not-found");
  ASSERT_EQ(server.remove("/fhir/Task/x").status, 204);
  EXPECT_EQ(server.post("/fhir/Task/x/$retry", "").refusal(), "410 deleted");
  EXPECT_EQ(server.post("/fhir/Patient/x/$retry", "").refusal(), "404 not-found");
  const std::string held = server.refuse(server.owe_patient("a", "A"), "t");
  EXPECT_EQ(server.post(held + "/$retry", "", {{"If-Match", "W/\"9\""}}).refusal(), "412 conflict");
  EXPECT_EQ(server.post(held + "/$retry", edited(good)).refusal(), "422 not-supported");
  EXPECT_EQ(server.post(held + "/$retry", "", {{"If-Match", "W/\"1\""}}).status, 200);
}

TEST(Duties, UnderOneKeyAreChangedOnce) {
  ChannelServer server;
  const std::string task = server.refuse(server.owe_patient("a", "A"), "t");
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  const Answered first = server.post(task + "/$retry", "", key);
  ASSERT_EQ(first.status, 200);
  const Answered again = server.post(task + "/$retry", "", key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.counts().released, 1U);
}

}  // namespace
}  // namespace holdfast::api
