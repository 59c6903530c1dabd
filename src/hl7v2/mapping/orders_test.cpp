// Orders and their control codes, appointments, documents, vaccinations, referrals, blood; and what
// is refused or left over.
#include <gtest/gtest.h>

#include "hl7v2/mapping/mapping_testing.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::string_view pid = "PID|1||K1^^^QE2^MR||SMITH^JOHN\r";

std::string order(std::string_view control) {
  std::string text(pid);
  text.append("ORC|").append(control).append("|P1^EPR|F1^LAB|G1^EPR|||||20240301100000\r");
  return text + "OBR|1|P1^EPR|F1^LAB|FBC^Full blood count^L\r";
}

TEST(OrderMapping, NewOrderIsADraftAndNoAction) {
  const MappedMessage mapped("OML^O21", order("NW"));
  ASSERT_TRUE(mapped.result.has_value());
  const Draft& request = mapped.draft("ServiceRequest");
  EXPECT_EQ(request.mode, DraftMode::merge);
  EXPECT_EQ(request.find.at(0).token(), "urn:holdfast:authority:EPR|P1");
  EXPECT_EQ(request.find.at(1).token(), "urn:holdfast:authority:LAB|F1");
  EXPECT_EQ(request.order_control, "NW");
  EXPECT_EQ(request.event.from, EventTime::From::orc_9);
  EXPECT_TRUE(mapped.says("ServiceRequest", R"("status":"active","intent":"order")") ||
              mapped.says("ServiceRequest", R"("status":"active")"));
  EXPECT_TRUE(mapped.says("ServiceRequest", R"("requisition":{)"));
  EXPECT_TRUE(mapped->actions.empty());
}

