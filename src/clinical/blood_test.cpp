// clinical/blood_test.cpp: preferences of the policy for every pair of groups, and a warning for
// each thing that speaks against a unit or a sample. None of them forbids.
#include "clinical/blood.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Kind = BloodWarningKind;

constexpr Abo o = Abo::o;
constexpr Abo a = Abo::a;
constexpr Abo b = Abo::b;
constexpr Abo ab = Abo::ab;

/// As shipped, but approved, so that only the warnings in question come.
const BloodTable& table() {
  static const BloodTable read = [] {
    BloodTable one = read_blood(shipped_table("blood").text, shipped_table("blood").file).value();
    one.edition.approved_by = {{"A", true}, {"B", false}};
    return one;
  }();
  return read;
}

std::vector<Kind> kinds(const BloodWarnings& warnings) {
  std::vector<Kind> all;
  for (const BloodWarning& one : warnings) {
    EXPECT_NE(one.what, "");
    all.push_back(one.kind);
  }
  return all;
}

Recipient man(Abo abo, RhD rhd = RhD::positive) {
  Recipient recipient;
  recipient.group = Group{abo, rhd};
  recipient.sex = Sex::male;
  recipient.age_years = 40;
  return recipient;
}

BloodUnit unit(Abo abo, RhD rhd = RhD::positive, Component component = Component::red_cells) {
  BloodUnit one;
  one.component = component;
  one.group = Group{abo, rhd};
  return one;
}

TEST(Blood, RedCellsGoByTheOrderOfThePolicy) {
  const auto order = [](Abo patient) { return preferred_red_cells(table(), man(patient)).abo; };
  EXPECT_EQ(order(o), (Preference{{o}}));
  EXPECT_EQ(order(a), (Preference{{a}, {o}}));
  EXPECT_EQ(order(b), (Preference{{b}, {o}}));
  EXPECT_EQ(order(ab), (Preference{{ab}, {a, b}, {o}}));
}

TEST(Blood, PlasmaIsTheMirrorImage) {
  const auto order = [](Abo patient) { return preferred_plasma(table(), man(patient)); };
  EXPECT_EQ(order(o), (Preference{{o}, {a, b}, {ab}}));
  EXPECT_EQ(order(a), (Preference{{a}, {ab}}));
  EXPECT_EQ(order(b), (Preference{{b}, {ab}}));
  EXPECT_EQ(order(ab), (Preference{{ab}}));
}

TEST(Blood, EveryPairOfGroupsIsFirstChoiceOrWarnedOf) {
  const Kind other = Kind::abo_not_first_choice;
  const Kind never = Kind::abo_incompatible;
  const std::optional<Kind> first;
  // Rows: the patient O, A, B, AB. Columns: the unit O, A, B, AB.
  const std::optional<Kind> red[4][4] = {{first, never, never, never},
                                         {other, first, never, never},
                                         {other, never, first, never},
                                         {other, other, other, first}};
  const std::optional<Kind> plasma[4][4] = {{first, other, other, other},
                                            {never, first, never, other},
                                            {never, never, first, other},
                                            {never, never, never, first}};
  for (const Abo patient : {o, a, b, ab}) {
    for (const Abo given : {o, a, b, ab}) {
      const auto row = static_cast<std::size_t>(patient);
      const auto column = static_cast<std::size_t>(given);
      const auto expected = [](const std::optional<Kind>& one) {
        return one ? std::vector{*one} : std::vector<Kind>{};
      };
      EXPECT_EQ(kinds(unit_warnings(table(), man(patient), unit(given))),
                expected(red[row][column]))
          << name(patient) << " gets red cells " << name(given);
      EXPECT_EQ(kinds(unit_warnings(table(), man(patient),
                                    unit(given, RhD::positive, Component::plasma))),
                expected(plasma[row][column]))
          << name(patient) << " gets plasma " << name(given);
    }
  }
}

