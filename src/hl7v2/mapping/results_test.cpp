// ORU: reports, observations of every value type, statuses, specimens.
#include <gtest/gtest.h>

#include <algorithm>

#include "hl7v2/mapping/mapping_testing.h"

namespace holdfast::hl7v2 {
namespace {

std::string oru(std::string_view obx, std::string_view obr_25 = "F") {
  std::string text =
      "PID|1||K1^^^QE2^MR\rORC|RE|P1^EPR|F1^LAB\rOBR|1|P1^EPR|F1^LAB|FBC^Full blood count^L|||"
      "20240301080000|||||||||||||||20240301113000||HM|";
  text.append(obr_25).append("\r").append(obx);
  return text;
}

TEST(ResultMapping, NumberWithUnitRangeAndFlag) {
  const MappedMessage mapped(
      "ORU^R01",
      oru("OBX|1|NM|718-7^Haemoglobin^LN||13.50|g/dL|11.5-16.5|H|||F|||20240301090000\r"));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says(
      "Observation",
      R"("valueQuantity":{"value":13.50,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"})"));
  EXPECT_TRUE(mapped.says(
      "Observation",
      R"("referenceRange":[{"text":"11.5-16.5","low":{"value":11.5},"high":{"value":16.5}}])"));
  EXPECT_TRUE(mapped.says("Observation", R"("code":"H")"));
  EXPECT_TRUE(mapped.says("Observation", R"("status":"final")"));
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("status":"final")"));
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("issued":"2024-03-01T11:30:00Z")"));
  EXPECT_EQ(mapped.draft("DiagnosticReport").event.from, EventTime::From::obr_22);
  EXPECT_EQ(mapped.draft("DiagnosticReport").result_status, "F");
  EXPECT_EQ(mapped.draft("ServiceRequest").mode, DraftMode::create_if_absent);
  EXPECT_EQ(mapped.draft("ServiceRequest").find.at(0).token(), "urn:holdfast:authority:EPR|P1");
}

// A limit that is guessed judges a patient.
TEST(ResultMapping, OnlyNumbersAreLimits) {
  const auto range = [](std::string_view text) {
    std::string obx = "OBX|1|NM|X^X^L||5|g/L|";
    obx.append(text).append("||||F|||20240301090000\r");
    const MappedMessage mapped("ORU^R01", oru(obx));
    const std::string body(mapped.draft("Observation").body);
    const std::size_t at = body.find(R"("referenceRange":[)");
    return body.substr(at + 18, body.find(']', at) - at - 18);
  };
  EXPECT_EQ(range("-2 - 2"), R"({"text":"-2 - 2","low":{"value":-2},"high":{"value":2}})");
  EXPECT_EQ(range("-3--1"), R"({"text":"-3--1","low":{"value":-3},"high":{"value":-1}})");
  EXPECT_EQ(range(">= 60"), R"({"text":">= 60","low":{"value":60}})");
  EXPECT_EQ(range("<=5.0"), R"({"text":"<=5.0","high":{"value":5.0}})");
  for (const std::string text : {"<5", ">60", "negative", "5.3-3.5", "1-2-3", "3.5-", "-5",
                                 "3.5-5.3 (fasting)", "F 12-16", "up to 5", "1-1e999999999"}) {
    std::string words = R"({"text":")";
    words.append(text).append("\"}");
    EXPECT_EQ(range(text), words);
  }
}

// A corrected value without a flag must not keep the flag of the value before it.
TEST(ResultMapping, AValueTakesTheFlagsOfTheOneBeforeAway) {
  const auto speaks_for = [](std::string_view obx, std::string_view element) {
    const MappedMessage mapped("ORU^R01", oru(obx));
    const auto& said = mapped.draft("Observation").said;
    return std::ranges::find(said, element) != said.end();
  };
  for (const std::string_view element : {"interpretation", "referenceRange", "dataAbsentReason"}) {
    EXPECT_TRUE(speaks_for("OBX|1|NM|2823-3^Potassium^LN||4.6|mmol/L|||||C\r", element)) << element;
    EXPECT_FALSE(speaks_for("OBX|1|NM|2823-3^Potassium^LN||||||||F\r", element)) << element;
  }
  EXPECT_TRUE(speaks_for("OBX|1|NM|2823-3^Potassium^LN||||||||F\r", "status"));
}

