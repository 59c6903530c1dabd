// $process-message: what is refused, how that is said, and that nothing of it is kept
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/bars_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

TEST_F(ProcessMessage, RefusesWhatIsNoMessage) {
  const Letter letter;
  const std::string header = Letter::entry("urn:uuid:h", letter.header());
  const std::string request = letter.request_entry();
  const std::string patient = letter.patient_entry();
  EXPECT_THAT(refusal(R"({"resourceType":"Bundle","type":"batch"})"),
              HasSubstr("422 structure: $process-message takes a Bundle of type message"));
  EXPECT_THAT(refusal(R"({"resourceType":"Patient"})"), HasSubstr("takes a Bundle"));
  EXPECT_THAT(refusal(Letter::message({request, patient})), HasSubstr("there is none"));
  EXPECT_THAT(refusal(Letter::message({request, header, patient})), HasSubstr("first entry"));
  EXPECT_THAT(refusal(Letter::message({header, header, request})), HasSubstr("one MessageHeader"));
  EXPECT_EQ(send("{").status, 400);
  EXPECT_EQ(send("").status, 422);
  EXPECT_EQ(server_.get("/fhir/$process-message").status, 405);
  for (const char* given : {"async=true", "response-url=http://x", "nothing=1"}) {
    const Answered answered =
        server_.post(fmt::format("/fhir/$process-message?{}", given), letter.text());
    EXPECT_EQ(answered.refusal(), "400 not-supported") << given;
  }
}

TEST_F(ProcessMessage, RefusesAMessageWithAFaultAndKeepsNothingOfIt) {
  const std::uint64_t head = server_.head().value;
  const auto with = [](auto change) {
    Letter letter;
    change(letter);
    return letter;
  };
  const std::vector<std::pair<Letter, std::string>> faults{
      {with([](Letter& l) { l.event = "diagnosticreport"; }), "422 not-supported: the event"},
      {with([](Letter& l) { l.reason = "perhaps"; }), "422 value: a servicerequest-request says"},
      {with([](Letter& l) { l.reason.clear(); }), "422 required"},
      {with([](Letter& l) { l.reason = "update"; }), "404 not-found"},
      {with([](Letter& l) { l.reason = "delete"; }), "422 invariant: the reason is delete"},
      {with([](Letter& l) { l.becomes("revoked"); }), "422 invariant: a new referral is active"},
      {with([](Letter& l) { l.focus.clear(); }), "422 required: the MessageHeader has no focus"},
      {with([](Letter& l) { l.focus = "urn:uuid:x"; }), "422 not-found: the focus"},
      {with([](Letter& l) { l.focus = "urn:uuid:p"; }), "is a ServiceRequest, not a Patient"},
      {with([](Letter& l) { l.number.clear(); }), "422 required: the message has no Patient"},
      {with([](Letter& l) { l.number = "9434765918"; }), "is no NHS number"},
      {with([](Letter& l) { l.number = "943 476 5919"; }), "is no NHS number"},
      {with([](Letter& l) { l.more.push_back(l.patient_entry()); }), "about one patient"},
      {with([](Letter& l) { l.subject = "urn:uuid:x"; }), "not about the Patient of the message"},
      {with([](Letter& l) { l.request += R"(,"requester":{"reference":"urn:uuid:x"})"; }),
       "names no entry"},
      {with([](Letter& l) { l.request += R"(,"requester":{"reference":"Practitioner/x"})"; }),
       "is not here"},
      {with([](Letter& l) {
         l.request = R"("identifier":[{"system":"urn:a","value":"1"}],"status":"active",)"
                     R"("intent":"plan")";
       }),
       "nobody would follow"},
      {with([](Letter& l) {
         l.more.push_back(l.request_entry());
         l.more.back().replace(l.more.back().find("uuid:r"), 6, "uuid:s");
       }),
       "two entries of the message are the same ServiceRequest"},
  };
  for (const auto& [letter, wanted] : faults) {
    EXPECT_THAT(refusal(letter), HasSubstr(wanted)) << letter.text();
  }
  EXPECT_EQ(server_.head().value, head);
  EXPECT_EQ(count("Task"), "0");
}

TEST(ProcessMessageWithoutPathways, TakesNoReferralThatNobodyWouldFollow) {
  Server server;
  const Answered answered = server.post("/fhir/$process-message", Letter{}.text());
  EXPECT_EQ(answered.status, 422);
  EXPECT_THAT(answered.body, HasSubstr("nobody would follow this referral"));
  EXPECT_EQ(server.get("/fhir/ServiceRequest?_summary=count").json().at("total"), "0");
}

TEST_F(ProcessMessage, NamesTheEntryThatIsAtFault) {
  Letter letter;
  letter.request += R"(,"requester":{"reference":"urn:uuid:x"})";
  EXPECT_EQ(send(letter).json().at("entry.1.resource.issue.0.expression.0"), "Bundle.entry[1]");
}

TEST_F(ProcessMessage, BringsNoItemOfItsOwn) {
  Letter letter;
  letter.more.push_back(Letter::entry(
      "urn:uuid:t",
      R"({"resourceType":"Task","extension":[{"url":"urn:holdfast:item","extension":[)"
      R"({"url":"organisation","valueString":"x"}]}],"status":"requested","intent":"order",)"
      R"("for":{"reference":"urn:uuid:p"}})"));
  EXPECT_THAT(refusal(letter), HasSubstr("422"));
  EXPECT_EQ(count("Task"), "0");
}

TEST_F(ProcessMessage, RefusesAReferralOfAnotherPatient) {
  take({});
  for (const char* reason : {"new", "update"}) {
    Letter other;
    other.id = fmt::format("m-{}", reason);
    other.reason = reason;
    other.number = "9000000009";
    EXPECT_THAT(refusal(other), HasSubstr("is another patient's here"));
  }
  EXPECT_EQ(count("ServiceRequest"), "1");
  EXPECT_EQ(count("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9000000009"), "0");
}

TEST_F(ProcessMessage, RefusesTheSameIdWithOtherContent) {
  take({});
  Letter other;
  other.request += R"(,"priority":"urgent")";
  EXPECT_THAT(refusal(other),
              HasSubstr("409 business-rule: https://oldmill.example/fhir has sent"));
  other.sender = "https://newmill.example/fhir";  // whose m-1 is another
  take(other);
  EXPECT_EQ(count("ServiceRequest"), "1");
}

}  // namespace
}  // namespace holdfast::api