// Rows: the patient O, A, B, AB. Columns: the unit O, A, B, AB. 1: the first choice, 2: another is
// better, 3: and its plasma meets antigens of the patient, 4: the table does not name it.
TEST(Blood, PlateletsOfAnyGroupMayBeGivenAndAnothersAreSaidToBeBetter) {
  constexpr int expected[4][4] = {{1, 2, 2, 4}, {3, 1, 3, 2}, {3, 3, 1, 2}, {3, 3, 3, 1}};
  for (const Abo patient : {o, a, b, ab}) {
    for (const Abo given : {o, a, b, ab}) {
      const auto said =
          unit_warnings(table(), man(patient), unit(given, RhD::positive, Component::platelets));
      const int is = expected[static_cast<std::size_t>(patient)][static_cast<std::size_t>(given)];
      EXPECT_EQ(kinds(said),
                is == 1 ? std::vector<Kind>{} : std::vector{Kind::abo_not_first_choice})
          << name(patient) << " gets platelets " << name(given);
      const std::string what = said.empty() ? std::string() : said.front().what;
      EXPECT_EQ(what.find("high-titre") != std::string::npos, is == 3) << what;
      EXPECT_EQ(what.find("none that the table names") != std::string::npos, is == 4) << what;
    }
  }
  Recipient unknown = man(a);
  unknown.group.reset();
  EXPECT_THAT(kinds(unit_warnings(table(), unknown, unit(o, RhD::negative, Component::platelets))),
              ElementsAre(Kind::group_unknown));
}

TEST(Blood, PlateletsAreRhDNegativeForWhoMayBearChildrenAndForChildren) {
  const auto with = [](Sex sex, std::optional<std::int64_t> age, RhD own = RhD::negative) {
    Recipient recipient = man(a, own);
    recipient.sex = sex;
    recipient.age_years = age;
    recipient.immune_anti_d = true;
    recipient.repeated_transfusion = true;
    return kinds(unit_warnings(table(), recipient, unit(a, RhD::positive, Component::platelets)));
  };
  EXPECT_THAT(with(Sex::female, 49), ElementsAre(Kind::rhd_mismatch));
  EXPECT_THAT(with(Sex::female, 50), ElementsAre(Kind::rhd_not_first_choice));
  EXPECT_THAT(with(Sex::male, 17), ElementsAre(Kind::rhd_mismatch));
  EXPECT_THAT(with(Sex::male, 18), ElementsAre(Kind::rhd_not_first_choice));
  EXPECT_THAT(with(Sex::unknown, 40), ElementsAre(Kind::rhd_mismatch));
  EXPECT_THAT(with(Sex::female, std::nullopt), ElementsAre(Kind::rhd_mismatch));
  EXPECT_THAT(with(Sex::female, 30, RhD::positive), IsEmpty());
  Recipient doubtful = man(a);
  doubtful.sex = Sex::female;
  doubtful.doubt = GroupDoubt::discrepant;
  EXPECT_THAT(kinds(unit_warnings(table(), doubtful, unit(a, RhD::positive, Component::platelets))),
              ElementsAre(Kind::group_in_doubt, Kind::rhd_mismatch))
      << "a group that is not certain is not positive";
}

TEST(Blood, IrradiatedAndCmvNegativeAreComponentsWithCells) {
  Recipient recipient = man(o);
  recipient.needs_irradiated = true;
  recipient.needs_cmv_negative = true;
  for (const Component one : {Component::red_cells, Component::platelets}) {
    EXPECT_THAT(kinds(unit_warnings(table(), recipient, unit(o, RhD::positive, one))),
                ElementsAre(Kind::not_irradiated, Kind::not_cmv_negative))
        << name(one);
  }
  for (const Component one : {Component::plasma, Component::cryoprecipitate}) {
    EXPECT_THAT(kinds(unit_warnings(table(), recipient, unit(o, RhD::positive, one))), IsEmpty())
        << name(one);
  }
}

TEST(Blood, AGroupInDoubtMeansGroupO) {
  for (const GroupDoubt doubt : {GroupDoubt::undetermined, GroupDoubt::discrepant,
                                 GroupDoubt::mixed_field, GroupDoubt::differs_from_history}) {
    Recipient recipient = man(a);
    recipient.doubt = doubt;
    EXPECT_EQ(preferred_red_cells(table(), recipient).abo, (Preference{{o}}));
    EXPECT_EQ(preferred_plasma(table(), recipient), (Preference{{ab}}));
    EXPECT_THAT(kinds(unit_warnings(table(), recipient, unit(o))),
                ElementsAre(Kind::group_in_doubt));
    EXPECT_THAT(kinds(unit_warnings(table(), recipient, unit(a))),
                ElementsAre(Kind::group_in_doubt, Kind::abo_incompatible));
  }
  Recipient unknown = man(a);
  unknown.group.reset();
  EXPECT_THAT(kinds(unit_warnings(table(), unknown, unit(o))), ElementsAre(Kind::group_unknown));
  EXPECT_EQ(unit_warnings(table(), unknown, unit(o)).front().what,
            "the patient's group is not known: red cells of group O");
}

