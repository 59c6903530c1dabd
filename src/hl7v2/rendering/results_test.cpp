// ORU^R01: reports with their results, orders and specimens.
#include <gtest/gtest.h>

#include <algorithm>

#include "hl7v2/rendering/rendering_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string result(std::string_view id, std::string_view value, std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"Observation","id":"{}","status":"final","code":{{"coding":[{{"system":)"
      R"("http://loinc.org","code":"{}","display":"Test"}}]}},"subject":{{"reference":"Patient/1"}},)"
      R"("effectiveDateTime":"2024-03-01T09:30:00Z"{}{}}})",
      id, id, value.empty() ? "" : ",", std::string(value).append(more));
}
std::string report(std::string_view results, std::string_view status = "final",
                   std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"DiagnosticReport","id":"r1","status":"{}","code":{{"coding":[{{"system":)"
      R"("http://snomed.info/sct","code":"26604007","display":"FBC"}}]}},"identifier":[{{"type":{{"coding":)"
      R"([{{"code":"FILL","system":"http://terminology.hl7.org/CodeSystem/v2-0203"}}]}},"system":)"
      R"("urn:holdfast:authority:LAB","value":"F1"}}],"subject":{{"reference":"Patient/1"}},"result":[{}]{}}})",
      status, results, more);
}
/// One result of that value.
RenderedMessage one(std::string_view value, std::string_view more = "",
                    Envelope envelope = test_envelope()) {
  TestRecord record;
  record.resources["Observation/a"] = result("a", value, more);
  return RenderedMessage(report(R"({"reference":"Observation/a"})"), {}, std::move(envelope),
                         std::move(record));
}

TEST(RenderResult, ValuesAreOfTheirTypes) {
  const auto expect = [](std::string_view value, std::string_view type, std::string_view field,
                         std::string_view unit = "") {
    const RenderedMessage made = one(value);
    EXPECT_EQ(made.raw("OBX", 2), type) << value;
    EXPECT_EQ(made.raw("OBX", 5), field) << value;
    EXPECT_EQ(made.raw("OBX", 6), unit) << value;
    EXPECT_TRUE(made.result && made.result->left.empty()) << value << " " << made.bytes;
  };
  expect(
      R"("valueQuantity":{"value":5.10,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"})",
      "NM", "5.10", "mmol/L");
  expect(
      R"("valueQuantity":{"value":5,"comparator":"<","unit":"per litre","system":"http://unitsofmeasure.org","code":"/L"})",
      "SN", "<^5", "/L^per litre^UCUM");
  expect(R"("valueRange":{"low":{"value":1},"high":{"value":2.50}})", "SN", "^1^-^2.50");
  expect(R"("valueRatio":{"numerator":{"value":1},"denominator":{"value":128}})", "SN", "^1^:^128");
  expect(R"("valueString":"a\nb|c")", "TX", "a\\.br\\b\\F\\c");
  expect(R"("valueString":"plain")", "ST", "plain");
  expect(
      R"("valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"10828004","display":"Positive"}]})",
      "CE", "10828004^Positive^SCT");
  expect(R"("valueDateTime":"2024-02")", "TS", "202402");
  expect(R"("valueTime":"10:30:00")", "TM", "103000");
  expect(R"("valueInteger":7)", "NM", "7");
  expect(R"("valueBoolean":true)", "ID", "Y");
  expect(R"("valuePeriod":{"start":"2024-01-01","end":"2024-01-31"})", "DR", "20240101^20240131");
  expect(R"("valueSampledData":{"origin":{"value":0},"period":1,"dimensions":1,"data":"1 2 3"})",
         "NA", "1^2^3");
}

TEST(RenderResult, RangeFlagNoteAndStatusFollow) {
  const RenderedMessage made = one(
      R"("valueQuantity":{"value":9,"unit":"g/L"})",
      R"(,"referenceRange":[{"low":{"value":3.50},"high":{"value":5.0}}],"interpretation":[{"coding":[)"
      R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"HH"}]}],)"
      R"("note":[{"text":"Repeat"}])");
  EXPECT_EQ(made.segments(), "MSH PID ORC OBR OBX NTE");
  EXPECT_EQ(made.raw("OBX", 7), "3.50-5.0");
  EXPECT_EQ(made.raw("OBX", 8), "HH");
  EXPECT_EQ(made.raw("OBX", 11), "F");
  EXPECT_EQ(made.raw("OBX", 14), "20240301093000+0000");
  EXPECT_EQ(made.at("NTE-3"), "Repeat");
  EXPECT_EQ(made.raw("ORC", 1), "RE");
  EXPECT_EQ(made.raw("OBR", 3), "F1^LAB");
  EXPECT_EQ(made.raw("OBR", 4), "26604007^FBC^SCT");
}

TEST(RenderResult, StatusOfTheReportIsInOBR25AndOfAWithdrawnOneInEachResult) {
  TestRecord record;
  record.resources["Observation/a"] = result("a", R"("valueInteger":1)");
  const auto status = [&](std::string_view of) {
    const RenderedMessage made(report(R"({"reference":"Observation/a"})", of), {}, test_envelope(),
                               record);
    return made.raw("OBR", 25) + made.raw("OBX", 11);
  };
  EXPECT_EQ(status("final"), "FF");
  EXPECT_EQ(status("preliminary"), "PF");
  EXPECT_EQ(status("corrected"), "CF");
  EXPECT_EQ(status("amended"), "CF");
  EXPECT_EQ(status("appended"), "CF");
  EXPECT_EQ(status("partial"), "AF");
  EXPECT_EQ(status("registered"), "OF");
  EXPECT_EQ(status("cancelled"), "XF");
  EXPECT_EQ(status("entered-in-error"), "XW");
}

