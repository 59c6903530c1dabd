#include "fhir/ucum.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fhir/ucum_table.h"

namespace holdfast::fhir {
namespace {

std::string converted(std::string_view value, std::string_view from, std::string_view to) {
  const auto unit_from = parse_unit(from);
  const auto unit_to = parse_unit(to);
  if (!unit_from || !unit_to) {
    return "no unit";
  }
  const auto result = convert(*Decimal::parse(value), *unit_from, *unit_to);
  return result ? result->stripped().text() : "incomparable";
}

TEST(Ucum, ConvertsExactly) {
  EXPECT_EQ(converted("1", "[in_i]", "cm"), "2.54");
  EXPECT_EQ(converted("185", "[lb_av]", "kg"), "83.91458845");
  EXPECT_EQ(converted("4", "g", "mg"), "4000");
  EXPECT_EQ(converted("5.4", "mg/dL", "g/L"), "0.054");
  EXPECT_EQ(converted("7.5", "10*3/uL", "10*9/L"), "7.5");
  EXPECT_EQ(converted("120", "mm[Hg]", "Pa"), "15998.64");
  EXPECT_EQ(converted("60", "/min", "Hz"), "1");
  EXPECT_EQ(converted("1", "h", "min"), "60");
  EXPECT_EQ(converted("1", "a", "d"), "365.25");
  EXPECT_EQ(converted("1", "U/L", "umol/min/L"), "1");
  EXPECT_EQ(converted("1", "kat", "umol/s"), "1000000");
  EXPECT_EQ(converted("1", "m3", "L"), "1000");
  EXPECT_EQ(converted("1", "L", "dm3"), "1");
  EXPECT_EQ(converted("12", "%", "1"), "0.12");
  EXPECT_EQ(converted("2", "kg.m/s2", "N"), "2");
  EXPECT_EQ(converted("70", "kg{dry}", "g"), "70000");
  EXPECT_EQ(converted("1", "km.h-1", "m/s"), "0.2777777777777777777777777777777778");
  EXPECT_EQ(converted("1", "J/(kg.K)", "m2/s2/K"), "1");
  EXPECT_EQ(converted("3", "{beats}/min", "/min"), "3");
  EXPECT_EQ(converted("1", "[mi_us]", "[ft_us]"), "5280");
  EXPECT_EQ(converted("1", "[lbf_av]", "N"), "4.4482216152605");
  EXPECT_EQ(converted("1", "[psi]", "Pa"), "6894.757293168361336722673445346891");
  EXPECT_EQ(converted("80", "mm[Hg]/(L/min)", "[wood'U]"), "80");
  EXPECT_EQ(converted("1", "[MET]", "mL/min/kg"), "3.5");
  EXPECT_EQ(converted("1", "[HP]", "[ft_i].[lbf_av]/s"), "550");
  EXPECT_EQ(converted("1", "[pt_br]", "mL"), "568.26125");
}

TEST(Ucum, KnowsThatTemperaturesHaveTheirOwnZero) {
  EXPECT_EQ(converted("37", "Cel", "[degF]"), "98.6");
  EXPECT_EQ(converted("98.6", "[degF]", "Cel"), "37");
  EXPECT_EQ(converted("-40", "Cel", "[degF]"), "-40");
  EXPECT_EQ(converted("0", "Cel", "K"), "273.15");
  EXPECT_EQ(converted("1", "J/Cel", "J/K"), "no unit");
  EXPECT_EQ(converted("1", "mCel", "K"), "no unit");
}

TEST(Ucum, NeverConvertsWhatMeasuresSomethingElse) {
  EXPECT_EQ(converted("1", "cm", "s"), "incomparable");
  EXPECT_EQ(converted("1", "mg", "mL"), "incomparable");
  EXPECT_EQ(converted("1", "[iU]", "mg"), "incomparable");
  EXPECT_EQ(converted("1", "[iU]", "[arb'U]"), "incomparable");
  EXPECT_EQ(converted("1", "k[iU]/L", "[IU]/mL"), "1");
  EXPECT_EQ(converted("1", "mmol/L", "mg/L"), "incomparable");
}

TEST(Ucum, RefusesWhatIsNoUnit) {
  for (const auto* text :
       {"",   "lbs",  "mmHg",  "mg/",   "/",     "mg//L",  "(mg", "mg)",  "{", "{a",
        "m0", "kmin", "[ft_i", "m1000", "mg dL", "tablet", ".",   "m..s", "0", "[s]"}) {
    EXPECT_FALSE(parse_unit(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_unit("10").has_value()) << "a number is a unit";
  EXPECT_FALSE(parse_unit(std::string(100, '(') + "m" + std::string(20, ')')).has_value());
  EXPECT_FALSE(
      parse_unit("10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99.10*99").has_value());
}

TEST(Ucum, ComparesAcrossUnits) {
  const auto order = [](const char* a, const char* in_a, const char* b, const char* in_b) {
    return *compare(*Decimal::parse(a), *parse_unit(in_a), *Decimal::parse(b), *parse_unit(in_b));
  };
  EXPECT_TRUE(order("1", "[lb_av]", "453.59237", "g") == 0);
  EXPECT_TRUE(order("1", "[lb_av]", "453.59236999999999999999999999", "g") > 0);
  EXPECT_TRUE(order("98.6", "[degF]", "37", "Cel") == 0);
  EXPECT_TRUE(order("1", "[degF]", "1", "Cel") < 0);
}

TEST(Ucum, EveryRowOfTheTableIsAUnitOnceAndReads) {
  std::set<std::string_view> seen;
  for (const UnitRow& row : unit_rows) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    EXPECT_TRUE(parse_unit(row.code).has_value()) << row.code;
    EXPECT_TRUE(Decimal::parse(row.numerator).has_value()) << row.code;
    EXPECT_TRUE(row.denominator.empty() || Decimal::parse(row.denominator).has_value()) << row.code;
  }
  for (const OwnUnit& own : own_units) {
    EXPECT_TRUE(parse_unit(own.code).has_value()) << own.code;
  }
}

}  // namespace
}  // namespace holdfast::fhir
