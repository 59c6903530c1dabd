// clinical/phone_test.cpp: each limit of the table at its boundary and beside it, and every way in
// which a value cannot be judged.
#include "clinical/phone.h"

#include <array>
#include <initializer_list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::HasSubstr;

const PhoneTable& table() {
  static const PhoneTable read =
      read_phone(shipped_table("phone").text, shipped_table("phone").file).value();
  return read;
}

PhoneVerdict verdict(std::string_view code, std::string_view value, std::string_view unit,
                     const PhonePatient& patient, std::string_view more = {}) {
  return phone(table(), number(code, value, unit, more).own, patient);
}

std::string answer(std::string_view code, std::string_view value, std::string_view unit,
                   const PhonePatient& patient = {.age_years = 40}, std::string_view more = {}) {
  switch (verdict(code, value, unit, patient, more).answer) {
    case PhoneAnswer::phone: return "phone";
    case PhoneAnswer::no: return "no";
    case PhoneAnswer::unjudged: return "unjudged";
    case PhoneAnswer::needs_mapping: return "needs mapping";
  }
  return "";
}

constexpr PhonePatient adult{.age_years = 16};
constexpr PhonePatient child{.age_years = 15};

struct Row {
  const char* code;
  const char* unit;
  PhonePatient patient;
  const char* low_phone;  // nullptr: there is none
  const char* low_no;
  const char* high_no;
  const char* high_phone;
};

TEST(Phone, EveryLimitCountsAtItsValueAndNotBesideIt) {
  EXPECT_EQ(table().within_minutes, 120);
  const Row rows[] = {
      {"2951-2", "mmol/L", adult, "120", "120.1", "159.9", "160"},
      {"2951-2", "mmol/L", child, "130", "130.1", "159.9", "160"},
      {"2823-3", "mmol/L", adult, "2.5", "2.51", "6.49", "6.5"},
      {"22664-7", "mmol/L", adult, nullptr, nullptr, "29.9", "30"},
      {"22664-7", "mmol/L", child, nullptr, nullptr, "9.9", "10"},
      {"14682-9", "umol/L", adult, nullptr, nullptr, "353", "354"},
      {"14682-9", "umol/L", child, nullptr, nullptr, "199", "200"},
      {"14749-6", "mmol/L", adult, "2.5", "2.6", "24.9", "25"},
      {"14749-6", "mmol/L", child, "2.5", "2.6", "14.9", "15"},
      {"29265-6", "mmol/L", adult, "1.8", "1.81", "3.49", "3.5"},
      {"2601-3", "mmol/L", adult, "0.40", "0.41", "9", nullptr},
      {"14879-1", "mmol/L", adult, "0.30", "0.31", "9", nullptr},
      {"1988-5", "mg/L", adult, nullptr, nullptr, "299", "300"},
      {"2157-6", "U/L", adult, nullptr, nullptr, "4999", "5000"},
      {"718-7", "g/L", adult, "70", "71", "189", "190"},
      {"751-8", "10*9/L", adult, "0.5", "0.51", "49.9", "50"},
      {"777-3", "10*9/L", adult, "30", "31", "999", "1000"},
      {"6301-6", "1", adult, nullptr, nullptr, "6.4", "6.5"},
  };
  for (const Row& row : rows) {
    const auto expect = [&](const char* value, const char* want) {
      if (value != nullptr) {
        EXPECT_EQ(answer(row.code, value, row.unit, row.patient), want)
            << row.code << ' ' << value << ' ' << row.unit << " at " << *row.patient.age_years;
      }
    };
    expect(row.low_phone, "phone");
    expect(row.low_no, "no");
    expect(row.high_no, "no");
    expect(row.high_phone, "phone");
  }
}

