// ADT: patients, visits, and what is no resource: merges, links, moves, changed numbers,
// cancellations.
#include <gtest/gtest.h>

#include "hl7v2/mapping/mapping_testing.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::string_view pid =
    "PID|1||9434765919^^^NHS^NH~K12345^^^QE2^MR||SMITH^JOHN^^^MR||19600102|M|||1 High "
    "St^^Leeds^^LS1 "
    "1AA^GBR^H||07700900123^PRN^CP\r";

TEST(AdtMapping, PatientIsFoundByNhsNumberThenByTheLocalOne) {
  const MappedMessage mapped("ADT^A28", pid);
  ASSERT_TRUE(mapped.result.has_value());
  const Draft& patient = mapped.draft("Patient");
  ASSERT_EQ(patient.find.size(), 2U);
  EXPECT_EQ(patient.find[0].token(), "https://fhir.nhs.uk/Id/nhs-number|9434765919");
  EXPECT_EQ(patient.find[1].token(), "urn:holdfast:authority:QE2|K12345");
  EXPECT_EQ(patient.mode, DraftMode::merge);
  EXPECT_EQ(mapped->patient, patient.local);
  EXPECT_TRUE(mapped.says("Patient", R"("birthDate":"1960-01-02")"));
  EXPECT_TRUE(mapped.says("Patient", R"("gender":"male")"));
  EXPECT_TRUE(mapped.says("Patient", R"("family":"SMITH","given":["JOHN"],"prefix":["MR"])"));
}

