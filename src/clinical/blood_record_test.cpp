// What the record says of somebody who is to have blood, and what speaks against it: each row of
// the tables as a lab person reads it on the item.
#include "clinical/blood_record.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/blood_testing.h"

namespace holdfast::clinical {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(BloodRecord, GroupsAreShownWithTheirDatesAndSourcesTheNewestFirst) {
  Patient one;
  one.group("old", "278152006", "2019-03-01").group("new", "278152006", "2026-11-29");
  EXPECT_THAT(one.of(BloodNoteKind::group), ElementsAre("A RhD-negative, sampled 2026-11-29",
                                                        "A RhD-negative, sampled 2019-03-01"));
  const auto notes = review_blood(one.table, one.record, one.patient, now);
  EXPECT_EQ(notes.front().source, "Observation/new");
  EXPECT_THAT(one.warnings(), IsEmpty());
}

TEST(BloodRecord, EachAnswerOfTheTableIsReadByCodeAndInWords) {
  for (const auto& [snomed, words] : groups) {
    Patient by_code;
    by_code.group("a", snomed);
    Patient in_words;
    in_words.observes("a", "882-1", fmt::format(R"("valueString":"{}")", words));
    EXPECT_EQ(by_code.of(BloodNoteKind::group), in_words.of(BloodNoteKind::group)) << words;
    EXPECT_THAT(by_code.of(BloodNoteKind::group), ElementsAre(HasSubstr("sampled"))) << words;
  }
}

TEST(BloodRecord, HalvesOfOneSampleAreOneGroup) {
  Patient one;
  one.observes("abo", "883-9", Patient::coded("112144000"))
      .observes("rhd", "10331-7", Patient::coded("165746003"));
  EXPECT_THAT(one.of(BloodNoteKind::group), ElementsAre("A RhD-negative, sampled 2026-11-29"));
}

TEST(BloodRecord, WhatWasRetractedOrIsNotFinalSaysNothing) {
  Patient one;
  for (const char* status : {"entered-in-error", "cancelled", "preliminary", "registered"}) {
    one.observes("a", "882-1", Patient::coded("278152006"), "2026-11-29", status);
  }
  EXPECT_THAT(one.of(BloodNoteKind::group), IsEmpty());
  EXPECT_THAT(one.notes(), Contains(HasSubstr("No group on file")));
}

TEST(BloodRecord, AGroupThatDiffersIsAWarningAndGroupOUntilItIsExplained) {
  Patient one;
  one.group("old", "278149003", "2019-03-01").group("new", "278147001", "2026-11-29");
  ASSERT_EQ(one.warnings().size(), 1U);
  EXPECT_EQ(one.warnings().front(),
            "The group differs: O RhD-positive of 2026-11-29 (Observation/new), and A RhD-positive "
            "of 2019-03-01 (Observation/old)");
  EXPECT_THAT(one.notes(), Contains(HasSubstr("Until the group is explained: red cells O")));
  one.unit("A POS");
  EXPECT_THAT(one.warnings(), Contains(HasSubstr("group A is not among those")));
}

TEST(BloodRecord, AGroupThatCannotBeReadIsAWarning) {
  Patient one = known("278149003");
  one.observes("c", "882-1", R"("valueString":"mixed field")", "2026-11-30");
  EXPECT_THAT(one.warnings(),
              ElementsAre("The newest group cannot be read: 'mixed field', which is not understood "
                          "of 2026-11-30 (Observation/c)"));
}

TEST(BloodRecord, OneSampleIsAWarningAndInAnEmergencyANote) {
  Patient one;
  one.group("a", "278149003");
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("known from one sample only")));
  Patient two_of_one_sample = one;
  two_of_one_sample.group("b", "278149003");
  EXPECT_THAT(two_of_one_sample.warnings(), ElementsAre(HasSubstr("one sample only")));
  one.patient.urgency = Urgency::emergency;
  EXPECT_THAT(one.warnings(), IsEmpty());
  EXPECT_THAT(one.notes(), Contains(HasSubstr("nothing waits for it")));
  one.patient.urgency = Urgency::planned;
  one.group("b", "278149003", "2026-11-30");
  EXPECT_THAT(one.warnings(), IsEmpty());
}