TEST(Phone, EveryCodeLeadsToItsLimitInEachOfItsUnits) {
  struct Code {
    const char* code;
    std::initializer_list<std::array<const char*, 3>> units;  // unit, at the limit, beside it
  };
  const std::initializer_list<Code> codes{
      {"2951-2", {{"mmol/L", "160", "159"}, {"meq/L", "160", "159"}}},
      {"2947-0", {{"mmol/L", "160", "159"}, {"meq/L", "160", "159"}}},
      {"2823-3", {{"mmol/L", "6.5", "6.4"}, {"meq/L", "6.5", "6.4"}}},
      {"6298-4", {{"mmol/L", "6.5", "6.4"}, {"meq/L", "6.5", "6.4"}}},
      {"22664-7", {{"mmol/L", "30", "29"}}},
      {"3091-6",
       {{"mg/dL", "180.168", "180.167"},
        {"g/L", "1.80168", "1.80167"},
        {"mg/L", "1801.68", "1801.67"}}},
      {"3094-0",
       {{"mg/dL", "84.042", "84.041"},
        {"g/L", "0.84042", "0.84041"},
        {"mg/L", "840.42", "840.41"}}},
      {"14682-9", {{"umol/L", "354", "353"}, {"mmol/L", "0.354", "0.353"}}},
      {"59826-8", {{"umol/L", "354", "353"}, {"mmol/L", "0.354", "0.353"}}},
      {"2160-0",
       {{"mg/dL", "4.004448", "4.004447"},
        {"g/L", "0.04004448", "0.04004447"},
        {"mg/L", "40.04448", "40.04447"}}},
      {"38483-4",
       {{"mg/dL", "4.004448", "4.004447"},
        {"g/L", "0.04004448", "0.04004447"},
        {"mg/L", "40.04448", "40.04447"}}},
      {"14749-6", {{"mmol/L", "25", "24.9"}}},
      {"15074-8", {{"mmol/L", "25", "24.9"}}},
      {"2345-7",
       {{"mg/dL", "450.39", "450.38"}, {"g/L", "4.5039", "4.5038"}, {"mg/L", "4503.9", "4503.8"}}},
      {"2339-0",
       {{"mg/dL", "450.39", "450.38"}, {"g/L", "4.5039", "4.5038"}, {"mg/L", "4503.9", "4503.8"}}},
      {"29265-6", {{"mmol/L", "3.5", "3.4"}}},
      {"2601-3", {{"mmol/L", "0.40", "0.41"}}},
      {"19123-9",
       {{"mg/dL", "0.9722", "0.97221"},
        {"g/L", "0.009722", "0.0097221"},
        {"mg/L", "9.722", "9.7221"}}},
      {"14879-1", {{"mmol/L", "0.30", "0.31"}}},
      {"1988-5", {{"mg/L", "300", "299"}, {"mg/dL", "30", "29.9"}}},
      {"30522-7", {{"mg/L", "300", "299"}, {"mg/dL", "30", "29.9"}}},
      {"1742-6", {{"U/L", "600", "599"}}},
      {"1798-8", {{"U/L", "200", "199"}}},
      {"2157-6", {{"U/L", "5000", "4999"}}},
      {"718-7", {{"g/L", "70", "71"}, {"g/dL", "7", "7.1"}}},
      {"751-8", {{"10*9/L", "50", "49"}, {"10*3/uL", "50", "49"}}},
      {"26499-4", {{"10*9/L", "50", "49"}, {"10*3/uL", "50", "49"}}},
      {"777-3", {{"10*9/L", "1000", "999"}, {"10*3/uL", "1000", "999"}}},
      {"26515-7", {{"10*9/L", "1000", "999"}, {"10*3/uL", "1000", "999"}}},
      {"6301-6", {{"1", "6.5", "6.4"}, {"{INR}", "6.5", "6.4"}, {"", "6.5", "6.4"}}},
      {"34714-6", {{"1", "6.5", "6.4"}, {"{INR}", "6.5", "6.4"}, {"", "6.5", "6.4"}}},
  };
  EXPECT_EQ(codes.size(), table().codes.size());
  constexpr std::string_view uln =
      R"(,"referenceRange":[{"high":{"value":40,"system":"http://unitsofmeasure.org","code":"U/L"}}])";
  for (const Code& code : codes) {
    const auto row = std::ranges::find(table().codes, code.code, &PhoneCode::loinc);
    ASSERT_NE(row, table().codes.end()) << code.code;
    EXPECT_EQ(row->units.size(), code.units.size()) << code.code;
    for (const auto& [unit, at, beside] : code.units) {
      EXPECT_EQ(answer(code.code, at, unit, adult, uln), "phone") << code.code << ' ' << unit;
      EXPECT_EQ(answer(code.code, beside, unit, adult, uln), "no") << code.code << ' ' << unit;
    }
  }
}

constexpr std::string_view uln_40 =
    R"(,"referenceRange":[{"high":{"value":40,"system":"http://unitsofmeasure.org","code":"U/L"}}])";

