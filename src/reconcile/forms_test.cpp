// Lists in JSON and HL7 v2: every entry is a line, or is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "reconcile/list.h"

namespace holdfast::reconcile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<List> read(std::string_view text, std::string_view type = "application/fhir+json") {
  fhir::JsonReader reader;
  return read_list(text, type, reader, "urn:default");
}

std::vector<std::string> lines(const List& list) {
  std::vector<std::string> all;
  for (const Row& row : list.rows) {
    all.push_back(fmt::format("{} {}|{} {} {}", row.type, row.number.system, row.number.value,
                              row.nhs_number, row.state));
  }
  return all;
}

TEST(Bundle, EntriesAreComparedByTheirIdentifiers) {
  const auto list = read(R"({"resourceType":"Bundle","type":"collection","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"x","identifier":[
      {"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}]}},
    {"resource":{"resourceType":"ServiceRequest","status":"active","authoredOn":"2026-11-01",
      "identifier":[{"system":"urn:x","value":"1"}],"subject":{"reference":"urn:uuid:1"}}},
    {"resource":{"resourceType":"Task","status":"in-progress","identifier":[{"value":"2"}],
      "for":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9876543210"}}}},
    {"resource":{"resourceType":"DiagnosticReport","status":"final","identifier":[{"value":"3"}],
      "subject":{"reference":"Patient/theirs"}}},
    {"resource":{"resourceType":"Appointment","status":"booked","identifier":[{"value":"4"}],
      "participant":[{"actor":{"reference":"Patient/x"}}]}},
    {"resource":{"resourceType":"Observation","status":"final"}},
    {"resource":{"resourceType":"ServiceRequest","status":"active"}},
    {"fullUrl":"urn:uuid:9"}]})");
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_THAT(lines(*list), ElementsAre("ServiceRequest urn:x|1 9434765919 active",
                                        "Task urn:default|2 9876543210 in-progress",
                                        "DiagnosticReport urn:default|3  final",
                                        "Appointment urn:default|4 9434765919 booked"));
  EXPECT_EQ(list->rows[0].authored, "2026-11-01");
  EXPECT_EQ(list->notes.count(note_other_type), 2U);
  EXPECT_THAT(list->notes.all().at(std::string(note_no_number)).named, ElementsAre("entry 7"));
  EXPECT_TRUE(list->stated.empty());
}

TEST(Bundle, APageOfASearchsetDoesNotAddUp) {
  const auto list = read(R"({"resourceType":"Bundle","type":"searchset","total":2,"entry":[
    {"resource":{"resourceType":"Task","status":"ready","identifier":[{"value":"2"}]},
     "search":{"mode":"match"}},
    {"resource":{"resourceType":"Patient"},"search":{"mode":"include"}}]})");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->stated.size(), 1U);
  EXPECT_TRUE(list->stated[0].differs);
  EXPECT_EQ(list->stated[0].what, "it says that there are 2, and 1 came");
}

TEST(WorkList, OfERsIsReadByWhatIsPublished) {
  const auto list = read(R"({"resourceType":"List","status":"current","mode":"snapshot",
    "contained":[{"resourceType":"Patient","id":"Patient-9434765919"}],"entry":[
    {"extension":[{"url":"https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS-ReferralsforReview-WorkListItem-1",
      "extension":[{"url":"patient","valueReference":{"reference":"#Patient-9434765919"}},
                   {"url":"status","valueCodeableConcept":{"coding":[{"code":"NOT_BOOKED"}]}}]}],
     "item":{"reference":"ReferralRequest/000049973321/_history/5"}},
    {"item":{"reference":"ReferralRequest/000049973322"}},
    {"item":{}}]})");
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_THAT(lines(*list),
              ElementsAre("ServiceRequest https://fhir.nhs.uk/Id/UBRN|000049973321 9434765919 "
                          "NOT_BOOKED",
                          "ServiceRequest https://fhir.nhs.uk/Id/UBRN|000049973322  "));
  EXPECT_EQ(list->rows[0].kind, "referral");
  EXPECT_EQ(list->notes.count(note_no_number), 1U);
}

TEST(BatchList, HoldsControlIdsAndWhatItsTrailersCount) {
  const std::string message =
      "MSH|^~\\&|LAB|X|||20261130||ORU^R01|{}|P|2.4\rPID|1||77^^^X^MR~943 476 5919^^^NHS\r";
  const std::string batch = "FHS|^~\\&|LAB\rBHS|^~\\&|LAB|X|||||||B7\r" +
                            fmt::format(fmt::runtime(message), "M1") +
                            fmt::format(fmt::runtime(message), "M2") + "BTS|{}\rFTS|1\r";
  const auto whole = read(fmt::format(fmt::runtime(batch), 2), "x-application/hl7-v2+er7");
  ASSERT_TRUE(whole) << whole.error().what;
  EXPECT_THAT(lines(*whole), ElementsAre("message urn:holdfast:control-id|M1 9434765919 ",
                                         "message urn:holdfast:control-id|M2 9434765919 "));
  ASSERT_EQ(whole->stated.size(), 1U);
  EXPECT_FALSE(whole->stated[0].differs);
  const auto cut = read(fmt::format(fmt::runtime(batch), 3), "x-application/hl7-v2+er7");
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->stated[0].differs);
  EXPECT_EQ(cut->stated[0].number, "B7");
  EXPECT_THAT(cut->stated[0].what, HasSubstr("BTS-1 counts 3 messages, there are 2"));
}

TEST(ReadList, OtherThingsAreRefused) {
  EXPECT_EQ(read("{}").error().code, Code::structure);
  EXPECT_EQ(read(R"({"resourceType":"Patient"})").error().code, Code::structure);
  EXPECT_EQ(read("{").error().code, Code::syntax);
  EXPECT_EQ(read("x", "text/html").error().code, Code::media_type);
  EXPECT_EQ(read("x", "x-application/hl7-v2+er7").error().code, Code::syntax);
}

}  // namespace
}  // namespace holdfast::reconcile