TEST(Blood, AGroupThatDiffersFromTheOneOnFileIsInDoubt) {
  const Group group{a, RhD::positive};
  EXPECT_EQ(compare_groups(group, std::nullopt), GroupDoubt::none);
  EXPECT_EQ(compare_groups(group, group), GroupDoubt::none);
  EXPECT_EQ(compare_groups(group, Group{b, RhD::positive}), GroupDoubt::differs_from_history);
  EXPECT_EQ(compare_groups(group, Group{a, RhD::negative}), GroupDoubt::differs_from_history);
  EXPECT_EQ(compare_groups(std::nullopt, group), GroupDoubt::undetermined);
}

TEST(Blood, AUnitOfUnknownGroupIsWarnedOf) {
  EXPECT_THAT(kinds(unit_warnings(table(), man(a), BloodUnit{})), ElementsAre(Kind::group_unknown));
}

std::vector<Kind> given_positive(const Recipient& recipient) {
  return kinds(unit_warnings(table(), recipient, unit(o)));
}

Recipient negative(Sex sex, std::optional<std::int64_t> age) {
  Recipient recipient = man(o, RhD::negative);
  recipient.sex = sex;
  recipient.age_years = age;
  return recipient;
}

TEST(Blood, RhDNegativeIsForThoseWhomAntiDWouldHarm) {
  const auto must = ElementsAre(Kind::rhd_mismatch);
  const auto may = ElementsAre(Kind::rhd_not_first_choice);
  EXPECT_THAT(given_positive(negative(Sex::female, 49)), must);
  EXPECT_THAT(given_positive(negative(Sex::female, 50)), may);
  EXPECT_THAT(given_positive(negative(Sex::male, 17)), must);
  EXPECT_THAT(given_positive(negative(Sex::male, 18)), may);
  EXPECT_THAT(given_positive(negative(Sex::unknown, 80)), must);
  EXPECT_THAT(given_positive(negative(Sex::male, std::nullopt)), must);
  Recipient repeated = negative(Sex::male, 40);
  repeated.repeated_transfusion = true;
  EXPECT_THAT(given_positive(repeated), must);
  Recipient immune = man(o);  // RhD-positive by a partial D
  immune.immune_anti_d = true;
  EXPECT_THAT(given_positive(immune), must);
  EXPECT_THAT(given_positive(man(o)), IsEmpty());
  EXPECT_THAT(kinds(unit_warnings(table(), negative(Sex::female, 30), unit(o, RhD::negative))),
              IsEmpty());
}

TEST(Blood, RhDDoesNotMatterForPlasma) {
  EXPECT_THAT(kinds(unit_warnings(table(), negative(Sex::female, 30),
                                  unit(o, RhD::positive, Component::plasma))),
              IsEmpty());
}

Recipient unknown_group(Sex sex, std::optional<std::int64_t> age) {
  Recipient recipient;
  recipient.sex = sex;
  recipient.age_years = age;
  return recipient;
}

TEST(Blood, AnEmergencyGetsGroupOByAgeAndSex) {
  const auto choice = [](Sex sex, std::optional<std::int64_t> age) {
    const BloodChoice one = emergency_red_cells(table(), unknown_group(sex, age));
    EXPECT_EQ(one.abo, (Preference{{o}}));
    EXPECT_EQ(one.k_negative, one.rhd == RhD::negative);
    return one.rhd;
  };
  EXPECT_EQ(choice(Sex::female, 49), RhD::negative);
  EXPECT_EQ(choice(Sex::female, 50), RhD::positive);
  EXPECT_EQ(choice(Sex::male, 17), RhD::negative);
  EXPECT_EQ(choice(Sex::male, 18), RhD::positive);
  EXPECT_EQ(choice(Sex::female, 0), RhD::negative);
  EXPECT_EQ(choice(Sex::unknown, 40), RhD::negative);
  EXPECT_EQ(choice(Sex::unknown, 90), RhD::negative);
  EXPECT_EQ(choice(Sex::male, std::nullopt), RhD::negative);
  EXPECT_EQ(choice(Sex::female, std::nullopt), RhD::negative);
  EXPECT_EQ(choice(Sex::unknown, std::nullopt), RhD::negative);
}

TEST(Blood, TheAgeLimitOfAnEmergencyIsASetting) {
  BloodTable other = table();
  other.child_bearing_below = 52;
  EXPECT_EQ(emergency_red_cells(other, unknown_group(Sex::female, 51)).rhd, RhD::negative);
  EXPECT_EQ(emergency_red_cells(other, unknown_group(Sex::female, 52)).rhd, RhD::positive);
}

