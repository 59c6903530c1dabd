// clinical/news2_test.cpp: every boundary of the chart as it was published, and no score where
// there may be none.
#include "clinical/news2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const News2Table& table() {
  static const News2Table read =
      read_news2(shipped_table("news2").text, shipped_table("news2").file).value();
  return read;
}

/// A set of a healthy adult: no points.
Vitals well() {
  Vitals vitals;
  vitals.respiration = decimal("16");
  vitals.saturation = decimal("98");
  vitals.air = Air::air;
  vitals.systolic = decimal("120");
  vitals.pulse = decimal("70");
  vitals.consciousness = Consciousness::alert;
  vitals.temperature = decimal("37.0");
  return vitals;
}

News2Patient adult(SaturationScale scale = SaturationScale::one) {
  return {.age_years = 40, .pregnancy = Pregnancy::no, .scale = scale};
}

int points(Vital vital, const Vitals& vitals, SaturationScale scale = SaturationScale::one) {
  const News2 news = news2(table(), vitals, adult(scale));
  EXPECT_EQ(news.became, News2Became::scored) << news.why;
  return news.points[static_cast<std::size_t>(vital)];
}

struct Boundary {
  const char* value;
  int points;
};

void expect(Vital vital, std::optional<fhir::Decimal> Vitals::* member,
            std::initializer_list<Boundary> boundaries, Air air = Air::air,
            SaturationScale scale = SaturationScale::one) {
  for (const Boundary& one : boundaries) {
    Vitals vitals = well();
    vitals.air = air;
    vitals.*member = decimal(one.value);
    EXPECT_EQ(points(vital, vitals, scale), one.points) << name(vital) << ' ' << one.value;
  }
}

TEST(News2, RespirationScoresAtEachBoundary) {
  expect(Vital::respiration, &Vitals::respiration,
         {{"0", 3},
          {"8", 3},
          {"9", 1},
          {"11", 1},
          {"12", 0},
          {"20", 0},
          {"21", 2},
          {"24", 2},
          {"25", 3},
          {"60", 3}});
}

TEST(News2, SaturationScoresAtEachBoundaryOfScaleOne) {
  for (const Air air : {Air::air, Air::oxygen}) {
    expect(
        Vital::saturation, &Vitals::saturation,
        {{"70", 3}, {"91", 3}, {"92", 2}, {"93", 2}, {"94", 1}, {"95", 1}, {"96", 0}, {"100", 0}},
        air);
  }
}

TEST(News2, SaturationScoresAtEachBoundaryOfScaleTwo) {
  expect(Vital::saturation, &Vitals::saturation,
         {{"83", 3},
          {"84", 2},
          {"85", 2},
          {"86", 1},
          {"87", 1},
          {"88", 0},
          {"92", 0},
          {"93", 0},
          {"97", 0},
          {"100", 0}},
         Air::air, SaturationScale::two);
  expect(Vital::saturation, &Vitals::saturation,
         {{"83", 3},
          {"84", 2},
          {"85", 2},
          {"86", 1},
          {"87", 1},
          {"88", 0},
          {"92", 0},
          {"93", 1},
          {"94", 1},
          {"95", 2},
          {"96", 2},
          {"97", 3},
          {"100", 3}},
         Air::oxygen, SaturationScale::two);
}

TEST(News2, OxygenScoresTwo) {
  Vitals vitals = well();
  EXPECT_EQ(points(Vital::oxygen, vitals), 0);
  vitals.air = Air::oxygen;
  EXPECT_EQ(points(Vital::oxygen, vitals), 2);
}

TEST(News2, SystolicPressureScoresAtEachBoundary) {
  expect(Vital::systolic, &Vitals::systolic,
         {{"50", 3},
          {"90", 3},
          {"91", 2},
          {"100", 2},
          {"101", 1},
          {"110", 1},
          {"111", 0},
          {"219", 0},
          {"220", 3},
          {"300", 3}});
}

TEST(News2, PulseScoresAtEachBoundary) {
  expect(Vital::pulse, &Vitals::pulse,
         {{"0", 3},
          {"40", 3},
          {"41", 1},
          {"50", 1},
          {"51", 0},
          {"90", 0},
          {"91", 1},
          {"110", 1},
          {"111", 2},
          {"130", 2},
          {"131", 3},
          {"250", 3}});
}