// The whole table of red cells: a row for each group of the patient, a column for each unit's.
TEST(BloodRecord, RedCellsAreComparedWithEachRowOfTheTable) {
  const std::array<std::string_view, 4> compatible{"O", "O A", "O B", "O A B AB"};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& [code, unit] : groups) {
      Patient one = known(groups[i].first);
      one.unit(std::string(unit));
      const std::string_view abo = unit.substr(0, unit.find(' '));
      const std::string row = fmt::format(" {} ", compatible[i / 2]);
      const bool fits = row.find(fmt::format(" {} ", abo)) != std::string::npos;
      const auto warnings = one.warnings();
      EXPECT_EQ(std::ranges::none_of(warnings,
                                     [](const std::string& text) {
                                       return text.find("is not among those") != std::string::npos;
                                     }),
                fits)
          << groups[i].second << " with " << unit;
    }
  }
}

TEST(BloodRecord, PlasmaIsComparedWithEachRowOfItsTable) {
  const std::array<std::string_view, 4> compatible{"O A B AB", "A AB", "B AB", "AB"};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& [code, unit] : groups) {
      Patient one = known(groups[i].first);
      one.unit(std::string(unit), {}, "FFP");
      const std::string_view abo = unit.substr(0, unit.find(' '));
      const std::string row = fmt::format(" {} ", compatible[i / 2]);
      EXPECT_EQ(one.warnings().empty(), row.find(fmt::format(" {} ", abo)) != std::string::npos)
          << groups[i].second << " with plasma " << unit;
    }
  }
}

TEST(BloodRecord, CryoprecipitateGoesByTheRowsOfPlasma) {
  for (const auto& [patient, words] : groups) {
    for (const auto& [code, unit] : groups) {
      Patient plasma = known(patient);
      plasma.unit(std::string(unit), {}, "FFP");
      Patient cryo = known(patient);
      cryo.unit(std::string(unit), {}, "CRYOP");
      EXPECT_EQ(cryo.warnings(), plasma.warnings()) << words << " with cryoprecipitate " << unit;
    }
  }
  Patient one = known("278148006");
  one.unit("O POS", {}, "CRYO");
  EXPECT_THAT(one.of(BloodNoteKind::unit), ElementsAre("Unit G1, cryoprecipitate: O RhD-positive"));
}

TEST(BloodRecord, PlateletsOfAnotherGroupAreANoteAndRhDMayBeAWarning) {
  Patient one = known("278149003");
  one.unit("B POS", {}, "PLTPH");
  EXPECT_THAT(one.warnings(), IsEmpty());
  EXPECT_THAT(one.of(BloodNoteKind::unit), ElementsAre("Unit G1, platelets: B RhD-positive"));
  EXPECT_THAT(one.notes(), Contains("Unit G1: group B is not the first choice, and only of units "
                                    "without high-titre anti-A and anti-B"));
  Patient woman = known("278152006");
  woman.patient = {.sex = Sex::female, .age_years = 30};
  woman.unit("A POS", {}, "PLT");
  EXPECT_THAT(woman.warnings(), ElementsAre("Unit G1: RhD-positive; negative is preferred: the "
                                            "patient is RhD-negative, a woman under 50 years"));
}

TEST(BloodRecord, WhatTheTablesHaveNoRowForIsShownAndNotCompared) {
  Patient one = known("278148006");
  one.table.codes.not_compared = {{"http://terminology.hl7.org/CodeSystem/v2-0426", "ALB"}};
  one.unit("AB POS", {}, "ALB");
  EXPECT_THAT(one.warnings(), IsEmpty());
  EXPECT_THAT(one.of(BloodNoteKind::unit), ElementsAre(HasSubstr("not compared by any table")));
}

TEST(BloodRecord, RhDPositiveForWhoShouldHaveNegativeIsAWarning) {
  Patient one = known("278148006");
  one.unit("O POS");
  EXPECT_THAT(one.warnings(), IsEmpty()) << "a man of 40: another is preferred, no more";
  EXPECT_THAT(one.notes(), Contains(HasSubstr("RhD-positive; negative is preferred")));
  one.patient.sex = Sex::female;
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("a woman under 50 years")));
  one.patient.age_years = 50;
  EXPECT_THAT(one.warnings(), IsEmpty());
  one.patient = {.sex = Sex::male, .age_years = 17};
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("under 18 years")));
  one.patient = {};
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("sex or age is not known")));
  one.patient = {.sex = Sex::male, .age_years = 40};
  one.observes("d", "890-4", R"("valueString":"Anti-D")");
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("immune anti-D")));
}

