// Resources over the built-in tables, as packages and requests bring them.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/terminology/terminology.h"
#include "fhir/test_data.h"

namespace holdfast::fhir::terminology {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view colours = R"({"resourceType":"CodeSystem","url":"urn:x:colours",
  "version":"2","name":"Colours","content":"complete","caseSensitive":true,"concept":[
  {"code":"red","display":"Red","definition":"Long waves","concept":[
    {"code":"crimson","display":"Crimson","designation":[{"language":"cy","value":"Rhuddgoch"}]},
    {"code":"pink","property":[{"code":"status","valueCode":"retired"}]}]},
  {"code":"blue","property":[{"code":"mood","valueString":"sad"}]},
  {"code":"purple","property":[{"code":"parent","valueCode":"red"},
    {"code":"parent","valueCode":"blue"}]}]})";

/// Keeps the documents while they are read.
class Over {
 public:
  explicit Over(const std::vector<std::string>& texts, const Terminology& under = Terminology()) {
    std::vector<Json> documents;
    std::vector<JsonValue> resources;
    documents.reserve(texts.size());
    for (const std::string& text : texts) {
      documents.push_back(read_json(text));
      resources.push_back(documents.back().root());
    }
    made_ = Terminology::over(under, resources);
    error_ = made_ ? std::string() : made_.error().what;
  }
  const Terminology* operator->() const { return &made_.value(); }
  const Terminology& operator*() const { return made_.value(); }
  [[nodiscard]] const std::string& error() const { return error_; }

  [[nodiscard]] std::vector<std::string> expand(std::string_view url,
                                                const ExpansionTerms& terms = {}) const {
    std::vector<std::string> codes;
    const auto set = made_->value_set(url);
    const auto expansion = set ? made_->expand(*set, terms) : Result<Expansion>();
    EXPECT_TRUE(set.has_value() && expansion.has_value())
        << url << (expansion ? "" : expansion.error().what);
    for (const Entry& entry : expansion->entries) {
      codes.emplace_back(entry.code);
    }
    return codes;
  }

 private:
  Result<Terminology> made_ = fail(Code::usage, "nothing was read");
  std::string error_;
};

std::string value_set(std::string_view url, std::string_view compose) {
  return R"({"resourceType":"ValueSet","url":")" + std::string(url) + R"(","compose":)" +
         std::string(compose) + "}";
}
std::string filtered(std::string_view filter) {
  return value_set("urn:x:set", R"({"include":[{"system":"urn:x:colours","filter":[)" +
                                    std::string(filter) + "]}]}");
}

TEST(Layer, ReadsSystemsAndSets) {
  const Over over({std::string(colours),
                   value_set("urn:x:set", R"({"include":[{"system":"urn:x:colours"}]})")});
  EXPECT_EQ(over.error(), "");
  EXPECT_THAT(over.expand("urn:x:set"), ElementsAre("red", "crimson", "pink", "blue", "purple"));
  ExpansionTerms active;
  active.active_only = true;
  EXPECT_THAT(over.expand("urn:x:set", active), ElementsAre("red", "crimson", "blue", "purple"));
  const ConceptId red = *over->find("urn:x:colours", "red");
  EXPECT_EQ(over->describe(red).definition, "Long waves");
  EXPECT_EQ(over->describe(red).version, "2");
  EXPECT_EQ(over->designations(*over->find("urn:x:colours", "crimson")).front().value, "Rhuddgoch");
  EXPECT_FALSE(over->find("urn:x:colours", "Red").has_value());
  ExpansionTerms welsh;
  welsh.language = "cy";
  EXPECT_EQ(over->expand(*over->value_set("urn:x:set"), welsh)->entries[1].display, "Rhuddgoch");
}

TEST(Layer, ObeysEveryFilter) {
  const auto members = [](std::string_view filter) {
    return Over({std::string(colours), filtered(filter)}).expand("urn:x:set");
  };
  EXPECT_THAT(members(R"({"property":"concept","op":"is-a","value":"red"})"),
              ElementsAre("red", "crimson", "pink", "purple"));
  EXPECT_THAT(members(R"({"property":"concept","op":"descendent-of","value":"red"})"),
              ElementsAre("crimson", "pink", "purple"));
  EXPECT_THAT(members(R"({"property":"concept","op":"is-not-a","value":"red"})"),
              ElementsAre("blue"));
  EXPECT_THAT(members(R"({"property":"concept","op":"generalizes","value":"purple"})"),
              ElementsAre("red", "blue", "purple"));
  EXPECT_THAT(members(R"({"property":"mood","op":"=","value":"sad"})"), ElementsAre("blue"));
  EXPECT_THAT(members(R"({"property":"mood","op":"exists","value":"false"})"),
              ElementsAre("red", "crimson", "pink", "purple"));
  EXPECT_THAT(members(R"({"property":"code","op":"regex","value":"p.+"})"),
              ElementsAre("pink", "purple"));
  EXPECT_THAT(members(R"({"property":"code","op":"in","value":"red, blue"})"),
              ElementsAre("red", "blue"));
  EXPECT_THAT(members(R"({"property":"code","op":"not-in","value":"red,blue"})"),
              ElementsAre("crimson", "pink", "purple"));
  EXPECT_THAT(members(R"({"property":"parent","op":"=","value":"blue"})"), ElementsAre("purple"));
}