TEST(News2, TemperatureScoresAtEachBoundary) {
  expect(Vital::temperature, &Vitals::temperature,
         {{"30", 3},
          {"35.0", 3},
          {"35.1", 1},
          {"36.0", 1},
          {"36.1", 0},
          {"38.0", 0},
          {"38.1", 1},
          {"39.0", 1},
          {"39.1", 2},
          {"42", 2}});
}

TEST(News2, AnythingButAlertScoresThree) {
  for (const Consciousness state : {Consciousness::confusion, Consciousness::voice,
                                    Consciousness::pain, Consciousness::unresponsive}) {
    Vitals vitals = well();
    vitals.consciousness = state;
    EXPECT_EQ(points(Vital::consciousness, vitals), 3);
  }
}

TEST(News2, ValuesBetweenTwoBandsAreRoundedHalvesUp) {
  expect(Vital::temperature, &Vitals::temperature,
         {{"35.04", 3}, {"35.05", 1}, {"38.049", 0}, {"38.05", 1}});
  expect(Vital::saturation, &Vitals::saturation, {{"91.4", 3}, {"91.5", 2}, {"95.5", 0}});
  expect(Vital::respiration, &Vitals::respiration, {{"20.5", 2}, {"8.49", 3}});
}

struct Sum {
  int total;
  bool single;
  Risk risk;
  int due_minutes;
  bool continuous;
};

Sum sum_of(const Vitals& vitals) {
  const News2 news = news2(table(), vitals, adult());
  EXPECT_EQ(news.became, News2Became::scored);
  return {static_cast<int>(news.total), news.single_three, news.risk,
          static_cast<int>(news.due_minutes), news.continuous};
}

void expect_sum(const Vitals& vitals, const Sum& want) {
  const Sum got = sum_of(vitals);
  EXPECT_EQ(got.total, want.total);
  EXPECT_EQ(got.single, want.single) << want.total;
  EXPECT_EQ(got.risk, want.risk) << want.total;
  EXPECT_EQ(got.due_minutes, want.due_minutes) << want.total;
  EXPECT_EQ(got.continuous, want.continuous) << want.total;
}

TEST(News2, TheSumSaysWhenTheNextSetIsDue) {
  Vitals vitals = well();
  expect_sum(vitals, {0, false, Risk::low, 720, false});
  vitals.pulse = decimal("91");
  expect_sum(vitals, {1, false, Risk::low, 360, false});
  vitals.air = Air::oxygen;
  vitals.temperature = decimal("38.1");
  expect_sum(vitals, {4, false, Risk::low, 360, false});
  vitals.pulse = decimal("111");
  expect_sum(vitals, {5, false, Risk::medium, 60, false});
  vitals.temperature = decimal("39.1");
  expect_sum(vitals, {6, false, Risk::medium, 60, false});
  vitals.saturation = decimal("95");
  expect_sum(vitals, {7, false, Risk::high, 30, true});
  vitals.consciousness = Consciousness::unresponsive;
  expect_sum(vitals, {10, true, Risk::high, 30, true});
}

TEST(News2, ASingleThreeIsLookedAtWithinTheHourWhateverTheSum) {
  Vitals vitals = well();
  vitals.pulse = decimal("131");
  expect_sum(vitals, {3, true, Risk::low_medium, 60, false});
  vitals.temperature = decimal("38.1");
  expect_sum(vitals, {4, true, Risk::low_medium, 60, false});
  vitals.temperature = decimal("39.1");
  expect_sum(vitals, {5, true, Risk::medium, 60, false});
}

TEST(News2, TheMostIsTwenty) {
  Vitals vitals;
  vitals.respiration = decimal("30");
  vitals.saturation = decimal("80");
  vitals.air = Air::oxygen;
  vitals.systolic = decimal("60");
  vitals.pulse = decimal("140");
  vitals.consciousness = Consciousness::unresponsive;
  vitals.temperature = decimal("34");
  expect_sum(vitals, {20, true, Risk::high, 30, true});
}

TEST(News2, APartialSetHasNoScoreAndSaysWhatIsMissing) {
  Vitals vitals = well();
  vitals.temperature.reset();
  vitals.respiration.reset();
  const News2 news = news2(table(), vitals, adult());
  EXPECT_EQ(news.became, News2Became::partial);
  EXPECT_THAT(news.missing, ElementsAre(Vital::respiration, Vital::temperature));
  EXPECT_EQ(news.why, "no score, because the set is not whole: respiration, temperature");
  EXPECT_EQ(news.total, 0);
  EXPECT_EQ(news2(table(), Vitals{}, adult()).missing.size(), vital_count);
}