TEST(BloodRecord, WithoutAGroupTheEmergencyPolicyIsSaid) {
  Patient one;
  EXPECT_THAT(one.notes(),
              Contains("No group on file: red cells O RhD-positive (a man), plasma AB"));
  one.patient = {.sex = Sex::female, .age_years = 49};
  EXPECT_THAT(one.notes(),
              Contains("No group on file: red cells O RhD-negative, K-negative (a woman "
                       "under 50 years), plasma AB"));
  one.patient = {.sex = Sex::female, .age_years = 50};
  EXPECT_THAT(one.notes(), Contains(HasSubstr("red cells O RhD-positive (a woman past")));
  one.patient = {.sex = Sex::male, .age_years = 17};
  EXPECT_THAT(one.notes(), Contains(HasSubstr("O RhD-negative, K-negative (under 18 years)")));
  one.patient = {};
  EXPECT_THAT(one.notes(), Contains(HasSubstr("O RhD-negative, K-negative (sex or age")));
}

TEST(BloodRecord, AntibodiesStayKnownAndANegativeScreenTakesNoneAway) {
  Patient one;
  one.observes("k", "890-4", R"("valueString":"anti-K")", "2015-01-01")
      .observes("neg", "890-4", R"("valueString":"None detected")", "2026-11-29")
      .observes("neg2", "890-4", Patient::coded("260385009"), "2026-11-30");
  EXPECT_THAT(one.of(BloodNoteKind::antibody), ElementsAre(HasSubstr("anti-K, seen 2015-01-01")));
}

TEST(BloodRecord, SpecialRequirementsComeFromTheRecordAndTheRequest) {
  Patient one = known("278147001");
  one.says(R"({"resourceType":"Flag","status":"active","code":{"coding":[{"system":)"
           R"("urn:holdfast:blood","code":"k-negative"}]}})",
           "Flag/1")
      .says(R"({"resourceType":"Flag","status":"inactive","code":{"text":"irradiated"}})", "Flag/2")
      .says(R"({"resourceType":"ServiceRequest","status":"active","orderDetail":[{"coding":[)"
            R"({"system":"http://terminology.hl7.org/CodeSystem/v2-0508","code":"CM"}]}]})",
            "ServiceRequest/1");
  EXPECT_THAT(one.of(BloodNoteKind::requirement),
              ElementsAre("needs CMV-negative units", "needs K-negative units"));
  one.says(R"({"resourceType":"Condition","code":{"text":"Requires irradiated blood"}})",
           "Condition/1");
  EXPECT_THAT(one.of(BloodNoteKind::requirement), Contains("needs irradiated units"));
  one.unit("O POS", "CMV negative");
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("not known to be K-negative"),
                                          HasSubstr("not known to be irradiated")));
}

std::string expiry(const Patient& one) {
  const auto samples = one.of(BloodNoteKind::sample);
  return samples.size() == 1 ? samples.front() : std::string();
}

TEST(BloodRecord, ASampleIsValidSevenDaysOrThreeAfterTransfusionOrPregnancy) {
  Patient one;
  one.sample("2026-11-24T12:00:00Z");
  EXPECT_THAT(expiry(one), HasSubstr("valid until 2026-11-27")) << "not known: the short time";
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("expired: the sample was valid for 72 hours")));
  one.table.record_is_complete = true;
  EXPECT_THAT(expiry(one), HasSubstr("valid until 2026-12-01"));
  EXPECT_THAT(one.warnings(), IsEmpty());
  Patient transfused = one;
  transfused.says(R"({"resourceType":"Procedure","status":"completed","performedDateTime":)"
                  R"("2026-09-01","code":{"coding":[{"system":"http://snomed.info/sct","code":)"
                  R"("116859006"}]}})",
                  "Procedure/1");
  EXPECT_THAT(transfused.warnings(), ElementsAre(HasSubstr("72 hours")));
  Patient long_ago = one;
  long_ago.says(R"({"resourceType":"Procedure","status":"completed","performedDateTime":)"
                R"("2026-08-01","extension":[{"url":"urn:holdfast:hl7v2:BTX-11"}]})",
                "Procedure/1");
  EXPECT_THAT(long_ago.warnings(), IsEmpty());
  Patient pregnant = one;
  pregnant.observes("p", "82810-3", Patient::coded("77386006"), "2026-10-01");
  EXPECT_THAT(pregnant.warnings(), ElementsAre(HasSubstr("72 hours")));
  Patient still = one;
  still.says(R"({"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct",)"
             R"("code":"77386006"}]},"onsetDateTime":"2026-03-01"})",
             "Condition/1");
  EXPECT_THAT(still.warnings(), ElementsAre(HasSubstr("72 hours")));
  Patient asked;
  asked.sample("2026-11-24T12:00:00Z")
      .says(R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":)"
            R"("urn:holdfast:blood","code":"transfused-or-pregnant"}]},"valueBoolean":false,)"
            R"("effectiveDateTime":"2026-11-24T12:00:00Z"})",
            "Observation/q");
  EXPECT_THAT(expiry(asked), HasSubstr("valid until 2026-12-01"));
}