TEST(ResultMapping, ValueThatIsNoNumberIsKeptAsTextAndReported) {
  const MappedMessage mapped("ORU^R01", oru("OBX|1|NM|718-7^Hb^LN||haemolysed|g/dL||||||F\r"));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says("Observation", R"("valueString":"haemolysed")"));
  EXPECT_FALSE(mapped.says("Observation", "valueQuantity"));
  EXPECT_TRUE(mapped.found(Finding::Kind::unconverted, "OBX-5.1.1"));
  EXPECT_TRUE(mapped.says("Observation", "g/dL"));  // the unit is not lost either
}

TEST(ResultMapping, EachValueTypeHasItsElement) {
  struct Row {
    std::string_view type;
    std::string_view value;
    std::string_view json;
  };
  constexpr Row rows[] = {
      {"NM", "<5", R"("valueQuantity":{"value":5,"comparator":"<")"},
      {"SN", ">^10", R"("valueQuantity":{"comparator":">","value":10)"},
      {"SN", "^1^-^4", R"("valueRange":{"low":{"value":1},"high":{"value":4}})"},
      {"SN", "^1^:^128", R"("valueRatio":{"numerator":{"value":1},"denominator":{"value":128}})"},
      {"ST", "Group A", R"("valueString":"Group A")"},
      {"TX", "one~two", R"("valueString":"one\ntwo")"},
      {"FT", "a\\.br\\b", R"("valueString":"a\nb")"},
      {"CE", "112283007^E. coli^SCT",
       R"("valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"112283007","display":"E. coli"}]})"},
      {"CWE", "1^One^L~2^Two^L", R"("component":[{"valueCodeableConcept":{"coding":[{)"},
      {"CNE", "Y^Yes^HL70136",
       R"("valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0136")"},
      {"DT", "20240301", R"("valueDateTime":"2024-03-01")"},
      {"TS", "20240301101500+0100", R"("valueDateTime":"2024-03-01T10:15:00+01:00")"},
      {"TM", "1015", R"("valueTime":"10:15:00")"},
      {"NA", "1^2^3", R"("valueSampledData":{"data":"1 2 3")"},
      {"DR", "20240301^20240302", R"("valuePeriod":{"start":"2024-03-01","end":"2024-03-02"})"},
      {"XX", "who^knows", R"("valueString":"who^knows")"},
  };
  for (const Row& row : rows) {
    const MappedMessage mapped("ORU^R01", oru("OBX|1|" + std::string(row.type) + "|X^X^L||" +
                                              std::string(row.value) + "||||||F\r"));
    ASSERT_TRUE(mapped.result.has_value()) << row.type;
    EXPECT_TRUE(mapped.says("Observation", row.json)) << row.type << " " << row.value << "\n"
                                                      << mapped.draft("Observation").body;
  }
}

TEST(ResultMapping, DocumentsBecomeFormsOfTheReport) {
  const MappedMessage mapped(
      "ORU^R01", oru("OBX|1|ED|PDF^Report^L||LAB^AP^PDF^Base64^JVBERi0=||||||F\r"
                     "OBX|2|RP|IMG^Image^L||https://pacs.example/1^PACS^IM^JPEG||||||F\r"));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(
      mapped.says("DiagnosticReport",
                  R"({"contentType":"application/pdf","data":"JVBERi0=","title":"Report"})"));
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("url":"https://pacs.example/1")"));
}

TEST(ResultMapping, DocumentThatIsNotBase64IsReported) {
  const MappedMessage mapped("ORU^R01",
                             oru("OBX|1|ED|PDF^Report^L||LAB^AP^PDF^Base64^JVB*RG||||||F\r"));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.found(Finding::Kind::unconverted, "OBX-5.5.1"));
}

