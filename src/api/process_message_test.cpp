// $process-message: a message happens once, whole, and its sender is answered by a message
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/bars_for_test.h"
#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

class ProcessMessage : public testing::Test {
 protected:
  Answered send(const std::string& message) {
    return server_.post("/fhir/$process-message", message);
  }
  Answered send(const Letter& letter) { return send(letter.text()); }
  /// The answer says that it was taken.
  Answered take(const Letter& letter) {
    Answered answered = send(letter);
    EXPECT_EQ(answered.status, 200) << answered.body;
    EXPECT_EQ(answered.json().at("entry.0.resource.response.code"), "ok");
    return answered;
  }
  /// "422 not-supported: what is wrong", of an OperationOutcome or of an answer with one.
  std::string refusal(const std::string& message) {
    const Answered answered = send(message);
    const Document json = answered.json();
    const bool plain = json.at("resourceType") == "OperationOutcome";
    const std::string at = plain ? "issue.0" : "entry.1.resource.issue.0";
    if (!plain) {
      EXPECT_EQ(json.at("entry.0.resource.response.code"), "fatal-error") << answered.body;
    }
    return fmt::format("{} {}: {}", answered.status, json.at(at + ".code"),
                       json.at(at + ".diagnostics"));
  }
  std::string refusal(const Letter& letter) { return refusal(letter.text()); }

  std::string count(const std::string& search) {
    return server_
        .get(fmt::format("/fhir/{}{}_summary=count", search,
                         search.find('?') == std::string::npos ? "?" : "&"))
        .json()
        .at("total");
  }
  /// Of the only item: state and patient's name.
  std::string state() {
    const Document json = server_.get("/fhir/Task?code=urn:holdfast:pathway|referral").json();
    EXPECT_EQ(json.size("entry"), 1U);
    return json.at("entry.0.resource.businessStatus.coding.0.code");
  }

  ItemServer server_;
};

TEST_F(ProcessMessage, OpensOneItemInTheEntryOfTheReferral) {
  const std::uint64_t before = server_.head().value;
  const Answered answered = take({});
  EXPECT_EQ(server_.head().value, before + 1);
  EXPECT_EQ(state(), "received");
  EXPECT_EQ(count("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919"), "1");
  const Document json = answered.json();
  EXPECT_EQ(json.at("type"), "message");
  const std::string header = "entry.0.resource.";
  EXPECT_EQ(json.at(header + "resourceType"), "MessageHeader");
  EXPECT_EQ(json.at(header + "eventCoding.code"), "servicerequest-response");
  EXPECT_EQ(json.at(header + "response.identifier"), "m-1");
  EXPECT_EQ(json.at(header + "destination.0.endpoint"), "https://oldmill.example/fhir");
  EXPECT_EQ(json.at(header + "source.endpoint"), "https://eyes.example/fhir");
  EXPECT_EQ(json.at(header + "focus.0.reference"), json.at("entry.1.fullUrl"));
  const std::string subject = json.at("entry.1.resource.subject.reference");
  EXPECT_EQ(server_.get("/fhir/" + subject).json().at("name.0.family"), "Sheard");
}

