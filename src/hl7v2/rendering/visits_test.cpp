// ADT: what happens to a patient or a visit, and which event a neighbour hears of.
#include <gtest/gtest.h>

#include <algorithm>

#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string visit(std::string_view status, std::string_view kind, std::string_view more = "") {
  return fmt::format(R"({{"resourceType":"Encounter","id":"v1","status":"{}","class":{{"system":)"
                     R"("http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{}"}},)"
                     R"("identifier":[{{"system":"urn:holdfast:authority:RXH","value":"V100"}}],)"
                     R"("subject":{{"reference":"Patient/1"}}{}}})",
                     status, kind, more);
}
std::string event(const std::string& now, const std::string& before = "") {
  return RenderedMessage(now, before.empty() ? std::optional<BytesView>() : before).type();
}

TEST(RenderPatient, ANewOneIsA28AndAChangedOneA31) {
  const RenderedMessage made(test_patient);
  EXPECT_EQ(made.type(), "ADT^A28");
  EXPECT_EQ(made.segments(), "MSH EVN PID PV1");
  EXPECT_EQ(made.raw("MSH", 9), "ADT^A28^ADT_A05");
  EXPECT_EQ(made.raw("MSH", 7), "20240301120000+0000");
  EXPECT_EQ(made.raw("EVN", 1), "A28");
  EXPECT_EQ(made.raw("PID", 3), "9434765919^^^NHSNBR^NH");
  EXPECT_EQ(made.raw("PID", 5), "Smith^Ann^Beth^^^^L");
  EXPECT_EQ(made.raw("PID", 7), "19800203");
  EXPECT_EQ(made.raw("PID", 8), "F");
  EXPECT_EQ(made.raw("PV1", 2), "N");
  EXPECT_TRUE(made.result->left.empty()) << made.result->left.front().path;
  EXPECT_EQ(RenderedMessage(test_patient, test_patient).type(), "ADT^A31");
}

TEST(RenderPatient, OneWhoWasReplacedIsMergedIntoTheOther) {
  TestRecord record;
  record.resources["Patient/2"] =
      R"({"resourceType":"Patient","id":"2","identifier":[{"system":"urn:oid:1.2.3","value":"222"}]})";
  const std::string retired =
      R"({"resourceType":"Patient","id":"3","active":false,"identifier":[{"system":"urn:oid:1.2.3",)"
      R"("value":"333"}],"name":[{"family":"Old"}],"link":[{"other":{"reference":"Patient/2"},)"
      R"("type":"replaced-by"}]})";
  const RenderedMessage made(retired, test_patient, test_envelope(), record);
  EXPECT_EQ(made.type(), "ADT^A40");
  EXPECT_EQ(made.raw("PID", 3), "222^^^&1.2.3&ISO");
  EXPECT_EQ(made.raw("MRG", 1), "333^^^&1.2.3&ISO");
  EXPECT_EQ(made.at("MRG-7.1"), "Old");
  EXPECT_EQ(RenderedMessage(retired, retired, test_envelope(), record).type(), "ADT^A31");
  const RenderedMessage nobody(retired, test_patient);
  EXPECT_EQ(nobody.result.error().code, Code::required);
  EXPECT_NE(nobody.type().find("ADT^A40 cannot be made of Patient/3"), std::string::npos);
}

TEST(RenderPatient, WithoutNumberOrNameIsSentUnderOurNumber) {
  const RenderedMessage made(R"({"resourceType":"Patient","id":"p9"})");
  EXPECT_EQ(made.raw("PID", 3), "p9^^^RXH");
  EXPECT_EQ(made.raw("PID", 5), "^^^^^^U");
}

TEST(RenderPatient, ABirthDateCountsAndAnOlderTimeBesideItIsLeft) {
  const RenderedMessage made(
      R"({"resourceType":"Patient","id":"p","birthDate":"2000-01-02","_birthDate":{"extension":[{"url":)"
      R"("http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"2000-01-01T10:00:00Z"}]}})");
  EXPECT_EQ(made.raw("PID", 7), "20000102");
  EXPECT_TRUE(made.leaves("Patient.birthDate.extension[0].valueDateTime"));
}