TEST(News2, EachOfTheSevenIsNeeded) {
  const auto without = [](auto member) {
    Vitals vitals = well();
    (vitals.*member).reset();
    return news2(table(), vitals, adult()).missing;
  };
  EXPECT_THAT(without(&Vitals::respiration), ElementsAre(Vital::respiration));
  EXPECT_THAT(without(&Vitals::saturation), ElementsAre(Vital::saturation));
  EXPECT_THAT(without(&Vitals::air), ElementsAre(Vital::oxygen));
  EXPECT_THAT(without(&Vitals::systolic), ElementsAre(Vital::systolic));
  EXPECT_THAT(without(&Vitals::pulse), ElementsAre(Vital::pulse));
  EXPECT_THAT(without(&Vitals::consciousness), ElementsAre(Vital::consciousness));
  EXPECT_THAT(without(&Vitals::temperature), ElementsAre(Vital::temperature));
}

TEST(News2, AValueThatCannotBeIsMissing) {
  Vitals vitals = well();
  vitals.temperature = decimal("98.6");  // Fahrenheit under the wrong name
  const News2 news = news2(table(), vitals, adult());
  EXPECT_EQ(news.became, News2Became::partial);
  EXPECT_THAT(news.missing, ElementsAre(Vital::temperature));
  EXPECT_EQ(news.doubts.front(), "temperature 98.6 Cel is not believed: 20 to 45 is");
  vitals = well();
  vitals.saturation = decimal("101");
  EXPECT_THAT(news2(table(), vitals, adult()).missing, ElementsAre(Vital::saturation));
}

TEST(News2, BeliefEndsWhereTheTableSays) {
  const auto missing = [](std::optional<fhir::Decimal> Vitals::* member, std::string_view value,
                          SaturationScale scale = SaturationScale::one, Air air = Air::air) {
    Vitals vitals = well();
    vitals.air = air;
    vitals.*member = decimal(value);
    return news2(table(), vitals, adult(scale)).missing.size();
  };
  const auto ends = [&](std::optional<fhir::Decimal> Vitals::* member, const char* below,
                        const char* least, const char* most, const char* above) {
    EXPECT_EQ(missing(member, below), 1U) << below;
    EXPECT_EQ(missing(member, least), 0U) << least;
    EXPECT_EQ(missing(member, most), 0U) << most;
    EXPECT_EQ(missing(member, above), 1U) << above;
  };
  ends(&Vitals::respiration, "-1", "0", "120", "121");
  ends(&Vitals::saturation, "19", "20", "100", "101");
  ends(&Vitals::systolic, "19", "20", "350", "351");
  ends(&Vitals::pulse, "-1", "0", "350", "351");
  ends(&Vitals::temperature, "19.9", "20", "45", "45.1");
  for (const Air air : {Air::air, Air::oxygen}) {
    for (const auto& [value, count] : {std::pair{"19", 1U}, {"20", 0U}, {"100", 0U}, {"101", 1U}}) {
      EXPECT_EQ(missing(&Vitals::saturation, value, SaturationScale::two, air), count) << value;
    }
  }
}

TEST(News2, IsNotForChildrenPregnancyOrAnUnknownAge) {
  News2Patient patient = adult();
  patient.age_years = 15;
  EXPECT_EQ(news2(table(), well(), patient).why, "no score below 16 years");
  patient.age_years = 16;
  EXPECT_EQ(news2(table(), well(), patient).became, News2Became::scored);
  patient.pregnancy = Pregnancy::yes;
  EXPECT_EQ(news2(table(), well(), patient).became, News2Became::not_for_this_patient);
  EXPECT_EQ(news2(table(), well(), patient).why, "no score in pregnancy");
  patient.pregnancy = Pregnancy::unknown;
  EXPECT_EQ(news2(table(), well(), patient).became, News2Became::scored);
  patient.age_years.reset();
  EXPECT_EQ(news2(table(), well(), patient).became, News2Became::not_for_this_patient);
}

