// clinical/vitals_test.cpp: observations become a set, and what cannot be taken is missing from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/news2.h"
#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const News2Table& table() {
  static const News2Table read =
      read_news2(shipped_table("news2").text, shipped_table("news2").file).value();
  return read;
}

std::string text(const std::optional<fhir::Decimal>& value) {
  return value ? value->stripped().text() : "missing";
}

Observation answer(std::string_view code, std::string_view snomed) {
  return observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":")" +
      std::string(code) +
      R"("}]},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":")" +
      std::string(snomed) + R"("}]}})");
}

TEST(Vitals, AreReadFromTheObservationsOfASet) {
  const std::vector<Observation> set{
      number("9279-1", "18", "/min"),
      number("59408-5", "95", "%"),
      number("3151-8", "2", "L/min"),
      observation(
          R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
             "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
               "valueQuantity":{"value":128,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
              {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
               "valueQuantity":{"value":80,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})"),
      number("8867-4", "88", "{beats}/min"),
      answer("80288-4", "248234008"),
      number("8310-5", "37.20", "Cel")};
  const Vitals vitals = read_vitals(table(), set);
  EXPECT_THAT(vitals.doubts, IsEmpty());
  EXPECT_EQ(text(vitals.respiration), "18");
  EXPECT_EQ(text(vitals.saturation), "95");
  EXPECT_EQ(vitals.air, Air::oxygen);
  EXPECT_EQ(text(vitals.systolic), "128");
  EXPECT_EQ(text(vitals.pulse), "88");
  EXPECT_EQ(vitals.consciousness, Consciousness::alert);
  EXPECT_EQ(text(vitals.temperature), "37.2");
  const News2 news = news2(table(), vitals, {.age_years = 70});
  EXPECT_EQ(news.became, News2Became::scored);
  EXPECT_EQ(news.total, 3);
}

TEST(Vitals, AreConvertedExactly) {
  const auto temperature = [](std::string_view value, std::string_view unit) {
    const std::vector<Observation> set{number("8310-5", value, unit)};
    return text(read_vitals(table(), set).temperature);
  };
  EXPECT_EQ(temperature("100.4", "[degF]"), "38");
  EXPECT_EQ(temperature("311.15", "K"), "38");
  const std::vector<Observation> pressure{number("8480-6", "12", "kPa")};
  EXPECT_EQ(text(read_vitals(table(), pressure).systolic).substr(0, 7), "90.0076");
}

TEST(Vitals, EveryCodeIsTakenInEachOfItsUnits) {
  struct Row {
    const char* code;
    const char* unit;
    const char* value;
    std::optional<fhir::Decimal> Vitals::* member;
    const char* taken;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"9279-1", "/min", "16", &Vitals::respiration, "16"},
                                  {"9279-1", "{breaths}/min", "16", &Vitals::respiration, "16"},
                                  {"9279-1", "{Breaths}/min", "16", &Vitals::respiration, "16"},
                                  {"9279-1", "1/min", "16", &Vitals::respiration, "16"},
                                  {"59408-5", "%", "97", &Vitals::saturation, "97"},
                                  {"2708-6", "%", "97", &Vitals::saturation, "97"},
                                  {"8480-6", "mm[Hg]", "120", &Vitals::systolic, "120"},
                                  {"8480-6", "kPa", "13.3322", &Vitals::systolic, "100"},
                                  {"8867-4", "/min", "70", &Vitals::pulse, "70"},
                                  {"8867-4", "{beats}/min", "70", &Vitals::pulse, "70"},
                                  {"8867-4", "{Beats}/min", "70", &Vitals::pulse, "70"},
                                  {"8867-4", "1/min", "70", &Vitals::pulse, "70"},
                                  {"8310-5", "Cel", "37", &Vitals::temperature, "37"},
                                  {"8310-5", "[degF]", "98.6", &Vitals::temperature, "37"},
                                  {"8310-5", "K", "310.15", &Vitals::temperature, "37"}}) {
    const std::vector<Observation> set{number(row.code, row.value, row.unit)};
    EXPECT_EQ(text(read_vitals(table(), set).*row.member), row.taken)
        << row.code << ' ' << row.unit;
  }
}

TEST(Vitals, InAnUnknownUnitOrNoneAreMissingAndSaid) {
  const std::vector<Observation> set{number("8310-5", "37", "mol"), number("8867-4", "70", "Hz"),
                                     number("9279-1", "16", ""), number("59408-5", "0.97", "1")};
  const Vitals vitals = read_vitals(table(), set);
  EXPECT_THAT(vitals.doubts, ElementsAre("temperature is given in mol, which is not taken",
                                         "pulse is given in Hz, which is not taken",
                                         "respiration is given in no unit, which is not taken",
                                         "saturation is given in 1, which is not taken"));
  EXPECT_FALSE(vitals.temperature || vitals.pulse || vitals.respiration || vitals.saturation);
}

TEST(Vitals, AUnitThatIsNotSaidInUcumIsNotTaken) {
  const std::vector<Observation> set{observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
          "valueQuantity":{"value":70,"unit":"per fortnight","code":"/min"}})")};
  EXPECT_FALSE(read_vitals(table(), set).pulse);
}