TEST(ResultMapping, EveryStatusHasAMeaning) {
  struct Row {
    std::string_view sent;
    std::string_view status;
  };
  constexpr Row rows[] = {{"F", "final"},
                          {"P", "preliminary"},
                          {"C", "corrected"},
                          {"D", "entered-in-error"},
                          {"W", "entered-in-error"},
                          {"X", "cancelled"},
                          {"R", "preliminary"},
                          {"S", "preliminary"},
                          {"I", "registered"},
                          {"B", "amended"},
                          {"V", "final"},
                          {"U", "final"},
                          {"?", "unknown"}};
  for (const Row& row : rows) {
    const MappedMessage mapped("ORU^R01",
                               oru("OBX|1|ST|X^X^L||a||||||" + std::string(row.sent) + "\r"));
    EXPECT_TRUE(mapped.says("Observation", "\"status\":\"" + std::string(row.status) + "\""))
        << row.sent;
    EXPECT_EQ(mapped.draft("Observation").result_status, row.sent);
  }
}

TEST(ResultMapping, WrongDeletedAndUnobtainableResultsAreRetracted) {
  const MappedMessage mapped("ORU^R01", oru("OBX|1|ST|A^A^L||a||||||W\rOBX|2|ST|B^B^L||b||||||D\r"
                                            "OBX|3|ST|C^C^L||||||||X\rOBX|4|ST|D^D^L||d||||||F\r"));
  ASSERT_TRUE(mapped.result.has_value());
  const auto retracted = mapped.actions<RetractResult>();
  ASSERT_EQ(retracted.size(), 3U);
  EXPECT_EQ(retracted[0].why, RetractResult::Why::wrong);
  EXPECT_EQ(retracted[0].result, mapped.draft("Observation", 1).local);
  EXPECT_EQ(retracted[0].order, mapped.draft("ServiceRequest").local);
  EXPECT_EQ(retracted[1].why, RetractResult::Why::deleted);
  EXPECT_EQ(retracted[2].why, RetractResult::Why::not_obtained);
  const MappedMessage whole("ORU^R01", oru("", "X"));
  ASSERT_EQ(whole.actions<RetractResult>().size(), 1U);
  EXPECT_EQ(whole.actions<RetractResult>()[0].why, RetractResult::Why::order_cancelled);
}

TEST(ResultMapping, TheSameObservationIsFoundAgainAndRepeatsAreTold) {
  const std::string lines =
      oru("OBX|1|TX|N^Note^L||first||||||F\rOBX|2|TX|N^Note^L||second||||||F\r"
          "OBX|3|NM|N^Note^L|2|7||||||F\r");
  const MappedMessage once("ORU^R01", lines);
  const MappedMessage again("ORU^R01", lines);
  ASSERT_EQ(once.count("Observation"), 3U);
  EXPECT_EQ(once.draft("Observation", 1).find, again.draft("Observation", 1).find);
  EXPECT_NE(once.draft("Observation", 1).find, once.draft("Observation", 2).find);
  EXPECT_NE(once.draft("Observation", 2).find, once.draft("Observation", 3).find);
  EXPECT_EQ(once.draft("Observation", 2).body, again.draft("Observation", 2).body);
}

TEST(ResultMapping, TheSameLineTwiceIsTwoLines) {
  const MappedMessage mapped("ORU^R01",
                             oru("OBX|1|TX|N^Note^L||***||||||F\rOBX|2|TX|N^Note^L||***||||||F\r"));
  ASSERT_EQ(mapped.count("Observation"), 2U);
  EXPECT_FALSE(mapped.found(Finding::Kind::merged, "OBX[2]"));
  EXPECT_EQ(mapped.draft("Observation", 2).find.at(0).value, "F1|FBC|N|#2");
}