TEST_F(ProcessMessage, HappensOnce) {
  const Answered first = take({});
  const std::uint64_t head = server_.head().value;
  server_.advance(seconds(3600));
  const Answered second = take({});
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(server_.head().value, head);
  // What became of the referral since changes neither the answer nor the record.
  Letter update;
  update.id = "m-2";
  update.reason = "update";
  update.request += R"(,"priority":"urgent")";
  take(update);
  EXPECT_EQ(take({}).body, first.body);
  EXPECT_EQ(count("ServiceRequest?priority=urgent"), "1");
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

TEST_F(ProcessMessage, LeavesAPatientWhoIsThereAsTheyAre) {
  server_.write("Patient/p1", R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
                              R"("value":"9434765919"}],"name":[{"family":"Lovelace"}])");
  EXPECT_EQ(take({}).json().at("entry.1.resource.subject.reference"), "Patient/p1");
  EXPECT_EQ(server_.get("/fhir/Patient/p1").json().at("name.0.family"), "Lovelace");
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

TEST_F(ProcessMessage, NeverMakesASecondReferral) {
  take({});
  Letter again;
  again.id = "m-2";
  take(again);
  EXPECT_EQ(count("ServiceRequest"), "1");
  EXPECT_EQ(count("Task"), "1");
}

TEST_F(ProcessMessage, FindsWhatHasNoNumberByItsId) {
  Letter letter;
  const std::string numbered = R"("identifier":[{"system":"urn:oldmill","value":"R-1"}],)";
  letter.request.replace(0, numbered.size(), R"("id":"their-7",)");
  const std::string ours = take(letter).json().at("entry.1.resource.id");
  Letter update = letter;
  update.id = "m-2";
  update.reason = "update";
  update.request += R"(,"priority":"urgent")";
  take(update);
  EXPECT_EQ(count("ServiceRequest?priority=urgent"), "1");
  // Read here, and sent back under the id that it has here.
  Letter cancel = update;
  cancel.id = "m-3";
  cancel.request.replace(cancel.request.find("their-7"), 7, ours);
  take(cancel.becomes("revoked"));
  EXPECT_EQ(count("ServiceRequest"), "1");
  EXPECT_EQ(state(), "clinical-review");
}

TEST_F(ProcessMessage, ACancellationIsARequest) {
  take({});
  Letter cancel;
  cancel.id = "m-2";
  cancel.reason = "update";
  take(cancel.becomes("revoked"));
  EXPECT_EQ(state(), "clinical-review");
  EXPECT_EQ(count("Task?status=in-progress"), "1");
}

TEST_F(ProcessMessage, ABookingMovesTheReferral) {
  take({});
  Letter booking;
  booking.id = "m-2";
  take(booking.books("booked"));
  EXPECT_EQ(state(), "booked");
  EXPECT_EQ(count("ServiceRequest"), "1");
  Letter cancel;
  cancel.id = "m-3";
  cancel.reason = "update";
  take(cancel.books("cancelled"));
  EXPECT_EQ(count("Appointment"), "1");
  EXPECT_EQ(state(), "clinical-review");
}

TEST_F(ProcessMessage, ABookingMayNameTheReferralAsItIsCalledHere) {
  const std::string ours = take({}).json().at("entry.1.resource.id");
  Letter booking;
  booking.id = "m-2";
  booking.request.clear();
  take(booking.books("booked", "ServiceRequest/" + ours));
  EXPECT_EQ(state(), "booked");
  Letter other;
  other.id = "m-3";
  other.request.clear();
  other.number = "9000000009";
  other.books("booked", "ServiceRequest/" + ours);
  other.more.back().replace(other.more.back().find("A-1"), 3, "A-2");
  EXPECT_THAT(refusal(other), HasSubstr("is another patient's here"));
  other.more.clear();
  EXPECT_THAT(refusal(other.books("booked", "ServiceRequest/none")), HasSubstr("is not here"));
}

TEST_F(ProcessMessage, ABookingMayNameTheReferralByItsNumber) {
  take({});
  const auto booking = [](const std::string& id, const std::string& number) {
    Letter letter;
    letter.id = id;
    letter.request.clear();
    letter.books("booked", "X");
    letter.more.back().replace(
        letter.more.back().find(R"("reference":"X")"), 15,
        fmt::format(R"("identifier":{{"system":"urn:oldmill","value":"{}"}})", number));
    return letter;
  };
  EXPECT_THAT(refusal(booking("m-2", "R-9")), HasSubstr("no referral here has the number"));
  Letter other = booking("m-3", "R-1");
  other.number = "9000000009";
  EXPECT_THAT(refusal(other), HasSubstr("is another patient's here"));
  EXPECT_EQ(state(), "received");
  take(booking("m-4", "R-1"));
  EXPECT_EQ(state(), "booked");
}

TEST_F(ProcessMessage, AnAddressBelowOurBaseIsOurs) {
  const std::string ours = take({}).json().at("entry.1.fullUrl");
  EXPECT_THAT(ours, HasSubstr("http://localhost:8080/fhir/ServiceRequest/"));
  Letter booking;
  booking.id = "m-2";
  booking.request.clear();
  take(booking.books("booked", ours));
  EXPECT_EQ(state(), "booked");
}

TEST_F(ProcessMessage, ACopyOverwritesNothingThatTheSenderDidNotSend) {
  server_.write("Patient/p1", R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
                              R"("value":"9434765919"}])");
  server_.write("Observation/o1", R"("identifier":[{"system":"urn:lab","value":"1"}],)"
                                  R"("status":"final","code":{"text":"ours"},)"
                                  R"("subject":{"reference":"Patient/p1"})");
  const auto with = [](const std::string& id, const std::string& number, const std::string& text) {
    Letter letter;
    letter.id = id;
    letter.more.push_back(Letter::entry(
        "urn:uuid:o",
        fmt::format(R"({{"resourceType":"Observation","identifier":[{{"system":"urn:lab",)"
                    R"("value":"{}"}}],"status":"final","code":{{"text":"{}"}},)"
                    R"("subject":{{"reference":"urn:uuid:p"}}}})",
                    number, text)));
    return letter;
  };
  take(with("m-1", "1", "theirs"));
  EXPECT_EQ(server_.get("/fhir/Observation/o1").json().at("code.text"), "ours");
  take(with("m-2", "2", "first"));
  take(with("m-3", "2", "second"));
  EXPECT_EQ(count("Observation"), "2");
  EXPECT_EQ(
      server_.get("/fhir/Observation?identifier=urn:lab|2").json().at("entry.0.resource.code.text"),
      "second");
}

TEST_F(ProcessMessage, MeansWhoAPatientWasReplacedBy) {
  take({});
  const std::string old =
      server_.get("/fhir/ServiceRequest").json().at("entry.0.resource.subject.reference");
  server_.write(old, R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
                     R"("value":"9434765919"}],"active":false,"link":[{"other":{"reference":)"
                     R"("Patient/p1"},"type":"replaced-by"}])");
  Letter update;
  update.id = "m-2";
  update.reason = "update";
  EXPECT_EQ(take(update).json().at("entry.1.resource.subject.reference"), "Patient/p1");
}

TEST_F(ProcessMessage, AnIdOfTheSenderIsNotOneOfOurs) {
  server_.refer("r1", "", "CareTeam/eyes", "p2");
  Letter letter;
  letter.request = R"("id":"r1","status":"active","intent":"order")";
  EXPECT_NE(take(letter).json().at("entry.1.resource.id"), "r1");
  EXPECT_EQ(count("ServiceRequest"), "2");
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

TEST_F(ProcessMessage, AnAnswerChangesTheStatusOfOurReferralAlone) {
  server_.refer("r1", R"(,"identifier":[{"system":"urn:oldmill","value":"R-1"}])");
  server_.write("Patient/p1", R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
                              R"("value":"9434765919"}])");
  Letter answer;
  answer.event = "servicerequest-response";
  answer.reason.clear();
  take(answer.becomes("completed"));
  const Document json = server_.get("/fhir/ServiceRequest/r1").json();
  EXPECT_EQ(json.at("status"), "completed");
  EXPECT_EQ(json.at("intent"), "order");
  EXPECT_EQ(json.at("performer.0.reference"), "CareTeam/eyes");
  Letter unknown = answer;
  unknown.id = "m-2";
  unknown.request.replace(unknown.request.find("R-1"), 3, "R-2");
  EXPECT_THAT(refusal(unknown), HasSubstr("404 not-found: this ServiceRequest is not known here"));
}

TEST_F(ProcessMessage, KeepsTheMessageAsItCame) {
  const std::string text = Letter{}.text();
  const Answered answered = send(text);
  const std::string focus = answered.json().at("entry.1.resource.id");
  const Document provenance = server_.get("/fhir/Provenance?target=ServiceRequest/" + focus).json();
  EXPECT_EQ(provenance.at("entry.0.resource.agent.0.who.identifier.value"),
            "https://oldmill.example/fhir");
  const std::string binary = provenance.at("entry.0.resource.entity.0.what.reference");
  const Answered kept = server_.get("/fhir/" + binary, {{"Accept", "application/fhir+json"}});
  EXPECT_EQ(from_base64(kept.json().at("data")), text);
  EXPECT_THAT(server_.get("/fhir/ServiceRequest/" + focus + "/$chronology").body,
              HasSubstr(binary));
}

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

TEST_F(ProcessMessage, NamesTheEntryThatIsAtFault) {
  Letter letter;
  letter.request += R"(,"requester":{"reference":"urn:uuid:x"})";
  EXPECT_EQ(send(letter).json().at("entry.1.resource.issue.0.expression.0"), "Bundle.entry[1]");
}

TEST_F(ProcessMessage, TakesAMessageOfManyEntries) {
  Letter letter;
  for (int i = 0; i < 5000; ++i) {
    letter.more.push_back(
        Letter::entry(fmt::format("urn:uuid:o{}", i),
                      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                      R"("subject":{"reference":"urn:uuid:p"}})"));
  }
  take(letter);
  EXPECT_EQ(count("Observation"), "5000");
  letter.id = "m-2";
  take(letter);  // the same of the same sender about the same referral: the same resources
  EXPECT_EQ(count("Observation"), "5000");
}

TEST_F(ProcessMessage, AnswersInXml) {
  const Answered answered = server_.post("/fhir/$process-message?_format=xml", Letter{}.text());
  EXPECT_EQ(answered.status, 200);
  EXPECT_THAT(answered.body,
              HasSubstr("<response><identifier value=\"m-1\"/><code value=\"ok\"/>"));
}

TEST_F(ProcessMessage, IsInTheCapabilityStatement) {
  EXPECT_THAT(
      server_.get("/fhir/metadata").body,
      HasSubstr(R"({"name":"process-message","definition":)"
                R"("http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"})"));
}

}  // namespace
}  // namespace holdfast::api
