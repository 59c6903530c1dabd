// clinical/judging_test.cpp: only what somebody called normal is normal.
#include "clinical/judging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const FlagTable& table() {
  static const FlagTable read =
      read_flags(shipped_table("results").text, shipped_table("results").file).value();
  return read;
}
const PhoneTable& limits() {
  static const PhoneTable read =
      read_phone(shipped_table("phone").text, shipped_table("phone").file).value();
  return read;
}

constexpr std::string_view flag_system =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

std::string flag(std::string_view code, std::string_view system = flag_system) {
  return R"(,"interpretation":[{"coding":[{"system":")" + std::string(system) + R"(","code":")" +
         std::string(code) + R"("}]}])";
}

std::string range(std::string_view low, std::string_view high) {
  std::string text = R"(,"referenceRange":[{)";
  if (!low.empty()) {
    text += R"("low":{"value":)" + std::string(low) + "}";
  }
  if (!high.empty()) {
    text += std::string(low.empty() ? "" : ",") + R"("high":{"value":)" + std::string(high) + "}";
  }
  return text + "}]";
}

std::string_view judged(const Observation& seen) { return name(judge(table(), seen).judgement); }

std::string_view judged(std::string_view value, std::string_view more) {
  return judged(number("1-1", value, "mmol/L", more));
}

Observation words(std::string_view more = {}) {
  return observation(
      R"({"resourceType":"Observation","code":{"text":"Histology"},"valueString":"…")" +
      std::string(more) + "}");
}

TEST(Judging, GoesByTheFlagOfTheLaboratory) {
  for (const char* code : {"HH", "LL", "AA"}) {
    EXPECT_EQ(judged("5", flag(code)), "critical") << code;
  }
  for (const char* code : {"H", "L", "A"}) {
    EXPECT_EQ(judged("5", flag(code)), "abnormal") << code;
  }
  EXPECT_EQ(judged("5", flag("N")), "normal");
  EXPECT_EQ(judged("5", flag("N", "http://terminology.hl7.org/CodeSystem/v2-0078")), "normal");
}

TEST(Judging, AFlagThatIsNotKnownJudgesNothing) {
  for (const char* code : {"HU", "R", "POS", "n", "?"}) {
    EXPECT_EQ(judged("5", flag(code)), "unjudged") << code;
  }
  EXPECT_EQ(judged("5", flag("N", "urn:lab:flags")), "unjudged");
  EXPECT_EQ(judged("5", R"(,"interpretation":[{"text":"normal"}])"), "unjudged");
}

TEST(Judging, TheWorstOfSeveralFlagsCounts) {
  const auto two = [](std::string_view a, std::string_view b) {
    return judged("5", R"(,"interpretation":[{"coding":[{"system":")" + std::string(flag_system) +
                           R"(","code":")" + std::string(a) + R"("}]},{"coding":[{"system":")" +
                           std::string(flag_system) + R"(","code":")" + std::string(b) +
                           R"("}]}])");
  };
  EXPECT_EQ(two("N", "HH"), "critical");
  EXPECT_EQ(two("HH", "N"), "critical");
  EXPECT_EQ(two("A", "N"), "abnormal");
  EXPECT_EQ(two("N", "HU"), "unjudged");
  EXPECT_EQ(two("HU", "H"), "abnormal");
}

TEST(Judging, AFlagThatIsSaidInSeveralSystemsIsOneFlag) {
  const auto both = [](std::string_view code) {
    return judged(
        "5", R"(,"interpretation":[{"coding":[{"system":"urn:lab:flags","code":"ok"},{"system":")" +
                 std::string(flag_system) + R"(","code":")" + std::string(code) + R"("}]}])");
  };
  EXPECT_EQ(both("N"), "normal");
  EXPECT_EQ(both("HH"), "critical");
  EXPECT_EQ(both("HU"), "unjudged");
}

TEST(Judging, WithoutAFlagANumberGoesByItsRange) {
  EXPECT_EQ(judged("3.49", range("3.5", "5.0")), "abnormal");
  EXPECT_EQ(judged("3.5", range("3.5", "5.0")), "normal");
  EXPECT_EQ(judged("5.00", range("3.5", "5.0")), "normal");
  EXPECT_EQ(judged("5.01", range("3.5", "5.0")), "abnormal");
  EXPECT_EQ(judged("1", range("", "5.0")), "normal");
  EXPECT_EQ(judged("6", range("", "5.0")), "abnormal");
  EXPECT_EQ(judged("6", range("3.5", "")), "normal");
  EXPECT_EQ(judged("5", ""), "unjudged");
  EXPECT_EQ(judged("5", R"(,"referenceRange":[{"text":"3.5 to 5"}])"), "unjudged");
}