TEST(Layer, RefusesAFilterItDoesNotUnderstandWhenExpanding) {
  const Over over(
      {std::string(colours), filtered(R"({"property":"mood","op":"is-a","value":"x"})")});
  const auto set = over->value_set("urn:x:set");
  EXPECT_EQ(over->expand(*set, {}).error().code, Code::unsupported);
  EXPECT_EQ(over->holds(*set, "urn:x:colours", "red"), Truth::unknown);
  const Over lacking(
      {std::string(colours), filtered(R"({"property":"concept","op":"is-a","value":"green"})")});
  EXPECT_THAT(lacking->expand(*lacking->value_set("urn:x:set"), {}).error().what,
              HasSubstr("no code 'green'"));
}

TEST(Layer, IntersectsImportsAndTakesOutExcludes) {
  const Over over(
      {std::string(colours),
       value_set("urn:x:some", R"({"include":[{"system":"urn:x:colours","concept":[
         {"code":"blue"},{"code":"red","display":"Scarlet"},{"code":"pink"}]}]})"),
       value_set("urn:x:set", R"({"include":[{"valueSet":["urn:x:some"],"system":"urn:x:colours",
         "filter":[{"property":"concept","op":"is-a","value":"red"}]},
         {"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}],
         "exclude":[{"system":"urn:x:colours","concept":[{"code":"pink"}]},
         {"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"other"}]}]})")});
  EXPECT_THAT(over.expand("urn:x:some"), ElementsAre("blue", "red", "pink"));
  EXPECT_EQ(over->expand(*over->value_set("urn:x:some"), {})->entries[1].display, "Scarlet");
  EXPECT_THAT(over.expand("urn:x:set"), ElementsAre("red", "male", "female", "unknown"));
  const auto set = over->value_set("urn:x:set");
  EXPECT_EQ(over->holds(*set, "", "female"), Truth::yes);
  EXPECT_EQ(over->holds(*set, "", "other"), Truth::no);
  EXPECT_EQ(over->holds(*set, "urn:x:colours", "pink"), Truth::no);
}

TEST(Layer, ListsCodesOfSystemsThatNobodyHas) {
  const Over over(
      {value_set("urn:x:set", R"({"include":[{"system":"http://snomed.info/sct","concept":[
      {"code":"999","display":"Made up"},{"code":"160245001"}]},
      {"system":"urn:x:nowhere","concept":[{"code":"a"}]}]})")});
  EXPECT_THAT(over.expand("urn:x:set"), ElementsAre("999", "160245001", "a"));
  const auto set = over->value_set("urn:x:set");
  EXPECT_EQ(over->holds(*set, "http://snomed.info/sct", "999"), Truth::yes);
  EXPECT_EQ(over->holds(*set, "http://snomed.info/sct", "998"), Truth::no);
  EXPECT_EQ(over->has({"http://snomed.info/sct", {}, "998", {}}).truth, Truth::unknown);
  EXPECT_EQ(over->has({"http://snomed.info/sct", {}, "999", {}}).truth, Truth::yes);
  EXPECT_EQ(over->display(*over->find("http://snomed.info/sct", "999")), "Made up");
  EXPECT_NE(over->display(*over->find("http://snomed.info/sct", "160245001")), "");
}

// A newer administrative-gender changes the sets below that include it, imports included.
TEST(Layer, CountsBeforeWhatLiesUnderIt) {
  const std::string newer = R"({"resourceType":"CodeSystem","content":"complete",
    "url":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"x"},{"code":"male"}]})";
  const Over over({newer});
  constexpr std::string_view gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
  EXPECT_THAT(over.expand(gender), ElementsAre("x", "male"));
  const auto set = over->value_set(gender);
  EXPECT_EQ(over->holds(*set, "http://hl7.org/fhir/administrative-gender", "x"), Truth::yes);
  EXPECT_EQ(over->holds(*set, "", "female"), Truth::no);
  const Terminology base;
  EXPECT_EQ(base.holds(*base.value_set(gender), "", "female"), Truth::yes);  // not touched

  const Over twice({value_set("urn:x:set", R"({"include":[{"valueSet":[
    "http://hl7.org/fhir/ValueSet/administrative-gender"]}]})")},
                   *over);
  EXPECT_THAT(twice.expand("urn:x:set"), ElementsAre("x", "male"));
}