TEST(ResultMapping, ReportsOfOneOrderAreToldApartByTheirTest) {
  const MappedMessage mapped("ORU^R01",
                             "PID|1||K1^^^QE2^MR\rOBR|1|P1|F1|FBC^FBC^L\rOBX|1|NM|A^A^L||1||||||F\r"
                             "OBR|2|P1|F1|UE^U&E^L\rOBX|1|NM|A^A^L||2||||||F\r");
  ASSERT_TRUE(mapped.result.has_value());
  ASSERT_EQ(mapped.count("DiagnosticReport"), 2U);
  EXPECT_NE(mapped.draft("DiagnosticReport", 1).find, mapped.draft("DiagnosticReport", 2).find);
  EXPECT_NE(mapped.draft("Observation", 1).find, mapped.draft("Observation", 2).find);
}

TEST(ResultMapping, ResultsRequestsAndSpecimensAreLinked) {
  const MappedMessage mapped("ORU^R01", oru("OBX|1|NM|A^A^L||1||||||F\rNTE|1||seen twice\r"
                                            "SPM|1|S1&EPR^S2&LAB||BLD^Blood^HL70487\r"
                                            "OBX|1|ST|VOL^Volume^L||low||||||F\r"));
  ASSERT_TRUE(mapped.result.has_value());
  const auto refers = [&](const Draft& from, Local to) {
    return std::ranges::any_of(from.references,
                               [&](const LocalReference& one) { return one.to == to; });
  };
  const Draft& report = mapped.draft("DiagnosticReport");
  const Draft& specimen = mapped.draft("Specimen");
  ASSERT_EQ(mapped.count("Observation"), 2U);
  EXPECT_TRUE(refers(report, mapped.draft("Observation", 1).local));
  EXPECT_TRUE(refers(report, mapped.draft("ServiceRequest").local));
  EXPECT_TRUE(refers(report, specimen.local));
  EXPECT_TRUE(refers(mapped.draft("Observation", 1), specimen.local));
  EXPECT_TRUE(refers(mapped.draft("Observation", 2), specimen.local));
  EXPECT_TRUE(mapped.says("Observation", R"("subject":{"reference":"urn:holdfast:draft:1"})"));
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("subject":{"reference":"urn:holdfast:draft:1"})"));
  EXPECT_TRUE(mapped.says("Specimen", R"("subject":{"reference":"urn:holdfast:draft:1"})"));
  EXPECT_EQ(specimen.find.at(0).token(), "urn:holdfast:authority:EPR|S1");
  EXPECT_TRUE(mapped.says("Observation", R"("note":[{"text":"seen twice"}])"));
}

std::size_t references(const Draft& from, const Draft& to) {
  return static_cast<std::size_t>(std::ranges::count_if(
      from.references, [&](const LocalReference& one) { return one.to == to.local; }));
}

// An order whose results have not come yet has none, whatever another order of the message has.
TEST(ResultMapping, WhatBelongsToAnotherOrderIsNotTaken) {
  const MappedMessage mapped("ORU^R01",
                             "PID|1||K1^^^QE2^MR\rPV1|1|I|W1||||||||||||||||V1\r"
                             "OBX|1|NM|29463-7^Weight^LN||70|kg||||F\r"
                             "ORC|RE|P1^EPR|F1^LAB\rOBR|1|P1^EPR|F1^LAB|FBC^Full blood count^L\r"
                             "ORC|RE|P2^EPR|F2^LAB\rOBR|2|P2^EPR|F2^LAB|UE^Urea^L\r"
                             "OBX|1|NM|2823-3^K^LN||4.1|mmol/L|||||F\r"
                             "SPM|1|S2^EPR||BLD^Blood^L\r"
                             "ORC|RE|P3^EPR|F3^LAB\rOBR|3|P3^EPR|F3^LAB|LFT^Liver^L\r"
                             "OBX|1|NM|1742-6^ALT^LN||20|U/L|||||F\r");
  ASSERT_TRUE(mapped.result.has_value());
  const Draft& weight = mapped.draft("Observation", 1);
  const Draft& potassium = mapped.draft("Observation", 2);
  const Draft& liver = mapped.draft("Observation", 3);
  EXPECT_FALSE(mapped.says("DiagnosticReport", "\"result\"", 1))
      << mapped.draft("DiagnosticReport", 1).body;
  EXPECT_FALSE(mapped.says("DiagnosticReport", "\"specimen\"", 1));
  const Draft& second = mapped.draft("DiagnosticReport", 2);
  EXPECT_EQ(references(second, potassium), 1U);
  EXPECT_EQ(references(second, liver) + references(second, weight), 0U);
  const Draft& specimen = mapped.draft("Specimen");
  EXPECT_EQ(references(potassium, specimen), 1U);
  EXPECT_EQ(references(liver, specimen), 0U);
  // What is around all of them is theirs: the visit is a group of its own.
  for (const int number : {1, 2, 3}) {
    EXPECT_EQ(references(mapped.draft("DiagnosticReport", number), mapped.draft("Encounter")), 1U);
  }
}