TEST(Phone, MultiplesOfTheUpperLimitOfNormalGoByTheRangeOfTheResult) {
  EXPECT_EQ(answer("1742-6", "599", "U/L", adult, uln_40), "no");
  EXPECT_EQ(answer("1742-6", "600", "U/L", adult, uln_40), "phone");
  EXPECT_EQ(answer("1798-8", "199.9", "U/L", adult, uln_40), "no");
  EXPECT_EQ(answer("1798-8", "200", "U/L", adult, uln_40), "phone");
}

// Below 40, or up to 40: the upper limit of normal is 40.
TEST(Phone, AnUpperLimitOfNormalMayBeSaidInWords) {
  for (const char* text : {"<40", "<= 40 U/L", "10-40", "\u226440"}) {
    const std::string words = R"(,"referenceRange":[{"text":")" + std::string(text) + R"("}])";
    EXPECT_EQ(answer("1742-6", "599", "U/L", adult, words), "no") << text;
    EXPECT_EQ(answer("1742-6", "600", "U/L", adult, words), "phone") << text;
  }
  EXPECT_EQ(answer("1742-6", "600", "U/L", adult, R"(,"referenceRange":[{"text":">40"}])"),
            "unjudged");
}

TEST(Phone, WithoutAnUpperLimitOfNormalAMultipleOfItIsNotJudged) {
  EXPECT_EQ(answer("1742-6", "99999", "U/L"), "unjudged");
  EXPECT_EQ(answer("1742-6", "99999", "U/L", adult, R"(,"referenceRange":[{"text":"below 40"}])"),
            "unjudged");
  // Two that differ, one of another group, one in a unit that is not known.
  EXPECT_EQ(answer("1742-6", "999", "U/L", adult,
                   R"(,"referenceRange":[{"high":{"value":40}},{"high":{"value":50}}])"),
            "unjudged");
  EXPECT_EQ(answer("1742-6", "999", "U/L", adult,
                   R"(,"referenceRange":[{"high":{"value":40},"appliesTo":[{"text":"men"}]}])"),
            "unjudged");
  EXPECT_EQ(answer("1742-6", "999", "U/L", adult,
                   R"(,"referenceRange":[{"high":{"value":40,"unit":"IU/L"}}])"),
            "unjudged");
  EXPECT_EQ(answer("1742-6", "999", "U/L", adult, R"(,"referenceRange":[{"high":{"value":40}}])"),
            "phone");
}

TEST(Phone, MassBecomesMolesByTheMassOfTheMolecule) {
  EXPECT_EQ(answer("2345-7", "45", "mg/dL"), "phone");      // 2.498 mmol/L
  EXPECT_EQ(answer("2345-7", "45.1", "mg/dL"), "no");       // 2.503
  EXPECT_EQ(answer("2345-7", "450", "mg/dL"), "no");        // 24.98
  EXPECT_EQ(answer("2345-7", "450.4", "mg/dL"), "phone");   // 25.0006
  EXPECT_EQ(answer("2345-7", "450.39", "mg/dL"), "phone");  // 25.0 exactly
  EXPECT_EQ(answer("2160-0", "4.0", "mg/dL"), "no");        // 353.6 umol/L
  EXPECT_EQ(answer("2160-0", "4.01", "mg/dL"), "phone");    // 354.5
  EXPECT_EQ(answer("3094-0", "84", "mg/dL"), "no");         // 29.985 mmol/L of urea
  EXPECT_EQ(answer("3094-0", "84.1", "mg/dL"), "phone");    // 30.02
  EXPECT_EQ(answer("3091-6", "180", "mg/dL"), "no");
  EXPECT_EQ(answer("3091-6", "181", "mg/dL"), "phone");
  EXPECT_EQ(answer("718-7", "7", "g/dL"), "phone");
  EXPECT_EQ(answer("718-7", "7.1", "g/dL"), "no");
  EXPECT_EQ(answer("777-3", "30", "10*3/uL"), "phone");
}

TEST(Phone, AnUnknownCodeNeedsMappingOnceACode) {
  const PhoneVerdict one = verdict("1-1", "5", "mmol/L", adult);
  EXPECT_EQ(one.answer, PhoneAnswer::needs_mapping);
  EXPECT_EQ(one.mapping_key, "http://loinc.org|1-1");
  EXPECT_EQ(one.mapping_key, verdict("1-1", "7", "g/L", child).mapping_key);
  const Observation other = observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"urn:lab","code":"2951-2"}]},
          "valueQuantity":{"value":100,"system":"http://unitsofmeasure.org","code":"mmol/L"}})");
  EXPECT_EQ(phone(table(), other.own, adult).answer, PhoneAnswer::needs_mapping);
}