TEST(RenderResult, TheCodeThatCameIsSentBackWhereItStillSaysTheSame) {
  const auto status = [](std::string_view now, std::string_view came) {
    TestRecord record;
    std::string body = result("a", R"("valueInteger":1)");
    body.replace(body.find("\"final\""), 7, fmt::format("\"{}\"", now));
    body.insert(
        body.size() - 1,
        fmt::format(
            R"(,"_status":{{"extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/)"
            R"(alternate-codes","valueCodeableConcept":{{"coding":[{{"code":"{}"}}]}}}}]}})",
            came));
    record.resources["Observation/a"] = body;
    return RenderedMessage(report(R"({"reference":"Observation/a"})"), {}, test_envelope(), record)
        .raw("OBX", 11);
  };
  EXPECT_EQ(status("preliminary", "S"), "S");
  EXPECT_EQ(status("entered-in-error", "D"), "D");
  EXPECT_EQ(status("entered-in-error", "S"), "W");
  EXPECT_EQ(status("corrected", "F"), "C");
  EXPECT_EQ(status("unknown", "F"), "R");
}

TEST(RenderResult, PanelsAndPartsFollowTheWholeAndAreNumberedThrough) {
  TestRecord record;
  record.resources["Observation/p"] = result(
      "p", "", R"(,"hasMember":[{"reference":"Observation/a"},{"reference":"Observation/p"}])");
  record.resources["Observation/a"] =
      result("a", "",
             R"(,"component":[{"code":{"text":"Systolic"},"valueQuantity":{"value":120}},)"
             R"({"code":{"text":"Diastolic"},"valueQuantity":{"value":80}}])");
  const RenderedMessage made(report(R"({"reference":"Observation/p"})"), {}, test_envelope(),
                             record);
  EXPECT_EQ(made.segments(), "MSH PID ORC OBR OBX OBX OBX OBX");
  EXPECT_EQ(made.raw("OBX", 1, 4), "4");
  EXPECT_EQ(made.raw("OBX", 3, 3), "^Systolic");
  EXPECT_EQ(made.raw("OBX", 5, 4), "80");
}

TEST(RenderResult, OrderAndSpecimenAreWhereTheVersionHasThem) {
  TestRecord record;
  record.resources["Observation/a"] = result("a", R"("valueInteger":1)");
  record.resources["ServiceRequest/o"] =
      R"({"resourceType":"ServiceRequest","id":"o","status":"active","intent":"order","identifier":[{"type":)"
      R"({"coding":[{"code":"PLAC"}]},"system":"urn:holdfast:authority:GP","value":"P7"}],"priority":"stat",)"
      R"("subject":{"reference":"Patient/1"},"requester":{"display":"Dr Who"}})";
  record.resources["Specimen/s"] =
      R"({"resourceType":"Specimen","id":"s","type":{"text":"Blood"},"receivedTime":"2024-03-01",)"
      R"("subject":{"reference":"Patient/1"}})";
  const std::string focus = report(
      R"({"reference":"Observation/a"})", "final",
      R"(,"basedOn":[{"reference":"ServiceRequest/o"}],"specimen":[{"reference":"Specimen/s"}])");
  const RenderedMessage old(focus, {}, test_envelope(), record);
  EXPECT_EQ(old.segments(), "MSH PID ORC OBR OBX");
  EXPECT_EQ(old.raw("OBR", 2), "P7^GP");
  EXPECT_EQ(old.raw("ORC", 2), "P7^GP");
  EXPECT_EQ(old.raw("OBR", 5), "S");
  EXPECT_EQ(old.raw("OBR", 14), "20240301");
  EXPECT_EQ(old.raw("OBR", 15), "&Blood");
  EXPECT_EQ(old.raw("OBR", 16), "^Dr Who");
  Envelope newer = test_envelope();
  newer.version = "2.5.1";
  const RenderedMessage made(focus, {}, newer, record);
  EXPECT_EQ(made.segments(), "MSH PID ORC OBR TQ1 OBX SPM");
  EXPECT_EQ(made.raw("SPM", 4), "^Blood");
  EXPECT_EQ(made.raw("SPM", 18), "20240301");
  EXPECT_EQ(made.raw("TQ1", 9), "S");
}

TEST(RenderResult, DocumentsAreSentAsTheyAreOrAsAPointer) {
  const RenderedMessage made(report(
      "", "final",
      R"(,"presentedForm":[{"contentType":"application/pdf","data":"JVBERg==","title":"Report"},)"
      R"({"contentType":"application/dicom","url":"https://pacs.example/1"}],"conclusion":"Normal")"));
  EXPECT_EQ(made.raw("OBX", 2), "ED");
  EXPECT_EQ(made.raw("OBX", 5), "^AP^PDF^Base64^JVBERg==");
  EXPECT_EQ(made.raw("OBX", 2, 2), "RP");
  EXPECT_EQ(made.raw("OBX", 5, 2), "https://pacs.example/1^^AP^DICOM");
  EXPECT_EQ(made.at("NTE-3"), "Normal");
}

TEST(RenderResult, WhatNoTableCarriesIsNamed) {
  const RenderedMessage made = one(R"("valueInteger":1)", R"(,"focus":[{"reference":"Device/9"}])");
  ASSERT_TRUE(made.result.has_value());
  ASSERT_EQ(made.result->left.size(), 1U);
  EXPECT_EQ(made.result->left.front(),
            (Left{"Observation/a", "Observation.focus[0].reference", "Device/9"}));
  EXPECT_EQ(made.result->values,
            made.result->carried + made.result->set_aside + made.result->left.size());
}

}  // namespace
}  // namespace holdfast::hl7v2