TEST(Blood, AnEmergencyNeverOverridesAntiDOrK) {
  Recipient recipient = unknown_group(Sex::male, 60);
  recipient.immune_anti_d = true;
  recipient.needs_k_negative = true;
  EXPECT_EQ(emergency_red_cells(table(), recipient).rhd, RhD::negative);
  EXPECT_TRUE(emergency_red_cells(table(), recipient).k_negative);
}

TEST(Blood, KCountsInAnEmergencyOfTheYoungAndWhereItIsNeeded) {
  Recipient woman = unknown_group(Sex::female, 30);
  BloodUnit given = unit(o, RhD::negative);
  EXPECT_THAT(kinds(unit_warnings(table(), woman, given)),
              ElementsAre(Kind::group_unknown, Kind::k_not_negative));
  given.k_negative = Known::no;
  EXPECT_THAT(kinds(unit_warnings(table(), woman, given)),
              ElementsAre(Kind::group_unknown, Kind::k_not_negative));
  given.k_negative = Known::yes;
  EXPECT_THAT(kinds(unit_warnings(table(), woman, given)), ElementsAre(Kind::group_unknown));
  Recipient needs = man(o);
  needs.needs_k_negative = true;
  EXPECT_THAT(kinds(unit_warnings(table(), needs, unit(o))), ElementsAre(Kind::k_not_negative));
}

TEST(Blood, AntibodiesAndSpecialRequirementsAreShownWithEveryUnit) {
  Recipient recipient = man(o);
  recipient.antibodies = {"anti-K", "anti-Jka"};
  recipient.needs_irradiated = true;
  recipient.needs_cmv_negative = true;
  BloodUnit given = unit(o);
  EXPECT_THAT(
      kinds(unit_warnings(table(), recipient, given)),
      ElementsAre(Kind::antibody, Kind::antibody, Kind::not_irradiated, Kind::not_cmv_negative));
  given.irradiated = Known::yes;
  given.cmv_negative = Known::yes;
  EXPECT_THAT(kinds(unit_warnings(table(), recipient, given)),
              ElementsAre(Kind::antibody, Kind::antibody));
  given.irradiated = Known::no;
  EXPECT_THAT(kinds(unit_warnings(table(), recipient, given)),
              ElementsAre(Kind::antibody, Kind::antibody, Kind::not_irradiated));
}

TEST(Blood, SaysThatItRestsOnADraft) {
  const BloodTable draft =
      read_blood(shipped_table("blood").text, shipped_table("blood").file).value();
  EXPECT_THAT(kinds(unit_warnings(draft, man(o), unit(o))), ElementsAre(Kind::draft_table));
  EXPECT_THAT(kinds(sample_warnings(draft, {Time{0}, Storage::refrigerated, Known::no}, Time{1})),
              ElementsAre(Kind::draft_table));
}

std::string refused(std::string_view before, std::string_view after) {
  return refusal(read_blood, "blood", before, after);
}

TEST(BloodTable, RefusesWhatWouldBeIncompatible) {
  EXPECT_EQ(refused("give = [[\"A\"], [\"O\"]]", "give = [[\"A\"], [\"B\"]]"),
            "t.toml:15: group B is not compatible with a patient of group A");
  EXPECT_EQ(sentence(refused("give = [[\"A\"], [\"AB\"]]", "give = [[\"A\"], [\"O\"]]")),
            "group O is not compatible with a patient of group A");
  EXPECT_EQ(sentence(refused("give = [[\"A\"], [\"O\"]]", "give = [[\"O\"], [\"A\"]]")),
            "the first choice for group A is A");
  EXPECT_EQ(sentence(refused("red_cells = \"O\"", "red_cells = \"A\"")),
            "where the group is in doubt only red cells O and plasma AB suit everybody");
  EXPECT_EQ(sentence(refused("patient = \"A\"", "patient = \"O\"")),
            "a patient of group O is there twice");
  EXPECT_EQ(sentence(refused("patient = \"A\"", "patient = \"0\"")),
            "'0' is no group: O, A, B or AB");
  EXPECT_EQ(sentence(refused("give = [[\"A\"], [\"O\"]]", "give = [[\"A\"], [\"A\"]]")),
            "group A is there twice");
  EXPECT_EQ(sentence(refused("give = [[\"A\"], [\"O\"]]", "give = [\"A\", \"O\"]")),
            "give is a list of lists: [[\"A\"], [\"O\"]]");
  EXPECT_EQ(sentence(refused("room_temperature_hours = 48", "room_temperature_hours = 0")),
            "room_temperature_hours is no whole number from 1 to 8784");
  EXPECT_EQ(refused("child_bearing_below = 50", "child_bearing_below = 52"), "");
}

}  // namespace
}  // namespace holdfast::clinical