TEST(Phone, AnUnknownUnitNeedsMappingAndIsNeverGuessed) {
  EXPECT_EQ(answer("2951-2", "100", "mg/dL"), "needs mapping");
  EXPECT_EQ(answer("2951-2", "100", ""), "needs mapping");
  EXPECT_EQ(answer("14749-6", "100", "mg/dL"), "needs mapping");
  EXPECT_EQ(answer("777-3", "30000", "/uL"), "needs mapping");
  // Of two charges a molecule: an equivalent is half of it, and to UCUM they are the same.
  EXPECT_EQ(answer("29265-6", "3.6", "meq/L"), "needs mapping");
  EXPECT_EQ(answer("2601-3", "0.6", "meq/L"), "needs mapping");
  // Counted in moles, which UCUM takes for numbers.
  EXPECT_EQ(answer("2951-2", "100", "10*9/L"), "needs mapping");
  EXPECT_EQ(verdict("2951-2", "100", "mg/dL", adult).mapping_key, "2951-2 in mg/dL");
  EXPECT_EQ(answer("2951-2", "120", "meq/L"), "phone");  // of one charge they are the same
  const Observation words = observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}]},
          "valueQuantity":{"value":100,"unit":"mmol/L"}})");
  EXPECT_EQ(phone(table(), words.own, adult).answer, PhoneAnswer::needs_mapping);
}

TEST(Phone, ARatioMayHaveNoUnit) {
  EXPECT_EQ(answer("6301-6", "7", ""), "phone");
  EXPECT_EQ(answer("6301-6", "7", "{INR}"), "phone");
  EXPECT_EQ(answer("6301-6", "7", "%"), "needs mapping");
}

TEST(Phone, AnAgeWithoutALimitIsNotJudged) {
  EXPECT_EQ(answer("2823-3", "7", "mmol/L", child), "unjudged");
  EXPECT_EQ(verdict("2823-3", "4", "mmol/L", child).why, "potassium has no limit for this age");
}

TEST(Phone, WhereTheAgeIsNotKnownTheStricterLimitCounts) {
  const PhonePatient unknown{};
  EXPECT_EQ(answer("2951-2", "125", "mmol/L", unknown), "phone");
  EXPECT_EQ(answer("2951-2", "125", "mmol/L", adult), "no");
  EXPECT_THAT(verdict("2951-2", "125", "mmol/L", unknown).why, HasSubstr("the age is not known"));
  EXPECT_EQ(answer("22664-7", "10", "mmol/L", unknown), "phone");
  EXPECT_EQ(answer("2823-3", "4", "mmol/L", unknown), "no");
}

TEST(Phone, HaemoglobinGoesByTheSizeOfTheRedCells) {
  PhonePatient patient = adult;
  EXPECT_EQ(answer("718-7", "70", "g/L", patient), "phone");
  patient.red_cells = RedCells::normocytic;
  EXPECT_EQ(answer("718-7", "70", "g/L", patient), "phone");
  EXPECT_EQ(answer("718-7", "71", "g/L", patient), "no");
  EXPECT_EQ(answer("718-7", "189", "g/L", patient), "no");
  EXPECT_EQ(answer("718-7", "190", "g/L", patient), "phone");
  patient.red_cells = RedCells::micro_or_macrocytic;
  EXPECT_EQ(answer("718-7", "50", "g/L", patient), "phone");
  EXPECT_EQ(answer("718-7", "51", "g/L", patient), "no");
  EXPECT_EQ(answer("718-7", "189", "g/L", patient), "no");
  EXPECT_EQ(answer("718-7", "190", "g/L", patient), "phone");
}

TEST(Phone, WhatIsForPracticesIsNotForWards) {
  PhonePatient patient = adult;
  patient.sent_by = SentBy::hospital;
  EXPECT_EQ(answer("1988-5", "300", "mg/L", patient), "no");
  patient.sent_by = SentBy::practice;
  EXPECT_EQ(answer("1988-5", "300", "mg/L", patient), "phone");
  EXPECT_EQ(answer("1988-5", "30", "mg/dL", patient), "phone");
}