TEST(Judging, ARangeInAnotherUnitIsConvertedOrCannotBeCompared) {
  const auto in = [](std::string_view unit) {
    return judged(
        "0.5",
        R"(,"referenceRange":[{"high":{"value":400,"system":"http://unitsofmeasure.org","code":")" +
            std::string(unit) + R"("}}])");
  };
  EXPECT_EQ(in("umol/L"), "abnormal");
  EXPECT_EQ(in("mg/L"), "unjudged");
  EXPECT_EQ(judged("0.5", R"(,"referenceRange":[{"high":{"value":400,"unit":"µmol/l"}}])"),
            "unjudged");
}

std::string in_words(std::string_view text, std::string_view more = {}) {
  return R"(,"referenceRange":[{"text":")" + std::string(text) + '"' + std::string(more) + "}]";
}

// Whether the limit itself is within it is what the sign says.
TEST(Judging, ARangeInWordsJudgesWhereTheWordsAreNumbersAndASign) {
  for (const char* text : {"<5", "< 5", " < 5.0 "}) {
    EXPECT_EQ(judged("4.99", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("5", in_words(text)), "abnormal") << text;
  }
  for (const char* text : {"<=5", "<= 5", "\u22645", "\u2264 5.0"}) {
    EXPECT_EQ(judged("5", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("5.01", in_words(text)), "abnormal") << text;
  }
  for (const char* text : {">60", "> 60"}) {
    EXPECT_EQ(judged("60.1", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("60", in_words(text)), "abnormal") << text;
  }
  for (const char* text : {">=60", ">= 60", "\u226560"}) {
    EXPECT_EQ(judged("60", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("59.9", in_words(text)), "abnormal") << text;
  }
  for (const char* text : {"3.5-5.1", "3.5 - 5.1", "3.5- 5.1"}) {
    EXPECT_EQ(judged("3.5", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("5.1", in_words(text)), "normal") << text;
    EXPECT_EQ(judged("3.4", in_words(text)), "abnormal") << text;
    EXPECT_EQ(judged("5.2", in_words(text)), "abnormal") << text;
  }
  EXPECT_EQ(judged("0", in_words("0-5")), "normal");
  EXPECT_EQ(judged("-3", in_words("-2 - 2")), "abnormal");
  EXPECT_EQ(judged("-2", in_words("-3--1")), "normal");
}

TEST(Judging, ARangeInOtherWordsJudgesNothing) {
  for (const char* text : {"",           "negative",   "<",    "<5 (fasting)", "up to 5",
                           "5",          "3.5-",       "-5",   "5.1-3.5",      "3,5-5,1",
                           "3.5 to 5.1", "<<5",        "=<5",  "<5;>9",        "1-2-3",
                           "<.5",        "<5.",        "<05",  "F 12-16",      "<5 mg/L adult",
                           "3.5..5.1",   "<1e3",       "+1-2", "<+5",          "< 5 < 9",
                           "01-12",      "<5mmol/L x", ">",    "3.5\u20135.1"}) {
    EXPECT_EQ(judged("4", in_words(text)), "unjudged") << text;
  }
}

TEST(Judging, AUnitInARangeInWordsIsThatOfTheValueOrItStaysWords) {
  for (const char* text : {"3.5 - 5.1 mmol/L", "3.5-5.1mmol/L", "< 5 mmol/l", "<5 meq/L x"}) {
    const bool is_own = std::string_view(text).find("meq") == std::string_view::npos;
    EXPECT_EQ(judged("4", in_words(text)), is_own ? "normal" : "unjudged") << text;
  }
  for (const char* text : {"< 5 mg/L", "< 5000 umol/L", "< 5 mmol", "< 5 MMOL/L", "< 5 %"}) {
    EXPECT_EQ(judged("4", in_words(text)), "unjudged") << text;
  }
  const auto micro = [](std::string_view unit, std::string_view text) {
    return judged(number("1-1", "4", unit, in_words(text)));
  };
  EXPECT_EQ(micro("umol/L", "< 5 \u00b5mol/L"), "normal");
  EXPECT_EQ(micro("umol/L", "< 5 \u03bcmol/l"), "normal");
  EXPECT_EQ(micro("umol/L", "< 5 mmol/L"), "unjudged");
  EXPECT_EQ(micro("", "< 5 mg/L"), "unjudged") << "of which unit the value is, nobody said";
  EXPECT_EQ(micro("", "< 5"), "normal");
  EXPECT_EQ(micro("Cel", "< 5 K"), "unjudged")
      << "one of the one is one of the other, from another zero";
  // As it was sent, in words that are no UCUM.
  const auto said = [](std::string_view text) {
    return judged(observation(
        R"({"resourceType":"Observation","code":{},"valueQuantity":{"value":4,"unit":"cells/hpf"})" +
        in_words(text) + "}"));
  };
  EXPECT_EQ(said("0-5 cells/hpf"), "normal");
  EXPECT_EQ(said("0-3 cells/hpf"), "abnormal");
  EXPECT_EQ(said("0-5"), "normal");
  EXPECT_EQ(said("0-5 cells"), "unjudged");
}

TEST(Judging, WordsBesideNumbersOrOfAnotherTypeAreNotRead) {
  EXPECT_EQ(judged("4", in_words("<3", R"(,"high":{"value":5})")), "normal");
  EXPECT_EQ(judged("4", in_words("<5", R"(,"type":{"coding":[{"code":"normal"}]})")), "normal");
  EXPECT_EQ(judged("4", in_words("<5", R"(,"type":{"coding":[{"code":"treatment"}]})")),
            "unjudged");
  EXPECT_EQ(judged("4", in_words("<5", R"(,"type":{"text":"normal"})")), "unjudged");
  EXPECT_EQ(judged("4", in_words("<5", R"(,"age":{"high":{"value":1}})")), "unjudged");
  EXPECT_EQ(judged("4", R"(,"referenceRange":[{"text":"<5"},{"text":"<=5"}])"), "unjudged")
      << "they differ in what a value of 5 is";
  EXPECT_EQ(judged("4", R"(,"referenceRange":[{"text":"<5"},{"text":"< 5.0"}])"), "normal");
  EXPECT_EQ(judged("4", flag("N") + in_words("<3")), "abnormal");
  EXPECT_EQ(judged("4", flag("H") + in_words("<5")), "abnormal");
  EXPECT_EQ(judged(words(in_words("<5"))), "unjudged") << "a value in words has no place in it";
}

TEST(Judging, ALessThanIsJudgedByWordsWhereItIsCertain) {
  const auto with = [](std::string_view value, Comparator comparator, std::string_view text) {
    Observation seen = number("1-1", value, "mmol/L", in_words(text));
    seen.own.quantity->comparator = comparator;
    return judged(seen);
  };
  EXPECT_EQ(with("0.5", Comparator::less, "<5"), "normal");
  EXPECT_EQ(with("5", Comparator::less, "<5"), "normal");
  EXPECT_EQ(with("5", Comparator::less_or_equal, "<5"), "unjudged");
  EXPECT_EQ(with("5", Comparator::less_or_equal, "<=5"), "normal");
  EXPECT_EQ(with("9", Comparator::less, "<5"), "unjudged");
  EXPECT_EQ(with("5", Comparator::greater_or_equal, "<5"), "abnormal");
  EXPECT_EQ(with("4", Comparator::greater, "<5"), "unjudged");
  EXPECT_EQ(with("60", Comparator::greater, ">60"), "normal");
  EXPECT_EQ(with("60", Comparator::greater_or_equal, ">60"), "unjudged");
  EXPECT_EQ(with("60", Comparator::less_or_equal, ">60"), "abnormal");
  EXPECT_EQ(with("0.5", Comparator::less, "0-5"), "unjudged") << "it may be below 0";
}

TEST(Judging, ARangeThatIsForOthersOrOneOfSeveralJudgesNothing) {
  EXPECT_EQ(judged("5", R"(,"referenceRange":[{"high":{"value":9},"age":{"high":{"value":1}}}])"),
            "unjudged");
  EXPECT_EQ(
      judged(
          "5",
          R"(,"referenceRange":[{"high":{"value":9},"type":{"coding":[{"code":"treatment"}]}}])"),
      "unjudged");
  EXPECT_EQ(judged("5", R"(,"referenceRange":[{"high":{"value":9}},{"high":{"value":4}}])"),
            "unjudged");
  EXPECT_EQ(
      judged("5",
             R"(,"referenceRange":[{"high":{"value":9},"type":{"coding":[{"code":"normal"}]}},)"
             R"({"high":{"value":4},"type":{"coding":[{"code":"treatment"}]}}])"),
      "normal");
}

TEST(Judging, ALessThanIsJudgedWhereItCanBe) {
  const auto with = [](std::string_view value, Comparator comparator) {
    Observation seen = number("1-1", value, "mmol/L", range("3.5", "5.0"));
    seen.own.quantity->comparator = comparator;
    return judged(seen);
  };
  EXPECT_EQ(with("3.5", Comparator::less), "abnormal");
  EXPECT_EQ(with("3.5", Comparator::less_or_equal), "unjudged");
  EXPECT_EQ(with("4", Comparator::less), "unjudged");
  EXPECT_EQ(with("5.0", Comparator::greater), "abnormal");
  EXPECT_EQ(with("5.0", Comparator::greater_or_equal), "unjudged");
}

TEST(Judging, ANormalFlagOutsideItsOwnRangeIsAbnormal) {
  EXPECT_EQ(judged("9", flag("N") + range("3.5", "5.0")), "abnormal");
  EXPECT_EQ(judged("4", flag("N") + range("3.5", "5.0")), "normal");
  EXPECT_EQ(judged("4", flag("H") + range("3.5", "5.0")), "abnormal");
}

TEST(Judging, WordsAreUnjudgedWhateverTheirFlagUnlessTheHospitalSaysOtherwise) {
  EXPECT_EQ(judged(words()), "unjudged");
  EXPECT_EQ(judged(words(flag("N"))), "unjudged");
  EXPECT_EQ(judged(words(flag("A"))), "abnormal");
  EXPECT_EQ(judged(words(flag("AA"))), "critical");
  FlagTable other = table();
  other.text_may_be_normal = true;
  EXPECT_EQ(judge(other, words(flag("N"))).judgement, Judgement::normal);
  EXPECT_EQ(judge(other, words()).judgement, Judgement::unjudged);
}

TEST(Judging, ACodedAnswerGoesByItsFlag) {
  const auto coded = [](std::string_view more) {
    return judged(observation(
        R"({"resourceType":"Observation","code":{},"valueCodeableConcept":{"coding":[{"code":"260385009"}]})" +
        std::string(more) + "}"));
  };
  EXPECT_EQ(coded(""), "unjudged");
  EXPECT_EQ(coded(flag("N")), "normal");
  EXPECT_EQ(coded(flag("A")), "abnormal");
}

TEST(Judging, TheWorstComponentCounts) {
  const auto panel = [](std::string_view first, std::string_view second) {
    return judged(observation(
        R"({"resourceType":"Observation","code":{},"component":[{"code":{},"valueQuantity":{"value":1})" +
        std::string(first) + R"(},{"code":{},"valueQuantity":{"value":1})" + std::string(second) +
        "}]}"));
  };
  EXPECT_EQ(panel(flag("N"), flag("N")), "normal");
  EXPECT_EQ(panel(flag("N"), ""), "unjudged");
  EXPECT_EQ(panel("", flag("N")), "unjudged");
  EXPECT_EQ(panel(flag("H"), ""), "abnormal");
  EXPECT_EQ(panel(flag("N"), flag("LL")), "critical");
}

TEST(Judging, NothingIsNotNormal) {
  EXPECT_EQ(judged(observation(R"({"resourceType":"Observation","code":{}})")), "unjudged");
  EXPECT_EQ(judged(observation(R"({"resourceType":"Observation","code":{})" + flag("N") + "}")),
            "unjudged");
  EXPECT_EQ(
      judged(observation(
          R"({"resourceType":"Observation","code":{},"hasMember":[{"reference":"Observation/1"}]})")),
      "unjudged");
  EXPECT_EQ(worst({}), Judgement::unjudged);
  const std::array all{Judgement::normal, Judgement::unjudged};
  EXPECT_EQ(worst(all), Judgement::unjudged);
  const std::array normal{Judgement::normal, Judgement::normal};
  EXPECT_EQ(worst(normal), Judgement::normal);
}

TEST(Assessing, ALimitMakesCriticalWhatTheLaboratoryCalledNormal) {
  const PhonePatient adult{.age_years = 40};
  const Assessment it =
      assess(table(), limits(), number("2823-3", "6.5", "mmol/L", flag("N")), adult);
  EXPECT_TRUE(it.is_to_phone());
  EXPECT_THAT(it.judged.why, HasSubstr("potassium is at or above 6.5 mmol/L"));
  EXPECT_FALSE(
      assess(table(), limits(), number("2823-3", "6.4", "mmol/L", flag("H")), adult).is_to_phone());
}

TEST(Assessing, AFlagIsCriticalWhereTheLimitIsNotPassedOrNotKnown) {
  const PhonePatient adult{.age_years = 40};
  EXPECT_TRUE(
      assess(table(), limits(), number("2823-3", "4", "mmol/L", flag("HH")), adult).is_to_phone());
  const Assessment unknown =
      assess(table(), limits(), number("1-1", "4", "mmol/L", flag("LL")), adult);
  EXPECT_TRUE(unknown.is_to_phone());
  ASSERT_THAT(unknown.phone, SizeIs(1));
  EXPECT_EQ(unknown.phone[0].answer, PhoneAnswer::needs_mapping);
}

TEST(Assessing, EachComponentIsHeldAgainstItsOwnLimit) {
  const Assessment it = assess(table(), limits(),
                               observation(
                                   R"({"resourceType":"Observation","code":{},"component":[
              {"code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}]},
               "valueQuantity":{"value":140,"system":"http://unitsofmeasure.org","code":"mmol/L"}},
              {"code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},
               "valueQuantity":{"value":2.4,"system":"http://unitsofmeasure.org","code":"mmol/L"}}]})"),
                               {.age_years = 40});
  ASSERT_THAT(it.phone, SizeIs(2));
  EXPECT_EQ(it.phone[0].answer, PhoneAnswer::no);
  EXPECT_EQ(it.phone[1].answer, PhoneAnswer::phone);
  EXPECT_TRUE(it.is_to_phone());
}

std::vector<std::string> unmapped(const Observation& seen) {
  std::vector<std::string> keys;
  for (const Unmapped& one : assess(table(), limits(), seen, {.age_years = 40}).unmapped) {
    keys.push_back(one.key);
  }
  return keys;
}

TEST(Assessing, SaysWhichCodeNobodyCouldJudgeBy) {
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L")), testing::ElementsAre("http://loinc.org|1-1"));
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", flag("N"))), SizeIs(0)) << "judged by its flag";
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", flag("HH"))), SizeIs(0));
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", range("1", "9"))), SizeIs(0))
      << "judged by its range";
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", in_words("<9"))), SizeIs(0));
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", in_words("<9 g/L"))), SizeIs(1));
  EXPECT_THAT(unmapped(number("1-1", "5", "mmol/L", flag("Q"))), SizeIs(1))
      << "a flag that nobody knows judges nothing";
  EXPECT_THAT(unmapped(number("787-2", "90", "fL")), SizeIs(0)) << "known, and without a limit";
  EXPECT_THAT(unmapped(words()), SizeIs(0)) << "no table could judge words";
}

// The limits for telephoning are the second net behind the flag: they must not go missing unseen.
TEST(Assessing, AUnitThatIsNotTakenIsSaidWhateverTheFlag) {
  const Observation seen = number("2823-3", "7", "mg/dL", flag("N"));
  const Assessment it = assess(table(), limits(), seen, {.age_years = 40});
  ASSERT_THAT(it.unmapped, SizeIs(1));
  EXPECT_EQ(it.unmapped[0].key, "2823-3 in mg/dL");
  EXPECT_EQ(it.unmapped[0].test, "potassium");
  EXPECT_EQ(it.unmapped[0].unit, "mg/dL");
  EXPECT_EQ(it.judged.judgement, Judgement::normal);
}

TEST(FlagTable, RefusesAFlagThatMeansTwoThings) {
  const auto refused = [](std::string_view before, std::string_view after) {
    return refusal(read_flags, "results", before, after);
  };
  EXPECT_EQ(refused("\"H\", \"L\", \"A\"", "\"H\", \"L\", \"AA\""),
            "t.toml:14: the flag AA means two things");
  EXPECT_EQ(sentence(refused("normal = [\"N\"]", "normal = [\"N\", \"A\"]")),
            "the flag A means two things");
  EXPECT_EQ(sentence(refused("normal = [\"N\"]", "normal = [\"N\", \"N\"]")),
            "normal names 'N' twice");
  EXPECT_EQ(sentence(refused("text_flagged_normal = \"unjudged\"", "text_flagged_normal = \"no\"")),
            "text_flagged_normal is 'no', not unjudged or normal");
}

}  // namespace
}  // namespace holdfast::clinical