TEST(BloodRecord, TheSampleHasToLastUntilTheRequestWantsTheBlood) {
  Patient one;
  one.sample("2026-11-30T08:00:00Z");
  EXPECT_THAT(one.warnings(), IsEmpty());
  one.says(R"({"resourceType":"ServiceRequest","occurrenceDateTime":"2026-12-04"})",
           "ServiceRequest/1");
  EXPECT_THAT(one.warnings(), ElementsAre(HasSubstr("The sample has expired")));
}

TEST(BloodRecord, AUnitThatIsBackIsNotShown) {
  Patient one = known("278148006");
  one.says(R"({"resourceType":"BiologicallyDerivedProduct","extension":[{"url":)"
           R"("urn:holdfast:hl7v2:BPX-2","valueCodeableConcept":{"coding":[{"code":"RA"}]}}]})",
           "BiologicallyDerivedProduct/u2");
  EXPECT_THAT(one.of(BloodNoteKind::unit), IsEmpty());
}

TEST(BloodRecord, SaysTheSameHoweverItIsSorted) {
  Patient one = known("278149003");
  one.group("c", "278147001", "2020-01-01").sample("2026-11-30T08:00:00Z").unit("B NEG");
  one.observes("k", "890-4", R"("valueString":"anti-K")")
      .observes("e", "890-4", R"("valueString":"anti-E")");
  Patient turned = one;
  std::ranges::reverse(turned.record.groups);
  std::ranges::reverse(turned.record.antibodies);
  EXPECT_EQ(review_blood(one.table, one.record, one.patient, now),
            review_blood(turned.table, turned.record, turned.patient, now));
}

TEST(BloodRecord, IsSaidToRestOnADraft) {
  Patient one;
  one.table.edition.approved_by.clear();
  EXPECT_THAT(one.notes(), Contains(HasSubstr("a draft")));
}

TEST(BloodTable, RefusesCodesThatSayTwoThings) {
  const auto refused = [](std::string_view before, std::string_view after) {
    return sentence(refusal(read_blood, "blood", before, after));
  };
  EXPECT_EQ(refused("\"http://snomed.info/sct|278149003\"", "\"http://snomed.info/sct|278152006\""),
            "http://snomed.info/sct|278152006 says two things");
  EXPECT_EQ(refused("\"A POS\"", "\"a neg\""), "'a neg' says two things");
  EXPECT_EQ(refused("abo = \"A\"\nrhd = \"positive\"", "abo = \"C\"\nrhd = \"positive\""),
            "'C' is no group: O, A, B or AB");
  EXPECT_EQ(refused("needs = \"K-negative\"", "needs = \"K\""),
            "needs is 'K', not irradiated, CMV-negative or K-negative");
  EXPECT_EQ(refused("stored = \"refrigerated\"", "stored = \"cold\""),
            "stored is 'cold', not refrigerated, room-temperature or unknown");
  EXPECT_EQ(refused("abo = [\"http://loinc.org|883-9\"]", "abo = [\"883-9\"]"),
            "'883-9' is no system|code");
}

TEST(BloodTable, RefusesAProductThatIsTwoComponents) {
  EXPECT_EQ(sentence(refusal(read_blood, "blood", "v2-0426|CRYO\"", "v2-0426|PLT\"")),
            "http://terminology.hl7.org/CodeSystem/v2-0426|PLT says two things");
  EXPECT_EQ(sentence(refusal(read_blood, "blood", "[\"red cells\", \"platelets\"]",
                             "[\"red cells\", \"granulocytes\"]")),
            "'granulocytes' is no component: red cells, plasma, platelets or cryoprecipitate");
}

}  // namespace
}  // namespace holdfast::clinical
