// MDM and SIU: documents and appointments by their status and what they were.
#include <gtest/gtest.h>

#include <algorithm>

#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string document(std::string_view status, std::string_view content,
                     std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"DocumentReference","id":"d1","status":"{}","docStatus":"final","type":{{"coding":)"
      R"([{{"system":"http://loinc.org","code":"11488-4","display":"Letter"}}]}},"masterIdentifier":{{"system":)"
      R"("urn:holdfast:authority:RXH","value":"D1"}},"subject":{{"reference":"Patient/1"}},"content":[{}]{}}})",
      status, content, more);
}
constexpr std::string_view pdf =
    R"({"attachment":{"contentType":"application/pdf","data":"JVBERg==","title":"Clinic letter"}})";
constexpr std::string_view plain =
    R"({"attachment":{"contentType":"text/plain","data":"RGVhciBDb2xsZWFndWUKfA=="}})";
constexpr std::string_view title_only = R"({"attachment":{"title":"on paper"}})";

std::string event(const std::string& now, const std::string& before = "") {
  return RenderedMessage(now, before.empty() ? std::optional<BytesView>() : before).type();
}

TEST(RenderDocument, ANewOneIsSentWithItsContentIfItHasAny) {
  const RenderedMessage made(document("current", pdf));
  EXPECT_EQ(made.type(), "MDM^T02");
  EXPECT_EQ(made.segments(), "MSH EVN PID TXA OBX");
  EXPECT_EQ(made.raw("TXA", 2), "11488-4^Letter^LN");
  EXPECT_EQ(made.raw("TXA", 12), "D1^RXH");
  EXPECT_EQ(made.raw("TXA", 17), "AU");
  EXPECT_EQ(made.raw("TXA", 19), "AV");
  EXPECT_EQ(made.raw("OBX", 3), "^Clinic letter");
  EXPECT_EQ(made.raw("OBX", 5), "^AP^PDF^Base64^JVBERg==");
  EXPECT_TRUE(made.result->left.empty()) << made.result->left.front().path;
  EXPECT_EQ(event(document("current", title_only)), "MDM^T01");
}

TEST(RenderDocument, PlainTextIsText) {
  const RenderedMessage made(document("current", plain));
  EXPECT_EQ(made.raw("OBX", 2), "TX");
  EXPECT_EQ(made.raw("OBX", 5), "Dear Colleague\\.br\\\\F\\");
}

TEST(RenderDocument, ABinaryOfTheRecordIsSentAsItsContent) {
  TestRecord record;
  record.resources["Binary/b"] =
      R"({"resourceType":"Binary","id":"b","contentType":"application/pdf","data":"JVBERg=="})";
  const RenderedMessage made(
      document("current", R"({"attachment":{"contentType":"application/pdf","url":"Binary/b"}})"),
      {}, test_envelope(), record);
  EXPECT_EQ(made.raw("OBX", 2), "ED");
  EXPECT_EQ(made.raw("OBX", 5), "^AP^PDF^Base64^JVBERg==");
}

TEST(RenderDocument, EachChangeIsItsEvent) {
  const std::string current = document("current", pdf);
  EXPECT_EQ(event(current, current), "MDM^T08");
  EXPECT_EQ(event(document("current", title_only), current), "MDM^T07");
  EXPECT_EQ(event(document("superseded", pdf), current), "MDM^T03");
  EXPECT_EQ(event(document("entered-in-error", pdf), current), "MDM^T11");
  EXPECT_EQ(
      event(document(
          "current", pdf,
          R"(,"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/0"}}])")),
      "MDM^T10");
  EXPECT_EQ(
      event(document(
          "current", pdf,
          R"(,"relatesTo":[{"code":"appends","target":{"reference":"DocumentReference/0"}}])")),
      "MDM^T06");
  EXPECT_EQ(RenderedMessage(document("entered-in-error", pdf)).result.error().code,
            Code::unsupported);
  EXPECT_EQ(RenderedMessage(document("entered-in-error", pdf), current).segments(),
            "MSH EVN PID TXA");
}

std::string appointment(std::string_view status, std::string_view start = "2024-03-05T09:00:00Z",
                        std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"Appointment","id":"a1","status":"{}","start":"{}","end":"2024-03-05T17:00:00Z",)"
      R"("minutesDuration":30,"identifier":[{{"system":"urn:holdfast:authority:RXH","value":"A1"}}],)"
      R"("serviceType":[{{"text":"Clinic"}}],"participant":[{{"actor":{{"reference":"Patient/1"}},)"
      R"("status":"accepted"}},{{"actor":{{"reference":"Practitioner/p"}},"status":"accepted"}}]{}}})",
      status, start, more);
}
RenderedMessage appointed(const std::string& now, const std::string& before = "") {
  TestRecord record;
  record.resources["Practitioner/p"] =
      R"({"resourceType":"Practitioner","id":"p","name":[{"family":"Who","given":["Jo"]}],)"
      R"("identifier":[{"system":"urn:holdfast:authority:GMC","value":"77"}]})";
  return RenderedMessage(now, before.empty() ? std::optional<BytesView>() : before, test_envelope(),
                         record);
}

TEST(RenderAppointment, SaysWhenWhatAndWho) {
  const RenderedMessage made = appointed(appointment("booked"));
  EXPECT_EQ(made.type(), "SIU^S12");
  EXPECT_EQ(made.segments(), "MSH SCH PID RGS AIS AIP");
  EXPECT_EQ(made.raw("SCH", 1), "A1^RXH");
  EXPECT_EQ(made.raw("SCH", 6), "^Booked");
  EXPECT_EQ(made.raw("SCH", 11), "^^^20240305090000+0000^20240305170000+0000");
  EXPECT_EQ(made.raw("SCH", 25), "Booked");
  EXPECT_EQ(made.raw("AIS", 3), "^Clinic");
  EXPECT_EQ(made.raw("AIP", 3), "77^Who^Jo^^^^^^GMC");
  EXPECT_TRUE(made.result->left.empty()) << made.result->left.front().path;
}

TEST(RenderAppointment, EachChangeIsItsEvent) {
  const std::string booked = appointment("booked");
  EXPECT_EQ(appointed(booked, appointment("proposed")).type(), "SIU^S12");
  EXPECT_EQ(appointed(booked, booked).type(), "SIU^S14");
  EXPECT_EQ(appointed(appointment("booked", "2024-03-06T09:00:00Z"), booked).type(), "SIU^S13");
  EXPECT_EQ(appointed(appointment("cancelled"), booked).type(), "SIU^S15");
  EXPECT_EQ(appointed(appointment("entered-in-error"), booked).type(), "SIU^S17");
  EXPECT_EQ(appointed(appointment("noshow"), booked).type(), "SIU^S26");
  EXPECT_EQ(appointed(appointment("arrived"), booked).type(), "SIU^S14");
  EXPECT_EQ(appointed(appointment("proposed")).result.error().code, Code::unsupported);
  EXPECT_EQ(appointed(appointment("cancelled")).result.error().code, Code::unsupported);
}

TEST(RenderAppointment, OfNoPatientSaysWhatToDo) {
  const RenderedMessage made(
      R"({"resourceType":"Appointment","id":"a2","status":"booked","participant":[{"status":"accepted"}]})");
  EXPECT_EQ(made.result.error().code, Code::required);
  EXPECT_NE(made.type().find("none of its participants is a Patient"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::hl7v2