// As machines write them that know no UCUM. What may be meant as UCUM is taken for what it is
// there.
TEST(Vitals, WellKnownWordsForAUnitAreTakenFromTheTable) {
  const auto said = [](std::string_view code, std::string_view value, std::string_view unit,
                       std::string_view more = {}) {
    return std::vector<Observation>{
        observation(std::string(R"({"resourceType":"Observation","code":{"coding":[{"system":)"
                                R"("http://loinc.org","code":")") +
                    std::string(code) + R"("}]},"valueQuantity":{"value":)" + std::string(value) +
                    R"(,"unit":")" + std::string(unit) + "\"" + std::string(more) + "}}")};
  };
  EXPECT_EQ(text(read_vitals(table(), said("8480-6", "120", "mmHg")).systolic), "120");
  EXPECT_EQ(text(read_vitals(table(), said("8867-4", "70", "BPM")).pulse), "70");
  EXPECT_EQ(text(read_vitals(table(), said("9279-1", "16", "breaths/min")).respiration), "16");
  EXPECT_EQ(text(read_vitals(table(), said("59408-5", "97", "%")).saturation), "97");
  EXPECT_EQ(text(read_vitals(table(), said("8310-5", "37", "\u00b0C")).temperature), "37");
  EXPECT_EQ(text(read_vitals(table(), said("8310-5", "98.6", "\u00b0F")).temperature), "37");
  constexpr std::string_view not_ucum = R"(,"system":"http://unitsofmeasure.org","code":"mmHg")";
  EXPECT_EQ(text(read_vitals(table(), said("8480-6", "120", "mm Hg", not_ucum)).systolic), "120");
  constexpr std::string_view coulomb = R"(,"system":"http://unitsofmeasure.org","code":"C")";
  EXPECT_EQ(text(read_vitals(table(), said("8310-5", "37", "C", coulomb)).temperature), "37")
      << "no temperature has coulombs";
  constexpr std::string_view hertz = R"(,"system":"http://unitsofmeasure.org","code":"Hz")";
  EXPECT_FALSE(read_vitals(table(), said("8867-4", "70", "bpm", hertz)).pulse)
      << "what may be meant is taken by its word";
  EXPECT_FALSE(read_vitals(table(), said("8867-4", "70", "mmHg")).pulse)
      << "a unit that the code does not take";
}

TEST(Vitals, TheLastOneCountsEvenWhereItCannotBeTaken) {
  const std::vector<Observation> newer{number("8867-4", "70", "/min"),
                                       number("8867-4", "130", "/min")};
  EXPECT_EQ(text(read_vitals(table(), newer).pulse), "130");
  const std::vector<Observation> worse{number("8867-4", "70", "/min"), number("8867-4", "9", "x")};
  EXPECT_FALSE(read_vitals(table(), worse).pulse);
  const std::vector<Observation> answers{answer("80288-4", "248234008"), answer("80288-4", "1")};
  EXPECT_FALSE(read_vitals(table(), answers).consciousness);
}

TEST(Vitals, ALessThanIsNoNumber) {
  const std::vector<Observation> set{observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"59408-5"}]},
          "valueQuantity":{"value":70,"comparator":"<","system":"http://unitsofmeasure.org","code":"%"}})")};
  const Vitals vitals = read_vitals(table(), set);
  EXPECT_FALSE(vitals.saturation);
  EXPECT_THAT(vitals.doubts, ElementsAre("saturation is only said to be below or above a number"));
}

TEST(Vitals, OxygenIsGivenWhereAnyOfThemSaysSo) {
  const auto air = [](std::vector<Observation> set) { return read_vitals(table(), set).air; };
  EXPECT_EQ(air({number("3151-8", "0", "L/min")}), Air::air);
  EXPECT_EQ(air({number("3151-8", "0.5", "L/min")}), Air::oxygen);
  EXPECT_EQ(air({number("3150-6", "21", "%")}), Air::air);
  EXPECT_EQ(air({number("3150-6", "21.1", "%")}), Air::oxygen);
  EXPECT_EQ(air({number("3150-6", "40", "%"), number("3151-8", "0", "L/min")}), Air::oxygen);
  EXPECT_EQ(air({number("3151-8", "0", "L/min"), number("3150-6", "40", "%")}), Air::oxygen);
  EXPECT_EQ(air({number("3151-8", "-1", "L/min")}), std::nullopt);
  EXPECT_EQ(air({}), std::nullopt);
}

TEST(Vitals, ConsciousnessIsOneOfFiveAnswers) {
  const auto state = [](std::string_view code) {
    const std::vector<Observation> set{answer("67775-7", code)};
    return read_vitals(table(), set).consciousness;
  };
  EXPECT_EQ(state("248234008"), Consciousness::alert);
  EXPECT_EQ(state("130987000"), Consciousness::confusion);
  EXPECT_EQ(state("300202002"), Consciousness::voice);
  EXPECT_EQ(state("450847001"), Consciousness::pain);
  EXPECT_EQ(state("422768004"), Consciousness::unresponsive);
  EXPECT_EQ(state("1"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::clinical