// Which pathway an order is of comes from its kind of message, or from the section (OBR-24).
TEST(OrderMapping, AnOrderSaysWhatKindOfOrderItIs) {
  const auto says = [](std::string_view type, std::string_view section, std::string_view json) {
    const MappedMessage mapped(type, std::string(pid) +
                                         "ORC|NW|P1^EPR\rOBR|1|P1^EPR||X^X^L||||||||||||||||||||" +
                                         std::string(section) + "\r");
    return mapped.says("ServiceRequest", json);
  };
  EXPECT_TRUE(says("OML^O21", "", R"("code":"108252007")"));
  EXPECT_TRUE(says("OMI^O23", "", R"("code":"363679005")"));
  EXPECT_TRUE(says("ORM^O01", "CH",
                   R"("system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"CH")"));
  EXPECT_FALSE(says("ORM^O01", "", R"("category")"));
  const MappedMessage blood("OMB^O27", std::string(pid) + "ORC|NW|B1^EPR\rBPO|1|RBC^Red cells^L\r");
  EXPECT_TRUE(blood.says("ServiceRequest", R"("code":"116859006")"));
}

TEST(OrderMapping, EachControlCodeIsAnAction) {
  using Kind = OrderControl::Kind;
  struct Row {
    std::string_view code;
    Kind kind;
  };
  constexpr Row rows[] = {
      {"CA", Kind::cancel},        {"OC", Kind::cancelled}, {"DC", Kind::discontinue},
      {"HD", Kind::hold},          {"RL", Kind::release},   {"RP", Kind::replace},
      {"RO", Kind::replacement},   {"XO", Kind::change},    {"UA", Kind::refused},
      {"UC", Kind::refused},       {"SC", Kind::status},    {"NA", Kind::number_assigned},
      {"SN", Kind::number_wanted}, {"OK", Kind::accepted},  {"ZZ", Kind::other}};
  for (const Row& row : rows) {
    const MappedMessage mapped("ORM^O01", order(row.code));
    const auto controls = mapped.actions<OrderControl>();
    ASSERT_EQ(controls.size(), 1U) << row.code;
    EXPECT_EQ(controls[0].kind, row.kind) << row.code;
    EXPECT_EQ(controls[0].code, row.code);
    EXPECT_EQ(controls[0].placer.at(0).value, "P1");
    EXPECT_EQ(controls[0].filler.at(0).value, "F1");
    EXPECT_EQ(controls[0].group.at(0).value, "G1");
    EXPECT_EQ(controls[0].order, mapped.draft("ServiceRequest").local);
  }
}

TEST(OrderMapping, ReplacementNamesTheOrderThatItReplaces) {
  const MappedMessage mapped(
      "ORM^O01", std::string(pid) + "ORC|RO|P2^EPR||||||P1&EPR^F1&LAB\rOBR|1|P2^EPR||FBC^FBC^L\r");
  const auto controls = mapped.actions<OrderControl>();
  ASSERT_EQ(controls.size(), 1U);
  ASSERT_EQ(controls[0].parent.size(), 2U);
  EXPECT_EQ(controls[0].parent[0].token(), "urn:holdfast:authority:EPR|P1");
  EXPECT_EQ(controls[0].parent[1].token(), "urn:holdfast:authority:LAB|F1");
}

TEST(OrderMapping, CancellationStaysARequestUntilItIsAnswered) {
  const MappedMessage asked("ORM^O01", order("CA"));
  EXPECT_TRUE(asked.says("ServiceRequest", R"("status":"active")"));
  const MappedMessage done("ORR^O02", order("CR"));
  EXPECT_TRUE(done.says("ServiceRequest", R"("status":"revoked")"));
}

TEST(OrderMapping, WishLeavesTheStatusOfTheOrderAsItIs) {
  const MappedMessage asked("ORM^O01", order("XO"));
  const auto& said = asked.draft("ServiceRequest").said;
  EXPECT_EQ(std::ranges::find(said, "status"), said.end());
  const MappedMessage done("ORR^O02", order("OC"));
  const auto& says = done.draft("ServiceRequest").said;
  EXPECT_NE(std::ranges::find(says, "status"), says.end());
}

TEST(OrderMapping, AnswerWithoutPatientIsStillMapped) {
  const MappedMessage mapped("ORR^O02", "MSA|AA|X1\rORC|OK|P1^EPR|F1^LAB\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped.actions<OrderControl>().size(), 1U);
}

TEST(AppointmentMapping, BookingCancellationAndNoShow) {
  constexpr std::string_view sch =
      "SCH|A1^EPR|B1^PAS|||||FOLLOWUP^Follow-up^L|||15|^^^20240310093000^20240310094500\r"
      "PID|1||K1^^^QE2^MR\rRGS|1\rAIS|1||CARD^Cardiology^L|20240310093000\rAIL|1||CLINIC1^^^"
      "QE2\rAIP|1||1234^HOUSE^GREG\r";
  struct Row {
    std::string_view trigger;
    std::string_view status;
  };
  constexpr Row rows[] = {{"SIU^S12", "booked"},
                          {"SIU^S13", "booked"},
                          {"SIU^S15", "cancelled"},
                          {"SIU^S17", "entered-in-error"},
                          {"SIU^S26", "noshow"}};
  for (const Row& row : rows) {
    const MappedMessage mapped(row.trigger, sch);
    ASSERT_TRUE(mapped.result.has_value()) << row.trigger;
    EXPECT_TRUE(mapped.says("Appointment", "\"status\":\"" + std::string(row.status) + "\""))
        << row.trigger << mapped.draft("Appointment").body;
    EXPECT_TRUE(mapped.says("Appointment", R"("start":"2024-03-10T09:30:00Z")"));
    EXPECT_EQ(mapped.draft("Appointment").find.at(0).value, "A1");
    EXPECT_TRUE(
        std::ranges::any_of(mapped.draft("Appointment").references,
                            [&](const LocalReference& one) { return one.to == mapped->patient; }));
  }
}

TEST(DocumentMapping, ContentAndStatus) {
  const std::string body = std::string(pid) +
                           segment("TXA", {{1, "1"},
                                           {2, "DS^Discharge summary^L"},
                                           {6, "20240301100000"},
                                           {9, "1234^HOUSE^GREG"},
                                           {12, "D1^EPR"},
                                           {17, "AU"},
                                           {19, "AV"}}) +
                           "OBX|1|TX|T^Text^L||Dear\\.br\\colleague||||||F\r";
  const MappedMessage mapped("MDM^T02", body);
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped.draft("DocumentReference").find.at(0).token(), "urn:holdfast:authority:EPR|D1");
  EXPECT_TRUE(mapped.says("DocumentReference", R"("docStatus":"final")"));
  EXPECT_TRUE(mapped.says("DocumentReference", R"("data":"RGVhcgpjb2xsZWFndWU=")"));
  EXPECT_EQ(mapped.draft("DocumentReference").result_status, "AU");
  const MappedMessage notice(
      "MDM^T01", std::string(pid) + "TXA|1|DS^Discharge summary^L||||||||||D1^EPR|||||DI\r");
  ASSERT_TRUE(notice.result.has_value());
  EXPECT_TRUE(notice.says("DocumentReference", R"("docStatus":"preliminary")"));
}

TEST(VaccinationMapping, ImmunizationWithItsObservations) {
  const MappedMessage mapped(
      "VXU^V04", std::string(pid) + "ORC|RE||V1^GP\r" +
                     segment("RXA", {{3, "20240301"},
                                     {5, "207^COVID-19^CVX"},
                                     {6, "0.5"},
                                     {7, "mL"},
                                     {15, "LOT7"},
                                     {17, "PFR^Pfizer^MVX"},
                                     {20, "CP"}}) +
                     "RXR|IM^Intramuscular^HL70162|LD^Left "
                     "deltoid^HL70163\rOBX|1|CE|64994-7^Eligibility^LN||V01^No^L||||||F\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(
      mapped.says("Immunization", R"("system":"http://hl7.org/fhir/sid/cvx","code":"207")"));
  EXPECT_TRUE(mapped.says("Immunization", R"("status":"completed")"));
  EXPECT_TRUE(mapped.says("Immunization", R"("lotNumber":"LOT7")"));
  EXPECT_EQ(mapped.draft("Immunization").find.at(0).value, "V1");
  EXPECT_TRUE(mapped.says("Observation", R"("partOf":[)"));
}

TEST(ReferralMapping, ReferralNamesWhoRefersAndToWhom) {
  const MappedMessage mapped(
      "REF^I12",
      "RF1|P^Pending^HL70283|U^Urgent^HL70280|MED^Medical^HL70281|||R1^GP|20240301\r"
      "PRD|RP^Referring^HL70286|WATSON^JOHN|||||G123^GMC\rPRD|RT^Referred "
      "to^HL70286|HOUSE^GREG|||||C77^GMC\r" +
          std::string(pid) + "DG1|1||C50^Breast cancer^I10\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped.draft("ServiceRequest").find.at(0).value, "R1");
  EXPECT_TRUE(mapped.says("ServiceRequest", R"("priority":"urgent")"));
  EXPECT_EQ(mapped.count("Practitioner"), 2U);
  EXPECT_TRUE(mapped.says("ServiceRequest", R"("reasonReference":[)"));
}

TEST(BloodMapping, RequestUnitAndTransfusion) {
  const MappedMessage asked(
      "OMB^O27", std::string(pid) + "ORC|NW|B1^EPR\rBPO|1|RBC^Red cells^L||2|||20240301120000\r");
  ASSERT_TRUE(asked.result.has_value());
  EXPECT_TRUE(asked.says("ServiceRequest", R"("quantityQuantity":{"value":2)"));
  const MappedMessage issued(
      "BPS^O29",
      std::string(pid) +
          "ORC|RE|B1^EPR\rBPX|1|DS^Dispensed^HL70510|P|20240301130000|U1^NHSBT|RBC^Red cells^L\r");
  ASSERT_TRUE(issued.result.has_value());
  EXPECT_EQ(issued.count("BiologicallyDerivedProduct"), 1U);
  const MappedMessage given("BTS^O31", std::string(pid) + "ORC|RE|B1^EPR\r" +
                                           segment("BTX", {{2, "U1^NHSBT"},
                                                           {3, "RBC^Red cells^L"},
                                                           {11, "TX^Transfused^HL70513"},
                                                           {15, "20240301140000"}}));
  ASSERT_TRUE(given.result.has_value());
  EXPECT_TRUE(given.says("Procedure", R"("performedPeriod":{"start":"2024-03-01T14:00:00Z")"));
}

TEST(Mapping, UnknownMessageIsRefusedByName) {
  const MappedMessage mapped("DFT^P03", pid);
  ASSERT_FALSE(mapped.result.has_value());
  EXPECT_EQ(mapped.result.error().code, Code::unsupported);
  EXPECT_EQ(mapped.result.error().what, "no mapping for DFT^P03");
}

TEST(Mapping, EveryValueIsCountedOnce) {
  const MappedMessage mapped(
      "ADT^A28",
      "PID|1||K1^^^QE2^MR||SMITH||||||||||||||||||||||||||||||||||||||||EXTRA\rZU8|1|local\rZZ\r");
  ASSERT_TRUE(mapped.result.has_value());
  const Report& report = mapped->report;
  EXPECT_EQ(report.leaves, report.mapped + report.set_aside + report.unmapped());
  EXPECT_TRUE(
      mapped.found(Finding::Kind::unmapped, "PID-45.1.1") ||
      std::ranges::any_of(report.findings, [](const Finding& one) { return one.raw == "EXTRA"; }));
  EXPECT_TRUE(mapped.found(Finding::Kind::local_segment, "ZU8"));
  EXPECT_GE(report.unmapped(), 3U);  // EXTRA, and the two of ZU8
}

TEST(Mapping, SegmentsWithoutAPlaceAreNamed) {
  const MappedMessage mapped("ADT^A28", std::string(pid) + "SCH|A1\rXYZ|1\r");
  EXPECT_TRUE(mapped.found(Finding::Kind::unexpected_segment, "SCH"));
  EXPECT_TRUE(mapped.found(Finding::Kind::unknown_segment, "XYZ"));
}

TEST(Mapping, SecondRepetitionOfWhatFhirHasOnceIsReported) {
  const MappedMessage mapped("ADT^A28", "PID|1||K1|||||M~F\r");
  EXPECT_TRUE(mapped.says("Patient", R"("gender":"male")"));
  EXPECT_TRUE(mapped.found(Finding::Kind::unmapped, "PID-8[2].1.1"));
}

TEST(Mapping, TheSameMessageGivesTheSameBytes) {
  const std::string text = order("NW") + "SPM|1|S1\rOBX|1|ST|A^A^L||x||||||F\r";
  const MappedMessage once("OML^O21", text);
  const MappedMessage again("OML^O21", text);
  ASSERT_EQ(once->drafts.size(), again->drafts.size());
  for (std::size_t i = 0; i < once->drafts.size(); ++i) {
    EXPECT_EQ(once->drafts[i].body, again->drafts[i].body);
    EXPECT_EQ(once->drafts[i].local.value, i + 1);
  }
  EXPECT_EQ(encode(once->report), encode(again->report));
}

TEST(Mapping, TooManySegmentsAreRefused) {
  std::string text(pid);
  for (std::size_t i = 0; i < mapped_segments_max; ++i) {
    text.append("NTE|1||x\r");
  }
  const MappedMessage mapped("ORU^R01", text);
  ASSERT_FALSE(mapped.result.has_value());
  EXPECT_EQ(mapped.result.error().code, Code::too_large);
}

TEST(Mapping, FieldsHaveNames) {
  EXPECT_EQ(field_name("PID", 5)->name, "Patient Name");
  EXPECT_EQ(field_name("PID", 5)->data_type, "XPN");
  EXPECT_FALSE(field_name("PID", 0).has_value());
  EXPECT_FALSE(field_name("PID", 400).has_value());
  EXPECT_FALSE(field_name("QQQ", 1).has_value());
}

TEST(Overlay, CsvIsCheckedLineByLine) {
  Overlay overlay;
  EXPECT_TRUE(add_overlay(overlay, "authorities", "name,system,owner\nQE2,https://qe2.example,IT\n")
                  .has_value());
  EXPECT_TRUE(add_overlay(overlay, "codes",
                          "table,from,code,system,display\n0001,X,other,http://hl7.org/fhir/"
                          "administrative-gender,\"Other, so\"\n")
                  .has_value());
  EXPECT_TRUE(add_overlay(overlay, "units", "from,ucum\r\nx10E9,10*9/L\r\n").has_value());
  EXPECT_TRUE(add_overlay(overlay, "defaults", "path,value\nPID-3.4,QE2\n").has_value());
  EXPECT_EQ(overlay.authorities.at("QE2"), "https://qe2.example");
  EXPECT_EQ(overlay.codes.at("0001").at("X").display, "Other, so");
  const auto fault = [&](std::string_view kind, std::string_view csv) {
    Overlay into;
    const Result<void> added = add_overlay(into, kind, csv);
    return added ? std::string() : added.error().what;
  };
  EXPECT_EQ(fault("authorities", "name\nA\n"), "line 1: the column system is missing");
  EXPECT_EQ(fault("authorities", "name,system\nA,no uri\n"), "line 2: 'no uri' is no URI");
  EXPECT_EQ(fault("authorities", "name,system\nA,urn:a\nA,urn:b\n"),
            "line 3: A is there with another meaning");
  EXPECT_EQ(fault("units", "from,ucum\nx,blobs\n"), "line 2: 'blobs' is no unit of UCUM");
  EXPECT_EQ(fault("defaults", "path,value\nPID,x\n"),
            "line 2: 'PID' is no path such as PID-3 or PID-3.4");
  EXPECT_EQ(fault("units", "from,ucum\n\"x,mg\n"), "line 2: a quote is not closed");
  EXPECT_FALSE(fault("colours", "a,b\n").empty());
}

TEST(Overlay, CodesOfANeighbourComeFirst) {
  Overlay overlay;
  overlay.codes["0001"]["X"] = {"http://hl7.org/fhir/administrative-gender", "other", "Other"};
  overlay.zone = *Zone::named("Europe/London");
  const MappedMessage mapped("ADT^A28", "PID|1||K1||||202406011200|X\r", overlay);
  EXPECT_TRUE(mapped.says("Patient", R"("gender":"other")"));
  EXPECT_TRUE(mapped.says("Patient", "2024-06-01T12:00:00+01:00"));
}

TEST(Report, DecodesOnlyWhatItEncoded) {
  const MappedMessage mapped("ADT^A28", std::string(pid) + "ZU8|1\r");
  const Bytes encoded = encode(mapped->report);
  for (std::size_t cut = 0; cut < encoded.size(); ++cut) {
    EXPECT_FALSE(decode_report(BytesView(encoded).substr(0, cut)).has_value()) << cut;
  }
  EXPECT_FALSE(decode_report(encoded + "x").has_value());
}

}  // namespace
}  // namespace holdfast::hl7v2