TEST(Phone, LessThanAndMoreThanAreJudgedWhereTheyCanBe) {
  const auto with = [](std::string_view code, std::string_view value, std::string_view comparator) {
    Observation seen = number(code, value, "10*9/L");
    seen.own.quantity->comparator = comparator == "<"    ? Comparator::less
                                    : comparator == "<=" ? Comparator::less_or_equal
                                    : comparator == ">"  ? Comparator::greater
                                                         : Comparator::greater_or_equal;
    return phone(table(), seen.own, adult).answer;
  };
  EXPECT_EQ(with("777-3", "5", "<"), PhoneAnswer::phone);
  EXPECT_EQ(with("777-3", "30", "<="), PhoneAnswer::phone);
  EXPECT_EQ(with("777-3", "50", "<"), PhoneAnswer::unjudged);
  EXPECT_EQ(with("777-3", "1000", ">"), PhoneAnswer::phone);
  EXPECT_EQ(with("777-3", "500", ">"), PhoneAnswer::unjudged);
  EXPECT_EQ(with("777-3", "500", ">="), PhoneAnswer::unjudged);
}

TEST(Phone, WordsAreNotJudged) {
  const Observation words = observation(
      R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}]},
          "valueString":"haemolysed"})");
  EXPECT_EQ(phone(table(), words.own, adult).answer, PhoneAnswer::unjudged);
  EXPECT_EQ(answer("787-2", "60", "fL"), "no");
}

TEST(Phone, SaysWhyFromWhereAndThatItIsADraft) {
  EXPECT_EQ(
      verdict("777-3", "20", "10*9/L", adult).why,
      "platelets is at or below 30 10*9/L (a regional laboratory); by phone 1 (2026-11-30), a "
      "draft");
}

std::string refused(std::string_view before, std::string_view after) {
  return refusal(read_phone, "phone", before, after);
}

TEST(PhoneTable, RefusesLimitsThatContradict) {
  EXPECT_EQ(refused("age_below = 16", "age_below = 17"),
            "t.toml:20: sodium has two limits for one age");
  EXPECT_EQ(sentence(refused("low = \"120\"", "low = \"160\"")), "low 160 is not below high 160");
  EXPECT_EQ(sentence(refused("low = \"120\"", "low = \"12O\"")), "low is '12O', no number");
  EXPECT_EQ(sentence(refused("high_times_uln = \"15\"", "high_times_uln = \"15\"\nhigh = \"5\"")),
            "high and high_times_uln exclude each other");
  EXPECT_EQ(sentence(refused("high_times_uln = \"15\"", "")),
            "alanine aminotransferase has neither low nor high");
  EXPECT_EQ(sentence(refused("unit = \"mmol/L\"", "unit = \"mmol/l/x\"")),
            "unit 'mmol/l/x' is no UCUM");
  EXPECT_EQ(sentence(refused("red_cells = \"normocytic\"", "red_cells = \"normal\"")),
            "red_cells 'normal' is not normocytic or micro- or macrocytic");
}

TEST(PhoneTable, RefusesCodesThatLeadNowhere) {
  EXPECT_EQ(sentence(refused("test = \"sodium\"\nloinc", "test = \"natrium\"\nloinc")),
            "there is no limit of 'natrium'");
  EXPECT_EQ(sentence(refused("loinc = \"2947-0\"", "loinc = \"2951-2\"")),
            "the code 2951-2 is there twice");
  EXPECT_EQ(sentence(refused("\"mmol/L\", \"meq/L\"]", "\"mmol/L\", \"mg/dL\"]")),
            "unit 'mg/dL' cannot become mmol/L");
  EXPECT_EQ(sentence(refused("grams_per_mole = \"60.056\"", "")),
            "unit 'mg/dL' cannot become mmol/L");
  EXPECT_EQ(sentence(refused("grams_per_mole = \"60.056\"", "grams_per_mole = \"0\"")),
            "grams_per_mole is not above 0");
  EXPECT_EQ(sentence(refused("test = \"phosphate\"\nloinc", "test = \"magnesium\"\nloinc")),
            "no code is 'phosphate'");
  EXPECT_EQ(sentence(refused("loinc = \"787-2\"", "loinc = \"2951-2\"")),
            "the code 2951-2 is there twice");
}

}  // namespace
}  // namespace holdfast::clinical
