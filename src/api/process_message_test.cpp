// $process-message: a message happens once, whole, and its sender is answered by a message
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/bars_for_test.h"
#include "fhir/xml.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

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

TEST_F(ProcessMessage, LeavesAPatientWhoIsThereAsTheyAre) {
  server_.write("Patient/p1", R"("identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
                              R"("value":"9434765919"}],"name":[{"family":"Lovelace"}])");
  EXPECT_EQ(take({}).json().at("entry.1.resource.subject.reference"), "Patient/p1");
  EXPECT_EQ(server_.get("/fhir/Patient/p1").json().at("name.0.family"), "Lovelace");
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

TEST_F(ProcessMessage, WhatWasReadHereMayBeSentBackAsItIs) {
  const Document ours = take({}).json();
  Letter cancel;
  cancel.id = "m-2";
  cancel.reason = "update";
  cancel.subject = ours.at("entry.1.resource.subject.reference");
  take(cancel.becomes("revoked"));
  EXPECT_EQ(state(), "clinical-review");
  cancel.id = "m-3";
  cancel.subject = "Patient/p2";
  EXPECT_THAT(refusal(cancel), HasSubstr("Patient/p2 is another patient's here"));
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

TEST_F(ProcessMessage, ABookingMayBringTheReferralThatItIsFor) {
  Letter booking;
  take(booking.books("booked"));
  EXPECT_EQ(state(), "booked");
  EXPECT_EQ(count("ServiceRequest"), "1");
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

TEST_F(ProcessMessage, TakesXml) {
  fhir::JsonReader reader;
  const auto json = reader.read(Letter{}.text());
  const Bytes xml = fhir::xml_from_json(json->root(), fhir::XmlLayout::dense).value();
  const Answered answered = server_.send(Method::post, "/fhir/$process-message",
                                         {{"Content-Type", "application/fhir+xml"}}, xml);
  EXPECT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(state(), "received");
  const Document provenance = server_.get("/fhir/Provenance").json();
  const std::string binary = provenance.at("entry.0.resource.entity.0.what.reference");
  EXPECT_EQ(server_.get("/fhir/" + binary).json().at("contentType"), "application/fhir+xml");
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