TEST(AdtMapping, NhsNumberComesFirstWhereverItStands) {
  const MappedMessage mapped("ADT^A28", "PID|1||K1^^^QE2^MR~943 476 5919^^^NHS^NH\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped.draft("Patient").find[0].value, "9434765919");
}

TEST(AdtMapping, WrongNhsNumberNeverFindsAnybodyAsOne) {
  const MappedMessage mapped("ADT^A28", "PID|1||9434765918^^^NHS^NH~K1^^^QE2^MR\r");
  ASSERT_TRUE(mapped.result.has_value());
  for (const BusinessId& one : mapped.draft("Patient").find) {
    EXPECT_NE(one.system, "https://fhir.nhs.uk/Id/nhs-number");
  }
  EXPECT_TRUE(mapped.found(Finding::Kind::bad_identifier, "PID-3.1.1"));
}

TEST(AdtMapping, OverlayNamesTheSystemOfAnAuthority) {
  Overlay overlay;
  overlay.authorities["QE2"] = "https://qe2.example/patients";
  overlay.defaults["PID-3.4"] = "QE2";
  const MappedMessage mapped("ADT^A28", "PID|1||K1^^^QE2^MR~K2\r", overlay);
  ASSERT_TRUE(mapped.result.has_value());
  ASSERT_EQ(mapped.draft("Patient").find.size(), 2U);
  EXPECT_EQ(mapped.draft("Patient").find[0].token(), "https://qe2.example/patients|K1");
  EXPECT_EQ(mapped.draft("Patient").find[1].token(), "https://qe2.example/patients|K2");
}

TEST(AdtMapping, AccountNumberFindsNoPatient) {
  const MappedMessage mapped("ADT^A28", "PID|1||K1^^^QE2^MR|||||||||||||||A77^^^QE2^AN\r");
  ASSERT_TRUE(mapped.result.has_value());
  ASSERT_EQ(mapped.draft("Patient").find.size(), 1U);
  EXPECT_TRUE(mapped.says("Patient", "A77"));
}

TEST(AdtMapping, WhatIsSaidReplacesWhatIsNotSaidStaysAndTwoQuotesRemove) {
  const MappedMessage mapped("ADT^A31",
                             "PID|1||K1^^^QE2^MR||SMITH^JOHN||\"\"|M|||||\"\"|0201^WPN^PH||\"\"\r");
  ASSERT_TRUE(mapped.result.has_value());
  const Draft& patient = mapped.draft("Patient");
  const auto has = [](const std::vector<std::string_view>& list, std::string_view what) {
    return std::ranges::find(list, what) != list.end();
  };
  EXPECT_TRUE(has(patient.said, "name.where(use.empty() or use != 'nickname')"));
  EXPECT_TRUE(has(patient.said, "telecom.where(use = 'work')"));
  EXPECT_TRUE(has(patient.removed, "telecom.where(use.empty() or use != 'work')"));
  EXPECT_TRUE(has(patient.said, "gender"));
  EXPECT_FALSE(has(patient.said, "address"));
  EXPECT_FALSE(has(patient.said, "identifier"));
  EXPECT_TRUE(has(patient.removed, "birthDate"));
  EXPECT_TRUE(has(patient.removed, "maritalStatus"));
  EXPECT_EQ(patient.body.find("birthDate"), std::string::npos);
}

TEST(AdtMapping, UnknownGenderIsKeptBesideTheElementAndReported) {
  const MappedMessage mapped("ADT^A28", "PID|1||K1^^^QE2^MR|||||X\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says("Patient", R"("_gender":{"extension":[{)"));
  EXPECT_TRUE(mapped.says("Patient", R"("code":"X")"));
  EXPECT_FALSE(mapped.says("Patient", R"("gender":)"));
  EXPECT_TRUE(mapped.found(Finding::Kind::unmapped_code, "PID-8.1.1"));
}

TEST(AdtMapping, VisitIsFoundByItsNumberAndBelongsToThePatient) {
  const MappedMessage mapped("ADT^A01",
                             std::string(pid) + segment("PV1", {{1, "1"},
                                                                {2, "I"},
                                                                {3, "W5^3^B^QE2"},
                                                                {7, "1234567^HOUSE^GREG^^^DR"},
                                                                {19, "V99^^^QE2^VN"},
                                                                {44, "20240301110000"}}));
  ASSERT_TRUE(mapped.result.has_value());
  const Draft& visit = mapped.draft("Encounter");
  EXPECT_EQ(visit.find.at(0).token(), "urn:holdfast:authority:QE2|V99");
  EXPECT_TRUE(mapped.says("Encounter", R"("status":"in-progress")"));
  EXPECT_TRUE(mapped.says("Encounter", R"("code":"IMP")"));
  EXPECT_TRUE(mapped.says("Encounter", R"("start":"2024-03-01T11:00:00Z")"));
  bool refers = false;
  for (const LocalReference& reference : visit.references) {
    refers = refers || reference.to == mapped->patient;
  }
  EXPECT_TRUE(refers);
  EXPECT_EQ(mapped.count("Location"), 2U);  // the bed and its ward
  EXPECT_EQ(mapped.draft("Location").find.at(0).token(), "urn:holdfast:authority:QE2|W5/3/B");
  EXPECT_EQ(mapped.draft("Practitioner").mode, DraftMode::create_if_absent);
}

TEST(AdtMapping, DischargeFinishesAndCancelledAdmissionIsCancelled) {
  const MappedMessage discharge("ADT^A03", std::string(pid) + "PV1|1|I|||||||||||||||||V99\r");
  EXPECT_TRUE(discharge.says("Encounter", R"("status":"finished")"));
  const MappedMessage cancel("ADT^A11", std::string(pid) + "PV1|1|I|||||||||||||||||V99\r");
  EXPECT_TRUE(cancel.says("Encounter", R"("status":"cancelled")"));
  const auto events = cancel.actions<CancelEvent>();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].trigger, "A11");
  EXPECT_EQ(events[0].cancelled, "A01 A04");
  EXPECT_EQ(events[0].party.visit.at(0).value, "V99");
  EXPECT_EQ(events[0].encounter, cancel->encounter);
}

TEST(AdtMapping, UpdateSaysNothingOfTheStatusOfAVisit) {
  const MappedMessage update("ADT^A08", std::string(pid) + "PV1|1|I|||||||||||||||||V99\r");
  const auto& said = update.draft("Encounter").said;
  EXPECT_EQ(std::ranges::find(said, "status"), said.end());
  EXPECT_NE(std::ranges::find(said, "class"), said.end());
  const MappedMessage admission("ADT^A01", std::string(pid) + "PV1|1|I|||||||||||||||||V99\r");
  const auto& says = admission.draft("Encounter").said;
  EXPECT_NE(std::ranges::find(says, "status"), says.end());
}

TEST(AdtMapping, OnlyAdtChangesAPatientThatIsThere) {
  EXPECT_EQ(MappedMessage("ADT^A31", pid).draft("Patient").mode, DraftMode::merge);
  EXPECT_EQ(MappedMessage("ORU^R01", pid).draft("Patient").mode, DraftMode::create_if_absent);
}

TEST(AdtMapping, WhoEnteredAnEventIsItsProvenance) {
  const MappedMessage mapped("ADT^A08", "EVN|A08|202403011000|||77^CLERK^ANN\r" + std::string(pid));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says("Provenance", R"("recorded":"2024-03-01T10:00:00Z")"));
  EXPECT_TRUE(mapped.says("Provenance", R"("target":[{"reference":)"));
  const MappedMessage vague("ADT^A08", "EVN|A08|soon|||77^CLERK^ANN\r" + std::string(pid));
  ASSERT_TRUE(vague.result.has_value());
  EXPECT_TRUE(vague.found(Finding::Kind::unconverted, "EVN-2.1.1"));
}

TEST(AdtMapping, MergeNamesBothSides) {
  const MappedMessage mapped("ADT^A40", std::string(pid) + "MRG|K777^^^QE2^MR\r");
  ASSERT_TRUE(mapped.result.has_value());
  const auto merges = mapped.actions<Merge>();
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_EQ(merges[0].level, Level::patient);
  EXPECT_EQ(merges[0].retired.patient.at(0).token(), "urn:holdfast:authority:QE2|K777");
  EXPECT_EQ(merges[0].surviving.patient.size(), 2U);
  EXPECT_EQ(merges[0].survivor, mapped->patient);
}

TEST(AdtMapping, EachPairOfARepeatingGroupIsAMergeOfItsOwn) {
  const MappedMessage mapped(
      "ADT^A40", "PID|1||A^^^QE2^MR\rMRG|B^^^QE2^MR\rPID|2||C^^^QE2^MR\rMRG|D^^^QE2^MR\r");
  ASSERT_TRUE(mapped.result.has_value());
  const auto merges = mapped.actions<Merge>();
  ASSERT_EQ(merges.size(), 2U);
  EXPECT_EQ(merges[1].surviving.patient.at(0).value, "C");
  EXPECT_EQ(merges[1].retired.patient.at(0).value, "D");
  EXPECT_EQ(merges[1].survivor.value, 2U);
}

TEST(AdtMapping, SelfMergeIsRefused) {
  const MappedMessage mapped("ADT^A40", std::string(pid) + "MRG|K12345^^^QE2^MR\r");
  ASSERT_FALSE(mapped.result.has_value());
  EXPECT_EQ(mapped.result.error().code, Code::conflict);
  EXPECT_NE(mapped.result.error().what.find("on both sides"), std::string::npos);
}

TEST(AdtMapping, MergeThatSharesTheNhsNumberIsNoSelfMerge) {
  const MappedMessage mapped("ADT^A40",
                             std::string(pid) + "MRG|9434765919^^^NHS^NH~K777^^^QE2^MR\r");
  EXPECT_TRUE(mapped.result.has_value());
}

TEST(AdtMapping, MergeWithoutMrgIsRefused) {
  const MappedMessage mapped("ADT^A40", pid);
  ASSERT_FALSE(mapped.result.has_value());
  EXPECT_EQ(mapped.result.error().code, Code::required);
}

TEST(AdtMapping, LinkAndUnlinkLeaveBothPatients) {
  const std::string two = std::string(pid) + "PID|2||K777^^^QE2^MR\r";
  const MappedMessage link("ADT^A24", two);
  ASSERT_TRUE(link.result.has_value());
  ASSERT_EQ(link.actions<LinkPatients>().size(), 1U);
  EXPECT_EQ(link.actions<LinkPatients>()[0].kind, LinkPatients::Kind::link);
  EXPECT_EQ(link.count("Patient"), 2U);
  const MappedMessage unlink("ADT^A37", two);
  EXPECT_EQ(unlink.actions<LinkPatients>().at(0).kind, LinkPatients::Kind::unlink);
}

TEST(AdtMapping, MoveAndChangeAreNoMerges) {
  const MappedMessage move(
      "ADT^A45", std::string(pid) + "MRG|K777^^^QE2^MR||||V1\rPV1|1|I|||||||||||||||||V1\r");
  ASSERT_TRUE(move.result.has_value());
  EXPECT_TRUE(move.actions<Merge>().empty());
  ASSERT_EQ(move.actions<Move>().size(), 1U);
  EXPECT_EQ(move.actions<Move>()[0].level, Level::visit);
  EXPECT_EQ(move.actions<Move>()[0].from.patient.at(0).value, "K777");
  EXPECT_EQ(move.actions<Move>()[0].to.visit.at(0).value, "V1");
  const MappedMessage change("ADT^A47", "PID|1||K888^^^QE2^MR\rMRG|K777^^^QE2^MR\r");
  ASSERT_EQ(change.actions<ChangeIdentifier>().size(), 1U);
  EXPECT_EQ(change.actions<ChangeIdentifier>()[0].before.patient.at(0).value, "K777");
  EXPECT_EQ(change.actions<ChangeIdentifier>()[0].now.patient.at(0).value, "K888");
}

TEST(AdtMapping, MessageWithoutPatientIsRefused) {
  const MappedMessage mapped("ADT^A01", "EVN|A01|20240301\r");
  ASSERT_FALSE(mapped.result.has_value());
  EXPECT_EQ(mapped.result.error().code, Code::required);
}

TEST(AdtMapping, EventTimeIsWhenItWasRecorded) {
  const MappedMessage mapped("ADT^A08", "EVN|A08|202403011000\r" + std::string(pid));
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_EQ(mapped->event.from, EventTime::From::evn_2);
  EXPECT_EQ(mapped.draft("Patient").event.at, mapped->event.at);
}

TEST(AdtMapping, PartThatLacksWhatFhirDemandsIsLeftOutAndReported) {
  const MappedMessage mapped("ADT^A01", std::string(pid) + "IN1|1|&part^\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_FALSE(mapped.says("Coverage", "class"));
  EXPECT_TRUE(mapped.found(Finding::Kind::unconverted, "IN1"));
}

TEST(AdtMapping, NextOfKinAllergyAndDiagnosisAreResourcesOfTheirOwn) {
  const MappedMessage mapped("ADT^A01", std::string(pid) +
                                            "NK1|1|SMITH^ANN|SPO|||0113 496 0000\r"
                                            "PV1|1|I|||||||||||||||||V99\r"
                                            "AL1|1|DA|1191^ASPIRIN^RXNORM|SV|RASH\r"
                                            "DG1|1||I10^Hypertension^I10||20240301|A\r");
  ASSERT_TRUE(mapped.result.has_value());
  EXPECT_TRUE(mapped.says("RelatedPerson", R"("family":"SMITH")"));
  EXPECT_TRUE(mapped.says("AllergyIntolerance", R"("criticality":"high")"));
  EXPECT_TRUE(
      mapped.says("Condition", R"("system":"http://hl7.org/fhir/sid/icd-10","code":"I10")"));
  EXPECT_FALSE(mapped.draft("Condition").find.empty());
  EXPECT_TRUE(mapped.says("Condition", R"("encounter":{"reference":)"));
}

}  // namespace
}  // namespace holdfast::hl7v2