TEST(News2, SaysThatItRestsOnADraft) {
  EXPECT_THAT(news2(table(), well(), adult()).doubts,
              ElementsAre("by news2 1 (2026-11-30), a draft"));
  News2Table approved = table();
  approved.edition.approved_by = {{"A", true}, {"B", false}};
  EXPECT_THAT(news2(approved, well(), adult()).doubts, IsEmpty());
}

std::string refused(std::string_view before, std::string_view after) {
  return refusal(read_news2, "news2", before, after);
}

TEST(News2Table, RefusesChartsWithHoles) {
  EXPECT_EQ(refused("{ from = 9, to = 11, points = 1 }", "{ from = 10, to = 11, points = 1 }"),
            "t.toml:53: the band begins at 10, and the one before it ends at 8");
  EXPECT_EQ(sentence(refused("{ from = \"35.1\", to", "{ from = \"35.05\", to")),
            "the band begins at 35.05, and the one before it ends at 35.0");
  EXPECT_EQ(sentence(refused("{ from = 25, points = 3 }", "{ from = 25, to = 60, points = 3 }")),
            "the last band has a 'to': nothing counts above it");
  EXPECT_EQ(sentence(refused("{ to = 8, points = 3 }", "{ from = 1, to = 8, points = 3 }")),
            "only the first band has no 'from', and only the last no 'to'");
  EXPECT_EQ(sentence(refused("{ to = 8, points = 3 }", "{ to = 8, points = 4 }")),
            "points is no whole number from 0 to 3");
  EXPECT_EQ(sentence(refused("name = \"pulse\"", "name = \"systolic\"")),
            "the parameter 'systolic' is there twice");
  EXPECT_EQ(sentence(refused("to = 0\nrisk", "to = 1\nrisk")),
            "the responses have to go on at a sum of 2");
}

TEST(News2Table, LetsTheHospitalChooseWithinTheStandardOnly) {
  const auto due = [](int from, int minutes) {
    return refused("due_minutes = " + std::to_string(from),
                   "due_minutes = " + std::to_string(minutes));
  };
  EXPECT_EQ(due(360, 240), "");
  EXPECT_EQ(sentence(due(360, 239)), "due_minutes 239 is not within standard_minutes");
  EXPECT_EQ(sentence(due(360, 361)), "due_minutes 361 is not within standard_minutes");
  for (const auto& [from, other] :
       {std::pair{720, 719}, {720, 721}, {60, 59}, {60, 61}, {30, 31}}) {
    EXPECT_NE(due(from, other), "") << other;
  }
  EXPECT_EQ(due(30, 1), "");
}

TEST(News2Table, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(sentence(refused("age_from = 16", "age_form = 16")), "age_from is missing");
  EXPECT_EQ(sentence(refused("oxygen_points = 2", "oxygen_points = 2\noxygen_point = 2")),
            "there is no key 'oxygen_point'; did you mean 'oxygen_points'?");
  EXPECT_EQ(sentence(refused("units = [\"mm[Hg]\", \"kPa\"]", "units = [\"mmHg\"]")),
            "unit 'mmHg' is no UCUM, or cannot become mm[Hg]");
  EXPECT_EQ(sentence(refused("units = [\"Cel\", ", "units = [\"/min\", ")),
            "unit '/min' is no UCUM, or cannot become Cel");
  EXPECT_EQ(sentence(refused("unit = \"L/min\"\nsaid", "unit = \"L per min\"\nsaid")),
            "unit 'L per min' is no UCUM");
  EXPECT_EQ(sentence(refused("\"torr\"", "\"BPM\"")), "'bpm' means two units");
  EXPECT_EQ(sentence(refused("set_minutes = 15", "set_minutes = 0")),
            "set_minutes is no whole number from 1 to 1440");
  EXPECT_EQ(sentence(refused("\"http://loinc.org|85353-1\"", "\"85353-1\"")),
            "'85353-1' is no system|code");
  EXPECT_EQ(sentence(refused("code = \"2708-6\"", "code = \"59408-5\"")),
            "the code 59408-5 is there twice");
  EXPECT_THAT(refused("to = \"35.0\"", "to = 35.0"),
              HasSubstr("to is a number with a point outside quotes: in quotes it stays exact"));
  EXPECT_THAT(refused("age_from = 16", "age_from = = 16"), HasSubstr("t.toml:7: "));
}

}  // namespace
}  // namespace holdfast::clinical