TEST(ResultMapping, AnOrderOfASpecimenHasTheSpecimenAndNotItsOtherOrders) {
  const MappedMessage mapped(
      "OUL^R22",
      "PID|1||K1^^^QE2^MR\rSPM|1|S1^EPR||BLD^Blood^L\r"
      "OBX|1|NM|19080-1^Volume^LN||5|mL|||||F\r"
      "OBR|1|P1^EPR|F1^LAB|FBC^Full blood count^L\r"
      "OBR|2|P2^EPR|F2^LAB|UE^Urea^L\rOBX|1|NM|2823-3^K^LN||4.1|mmol/L|||||F\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_FALSE(mapped.says("DiagnosticReport", "\"result\"", 1))
      << mapped.draft("DiagnosticReport", 1).body;
  const Draft& second = mapped.draft("DiagnosticReport", 2);
  EXPECT_EQ(references(second, mapped.draft("Observation", 2)), 1U);
  EXPECT_EQ(references(second, mapped.draft("Observation", 1)), 0U);
  EXPECT_EQ(references(mapped.draft("DiagnosticReport", 1), mapped.draft("Specimen")), 1U);
  EXPECT_EQ(references(second, mapped.draft("Specimen")), 1U);
}

TEST(ResultMapping, ParentOfAMicrobiologyResultIsKept) {
  const MappedMessage mapped("ORU^R01",
                             "PID|1||K1\r" + segment("OBR", {{2, "P1"},
                                                             {3, "F2"},
                                                             {4, "SENS^Sensitivity^L"},
                                                             {25, "F"},
                                                             {26, "ORG&Organism&L^1^E. coli"},
                                                             {29, "P1^F1"}}));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("url":"urn:holdfast:hl7v2:OBR-26")"));
  EXPECT_TRUE(mapped.says("DiagnosticReport", R"("value":"F1")"));
}

TEST(ResultMapping, UnitsOfTheOverlayAndUnknownOnes) {
  Overlay overlay;
  overlay.units["10^9/L"] = "10*9/L";
  overlay.units["x10E9"] = "10*9/L";
  const MappedMessage mapped(
      "ORU^R01", oru("OBX|1|NM|A^A^L||4|x10E9|||||F\rOBX|2|NM|B^B^L||4|blobs|||||F\r"), overlay);
  EXPECT_TRUE(mapped.says(
      "Observation", R"("unit":"x10E9","system":"http://unitsofmeasure.org","code":"10*9/L")"));
  EXPECT_TRUE(mapped.says("Observation", R"("unit":"blobs"})", 2));
  EXPECT_TRUE(mapped.found(Finding::Kind::unmapped_unit, "OBX[2]-6.1.1"));
}

TEST(ResultMapping, ObservationsWithoutAnOrderStillArrive) {
  const MappedMessage mapped("ORU^R01", "PID|1||K1\rOBX|1|NM|A^A^L||1||||||F\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped.count("Observation"), 1U);
}

}  // namespace
}  // namespace holdfast::hl7v2