TEST(RenderVisit, EachChangeIsItsEvent) {
  EXPECT_EQ(event(visit("in-progress", "IMP")), "ADT^A01");
  EXPECT_EQ(event(visit("in-progress", "EMER")), "ADT^A01");
  EXPECT_EQ(event(visit("arrived", "AMB")), "ADT^A04");
  EXPECT_EQ(event(visit("planned", "IMP")), "ADT^A05");
  EXPECT_EQ(event(visit("in-progress", "IMP"), visit("planned", "IMP")), "ADT^A01");
  EXPECT_EQ(event(visit("finished", "IMP"), visit("in-progress", "IMP")), "ADT^A03");
  EXPECT_EQ(event(visit("finished", "IMP"), visit("finished", "IMP")), "ADT^A08");
  EXPECT_EQ(event(visit("in-progress", "IMP"), visit("finished", "IMP")), "ADT^A13");
  EXPECT_EQ(event(visit("cancelled", "IMP"), visit("planned", "IMP")), "ADT^A38");
  EXPECT_EQ(event(visit("entered-in-error", "IMP"), visit("in-progress", "IMP")), "ADT^A11");
  EXPECT_EQ(event(visit("onleave", "IMP"), visit("in-progress", "IMP")), "ADT^A21");
  EXPECT_EQ(event(visit("in-progress", "IMP"), visit("onleave", "IMP")), "ADT^A22");
  EXPECT_EQ(event(visit("in-progress", "IMP"), visit("in-progress", "IMP")), "ADT^A08");
}

TEST(RenderVisit, OneThatWasMergedIsA42OfBothNumbers) {
  TestRecord record;
  record.resources["Patient/1"] = std::string(test_patient);
  record.resources["Encounter/v2"] =
      R"({"resourceType":"Encounter","id":"v2","status":"in-progress","class":{"code":"IMP"},)"
      R"("identifier":[{"system":"urn:holdfast:authority:RXH","value":"V200"}],)"
      R"("subject":{"reference":"Patient/1"},"extension":[{"url":"urn:holdfast:replaces",)"
      R"("valueReference":{"reference":"Encounter/v1"}}]})";
  const std::string retired = visit(
      "entered-in-error", "IMP",
      R"(,"extension":[{"url":"urn:holdfast:replaced-by","valueReference":{"reference":"Encounter/v2"}}])");
  const RenderedMessage made(retired, visit("in-progress", "IMP"), test_envelope(), record);
  EXPECT_EQ(made.type(), "ADT^A42");
  EXPECT_EQ(made.raw("MSH", 9), "ADT^A42^ADT_A39");
  EXPECT_EQ(made.segments(), "MSH EVN PID MRG PV1");
  EXPECT_EQ(made.raw("PID", 3), "9434765919^^^NHSNBR^NH");
  EXPECT_EQ(made.raw("MRG", 1), "9434765919^^^NHSNBR^NH");
  EXPECT_EQ(made.raw("MRG", 5), "V100^^^RXH");
  EXPECT_EQ(made.raw("PV1", 19), "V200^^^RXH");
  EXPECT_FALSE(made.leaves("Encounter.extension[0].valueReference.reference"));
  // Of the one that stays there is nothing more to say.
  const RenderedMessage stays(record.resources["Encounter/v2"], visit("in-progress", "IMP"),
                              test_envelope(), record);
  EXPECT_EQ(stays.type(), "ADT^A08");
  EXPECT_FALSE(stays.leaves("Encounter.extension[0].valueReference.reference"));
  const RenderedMessage alone(retired, visit("in-progress", "IMP"));
  EXPECT_NE(alone.type().find("ADT^A42 cannot be made of Encounter/v1"), std::string::npos)
      << alone.type();
}

TEST(RenderVisit, TakenBackBeforeAnybodyKnewIsNotSent) {
  const RenderedMessage made(visit("cancelled", "IMP"));
  EXPECT_EQ(made.result.error().code, Code::unsupported);
  EXPECT_EQ(made.type(),
            "no message is sent of Encounter/v1: it was taken back before anybody was told of it");
}