// A package that brings the system opens the sets that could not be enumerated before.
TEST(Layer, OpensSetsWhoseSystemItBrings) {
  const std::string zones = R"({"resourceType":"CodeSystem","content":"complete",
    "url":"https://www.iana.org/time-zones","concept":[{"code":"Europe/London"}]})";
  EXPECT_THAT(Over({zones}).expand("http://hl7.org/fhir/ValueSet/timezones"),
              ElementsAre("Europe/London"));
}

TEST(Layer, EndsWhereSetsImportEachOtherInACircle) {
  std::vector<std::string> sets;
  for (const std::string name : {"a", "b", "c"}) {
    sets.push_back(value_set("urn:" + name, R"({"include":[{"valueSet":["urn:a"]},
      {"valueSet":["urn:b"]},{"valueSet":["urn:c"]},{"valueSet":["urn:a","urn:b","urn:c"]}]})"));
  }
  const Over over(sets);
  EXPECT_THAT(over->expand(*over->value_set("urn:a"), {}).error().what, HasSubstr("circle"));
  EXPECT_EQ(over->holds(*over->value_set("urn:a"), "urn:x", "1"), Truth::unknown);
}

TEST(Layer, EndsWhereRulesTakeTooLong) {
  const auto refusal = [](std::string_view rule) {
    std::string rules;
    for (int i = 0; i < 3000; ++i) {
      rules.append(i == 0 ? "" : ",").append(rule);
    }
    const Over over({value_set("urn:x:set", R"({"include":[)" + rules + "]}")});
    return over->expand(*over->value_set("urn:x:set"), {}).error().what;
  };
  EXPECT_THAT(refusal(R"({"system":"http://dicom.nema.org/resources/ontology/DCM","filter":[
      {"property":"display","op":"regex","value":"a*a*a*a*a*b"}]})"),
              HasSubstr("more steps"));
  EXPECT_THAT(refusal(R"({"system":"http://dicom.nema.org/resources/ontology/DCM"})"),
              HasSubstr("more steps"));
  EXPECT_THAT(refusal(R"({"valueSet":["http://hl7.org/fhir/ValueSet/c80-doc-typecodes"]})"),
              HasSubstr("more steps"));
}

TEST(Layer, NamesAMissingImport) {
  const Over over({value_set("urn:x:set", R"({"include":[{"valueSet":["urn:x:gone"]}]})")});
  const auto refusal = over->expand(*over->value_set("urn:x:set"), {});
  EXPECT_EQ(refusal.error().code, Code::not_found);
  EXPECT_THAT(refusal.error().what, HasSubstr("urn:x:gone"));
}

TEST(Layer, TakesAnExpansionWhereThereIsNoCompose) {
  const Over over({R"({"resourceType":"ValueSet","url":"urn:x:set","expansion":{"contains":[
    {"system":"urn:a","code":"1","contains":[{"system":"urn:a","code":"2"}]},
    {"system":"urn:b","code":"1"}]}})"});
  EXPECT_THAT(over.expand("urn:x:set"), ElementsAre("1", "2", "1"));
}

TEST(Layer, RefusesWhatCannotBeRead) {
  EXPECT_THAT(Over({R"({"resourceType":"CodeSystem","content":"complete"})"}).error(),
              HasSubstr("'url' is missing"));
  EXPECT_THAT(Over({R"({"resourceType":"CodeSystem","url":"urn:x","content":"whole"})"}).error(),
              HasSubstr("'whole'"));
  EXPECT_THAT(Over({value_set("urn:x", R"({"include":[{"concept":[{"code":"a"}]}]})")}).error(),
              HasSubstr("need a system"));
  EXPECT_THAT(Over({filtered(R"({"property":"a","op":"like","value":"b"})")}).error(),
              HasSubstr("'like'"));
}

TEST(Layer, ReadsConceptMaps) {
  const Over over({R"({"resourceType":"ConceptMap","url":"urn:x:map","group":[{"source":"urn:a",
    "target":"urn:b","element":[{"code":"2","target":[{"code":"two","equivalence":"wider"}]},
    {"code":"1","target":[{"code":"one","equivalence":"equal"},{"equivalence":"unmatched"}]}],
    "unmapped":{"mode":"fixed","code":"other"}}]})"});
  TranslateTerms terms;
  terms.map = "urn:x:map";
  const auto one = over->translate({"urn:a", {}, "1", {}}, terms);
  ASSERT_EQ(one->size(), 2U);
  EXPECT_EQ(one->at(0).code, "one");
  EXPECT_EQ(one->at(1).equivalence, Equivalence::unmatched);
  EXPECT_EQ(over->translate({"urn:a", {}, "7", {}}, terms)->front().code, "other");
  terms.reverse = true;
  EXPECT_EQ(over->translate({"urn:b", {}, "two", {}}, terms)->front().equivalence,
            Equivalence::narrower);
}

}  // namespace
}  // namespace holdfast::fhir::terminology