TEST(RenderVisit, AnotherPlaceIsATransferFromTheOneBefore) {
  TestRecord record;
  record.resources["Location/w"] =
      R"({"resourceType":"Location","id":"w","name":"WARD5","physicalType":{"coding":[{"code":"wa"}]},)"
      R"("identifier":[{"system":"urn:holdfast:authority:RXH","value":"WARD5"}]})";
  record.resources["Location/b"] =
      R"({"resourceType":"Location","id":"b","name":"BED2","physicalType":{"coding":[{"code":"bd"}]},)"
      R"("partOf":{"reference":"Location/w"}})";
  const std::string in_ward =
      visit("in-progress", "IMP",
            R"(,"location":[{"location":{"reference":"Location/w"},"status":"active"}])");
  const std::string in_bed =
      visit("in-progress", "IMP",
            R"(,"location":[{"location":{"reference":"Location/b"},"status":"active"}])");
  const RenderedMessage made(in_bed, in_ward, test_envelope(), record);
  EXPECT_EQ(made.type(), "ADT^A02");
  EXPECT_EQ(made.raw("PV1", 3), "WARD5^^BED2^RXH");
  EXPECT_EQ(made.raw("PV1", 6), "WARD5^^^RXH");
  EXPECT_EQ(made.raw("PV1", 19), "V100^^^RXH");
}

TEST(RenderVisit, PlacesInACircleEnd) {
  TestRecord record;
  record.resources["Location/a"] =
      R"({"resourceType":"Location","id":"a","name":"A","partOf":{"reference":"Location/a"}})";
  const RenderedMessage made(
      visit("in-progress", "IMP", R"(,"location":[{"location":{"reference":"Location/a"}}])"), {},
      test_envelope(), record);
  EXPECT_EQ(made.at("PV1-3.1"), "A");
}

TEST(RenderVisit, OfNobodySaysWhatToDo) {
  const RenderedMessage made(
      R"({"resourceType":"Encounter","id":"v2","status":"planned","class":{"code":"IMP"}})");
  EXPECT_EQ(made.result.error().code, Code::required);
  EXPECT_EQ(made.type(),
            "ADT^A05 cannot be made of Encounter/v2: its patient is not in the record: refer to a "
            "Patient by a reference such as Patient/123");
}

TEST(RenderVisit, OfAnotherPatientsIsLeft) {
  const std::string conditions =
      visit("in-progress", "IMP", R"(,"diagnosis":[{"condition":{"reference":"Condition/c"}}])");
  TestRecord record;
  record.resources["Condition/c"] =
      R"({"resourceType":"Condition","id":"c","code":{"text":"Flu"},"subject":{"reference":"Patient/2"}})";
  record.resources["Patient/2"] = R"({"resourceType":"Patient","id":"2"})";
  const RenderedMessage made(conditions, {}, test_envelope(), record);
  EXPECT_EQ(made.raw("DG1", 3), "^Flu");
  EXPECT_TRUE(made.leaves("Condition.subject.reference"));
}

TEST(RenderAny, AnUnknownResourceIsRefusedWithWhatThereIs) {
  const RenderedMessage made(R"({"resourceType":"Medication","id":"m"})");
  EXPECT_EQ(made.result.error().code, Code::unsupported);
  EXPECT_EQ(made.type().find("no message of HL7 v2 is made of a Medication"), 0U);
  EXPECT_EQ(RenderedMessage(R"({"resourceType":"Patient")").result.error().code, Code::syntax);
  EXPECT_EQ(RenderedMessage(R"([])").result.error().code, Code::syntax);
  EXPECT_EQ(RenderedMessage(R"({"resourceType":7})").result.error().code, Code::unsupported);
}

TEST(RenderAny, AFailureOfTheRecordEndsIt) {
  class Broken : public RecordReader {
    Result<std::optional<Bytes>> read(std::string_view, std::string_view) override {
      return fail(Code::unavailable, "not now");
    }
  };
  Broken broken;
  fhir::JsonReader reader;
  const auto made = render(test_envelope(), visit("planned", "IMP"), std::nullopt, broken, reader);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Code::unavailable);
}

TEST(RenderAny, EachResourceIsReadOnce) {
  TestRecord record;
  record.resources["Patient/1"] = test_patient;
  fhir::JsonReader reader;
  ASSERT_TRUE(render(test_envelope(), visit("planned", "IMP"), std::nullopt, record, reader));
  EXPECT_EQ(record.reads, 1);
}

}  // namespace
}  // namespace holdfast::hl7v2
