// Slices by every kind of discriminator, and what becomes of the items that are in none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A profile of Observation with these elements; the url is urn:slices.
Bytes observation_profile(std::string_view elements) {
  return fmt::format(
      R"({{"resourceType":"StructureDefinition","url":"urn:slices","kind":"resource","type":"Observation",)"
      R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",)"
      R"("differential":{{"element":[{}]}}}})",
      elements);
}
std::string observation(std::string_view members) {
  return fmt::format(
      R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{}}})", members);
}
std::string judge(std::string_view elements, std::string_view members,
                  const std::vector<Bytes>& more = {}, Severity least = Severity::error) {
  std::vector<Bytes> all = more;
  all.push_back(observation_profile(elements));
  Bench bench(all);
  return bench(observation(members), {"urn:slices"}, least);
}

/// Components by their code: one for systolic (1..1), one for diastolic (0..1).
std::string by_code(std::string_view kind, std::string_view path, std::string_view rules = "open",
                    std::string_view ordered = "false") {
  return fmt::format(
      R"({{"id":"Observation.component","path":"Observation.component","slicing":{{"discriminator":[{{"type":"{}",)"
      R"("path":"{}"}}],"rules":"{}","ordered":{}}}}},)"
      R"({{"id":"Observation.component:s","path":"Observation.component","sliceName":"s","min":1,"max":"1"}},)"
      R"({{"id":"Observation.component:s.code","path":"Observation.component.code","patternCodeableConcept":)"
      R"({{"coding":[{{"system":"urn:c","code":"s"}}]}}}},)"
      R"({{"id":"Observation.component:s.value[x]","path":"Observation.component.value[x]","min":1,"type":[{{"code":"Quantity"}}]}},)"
      R"({{"id":"Observation.component:d","path":"Observation.component","sliceName":"d","max":"1"}},)"
      R"({{"id":"Observation.component:d.code","path":"Observation.component.code","patternCodeableConcept":)"
      R"({{"coding":[{{"system":"urn:c","code":"d"}}]}}}})",
      kind, path, rules, ordered);
}
std::string component(std::string_view code,
                      std::string_view value = R"("valueQuantity":{"value":1})") {
  return fmt::format(R"({{"code":{{"coding":[{{"system":"urn:c","code":"{}"}}]}},{}}})", code,
                     value);
}
std::string components(const std::vector<std::string>& all) {
  std::string list;
  for (const std::string& one : all) {
    list += (list.empty() ? "" : ",") + one;
  }
  return "\"component\":[" + list + "]";
}

TEST(Slices, AreToldByPatternAndByValueAboveIt) {
  for (const std::string& rule : {by_code("pattern", "code"), by_code("value", "code"),
                                  by_code("value", "code.coding.code")}) {
    EXPECT_EQ(judge(rule, components({component("s"), component("d"), component("z")})), "");
    EXPECT_THAT(
        judge(rule, components({component("d"), component("z")})),
        HasSubstr(
            "error required Observation.component: Observation has 0 of Observation.component:s"));
    EXPECT_THAT(judge(rule, components({component("s"), component("d"), component("d")})),
                HasSubstr("Observation has 2 of Observation.component:d"));
    // What a slice asks for is asked of its items only.
    EXPECT_THAT(judge(rule, components({component("d", R"("valueString":"a")"),
                                        component("s", R"("valueString":"a")")})),
                testing::AllOf(HasSubstr("error structure Observation.component[1].value: "),
                               Not(HasSubstr("component[0]"))));
  }
}

TEST(Slices, ThatAreClosedAllowNoOthers) {
  const std::string rule = by_code("pattern", "code", "closed");
  EXPECT_EQ(judge(rule, components({component("s")})), "");
  EXPECT_THAT(judge(rule, components({component("s"), component("z")})),
              HasSubstr("error structure Observation.component[1]: this is none of the slices"));
}

TEST(Slices, ThatAreOpenAtTheEndComeFirst) {
  const std::string rule = by_code("pattern", "code", "openAtEnd");
  EXPECT_EQ(judge(rule, components({component("s"), component("z")})), "");
  EXPECT_THAT(
      judge(rule, components({component("z"), component("s")})),
      HasSubstr("error structure Observation.component[1]: Observation.component:s stands behind"));
}

TEST(Slices, ThatAreOrderedKeepTheirOrder) {
  EXPECT_EQ(judge(by_code("pattern", "code", "open", "true"),
                  components({component("s"), component("d")})),
            "");
  EXPECT_THAT(judge(by_code("pattern", "code", "open", "true"),
                    components({component("d"), component("s")})),
              HasSubstr("error structure Observation.component[1]: "));
  EXPECT_EQ(judge(by_code("pattern", "code"), components({component("d"), component("s")})), "");
}

TEST(Slices, AreToldByNestedCodings) {
  // As the blood pressure of HL7 has it: a slice of codings inside the slice of components.
  constexpr std::string_view rule =
      R"({"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[)"
      R"({"type":"value","path":"code.coding.code"},{"type":"value","path":"code.coding.system"}],"rules":"open"}},)"
      R"({"id":"Observation.component:s","path":"Observation.component","sliceName":"s","min":1},)"
      R"({"id":"Observation.component:s.code.coding","path":"Observation.component.code.coding","slicing":{"discriminator":[)"
      R"({"type":"value","path":"code"},{"type":"value","path":"system"}],"rules":"open"}},)"
      R"({"id":"Observation.component:s.code.coding:loinc","path":"Observation.component.code.coding","sliceName":"loinc","min":1},)"
      R"({"id":"Observation.component:s.code.coding:loinc.system","path":"Observation.component.code.coding.system","min":1,"fixedUri":"urn:c"},)"
      R"({"id":"Observation.component:s.code.coding:loinc.code","path":"Observation.component.code.coding.code","min":1,"fixedCode":"s"},)"
      R"({"id":"Observation.component:s.code.coding:loinc.display","path":"Observation.component.code.coding.display","min":1})";
  const auto with = [](std::string_view codings) {
    return fmt::format(R"("component":[{{"code":{{"coding":[{}]}},"valueString":"a"}}])", codings);
  };
  EXPECT_EQ(
      judge(
          rule,
          with(R"({"system":"urn:other","code":"1"},{"system":"urn:c","code":"s","display":"S"})")),
      "");
  EXPECT_THAT(judge(rule, with(R"({"system":"urn:c","code":"z"})")),
              HasSubstr("has 0 of Observation.component:s"));
  EXPECT_THAT(judge(rule, with(R"({"system":"urn:c","code":"s"})")),
              HasSubstr("error required Observation.component[0].code.coding[0].display: "));
}

TEST(Slices, AreToldByType) {
  constexpr std::string_view rule =
      R"({"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}},)"
      R"({"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity","type":[{"code":"Quantity"}]},)"
      R"({"id":"Observation.value[x]:valueQuantity.unit","path":"Observation.value[x].unit","min":1})";
  EXPECT_EQ(judge(rule, R"("valueQuantity":{"value":1,"unit":"mg"})"), "");
  EXPECT_THAT(judge(rule, R"("valueQuantity":{"value":1})"),
              HasSubstr("error required Observation.value.unit: "));
  EXPECT_THAT(judge(rule, R"("valueString":"a")"), HasSubstr("none of the slices"));
}

TEST(Slices, OfAChoiceMayBeNamedByTheirElement) {
  constexpr std::string_view rule =
      R"({"id":"Observation.valueQuantity","path":"Observation.valueQuantity"},)"
      R"({"id":"Observation.valueQuantity.unit","path":"Observation.valueQuantity.unit","min":1})";
  EXPECT_THAT(judge(rule, R"("valueQuantity":{"value":1})"),
              HasSubstr("error required Observation.value.unit: "));
  EXPECT_EQ(judge(rule, R"("valueString":"a")"), "");
}

TEST(Slices, AreToldByWhatExists) {
  constexpr std::string_view rule =
      R"({"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"exists","path":"dataAbsentReason"}],"rules":"open"}},)"
      R"({"id":"Observation.component:absent","path":"Observation.component","sliceName":"absent","max":"1"},)"
      R"({"id":"Observation.component:absent.dataAbsentReason","path":"Observation.component.dataAbsentReason","min":1},)"
      R"({"id":"Observation.component:there","path":"Observation.component","sliceName":"there"},)"
      R"({"id":"Observation.component:there.dataAbsentReason","path":"Observation.component.dataAbsentReason","max":"0"},)"
      R"({"id":"Observation.component:there.value[x]","path":"Observation.component.value[x]","min":1})";
  const std::string absent = R"({"code":{"text":"a"},"dataAbsentReason":{"text":"lost"}})";
  EXPECT_EQ(judge(rule, components({absent, component("s")})), "");
  EXPECT_THAT(judge(rule, components({absent, absent})),
              HasSubstr("Observation has 2 of Observation.component:absent"));
  EXPECT_THAT(judge(rule, R"("component":[{"code":{"text":"a"}}])"),
              HasSubstr("error required Observation.component[0].value: "));
}

constexpr std::string_view members_by =
    R"x({{"id":"Observation.hasMember","path":"Observation.hasMember","slicing":{{"discriminator":[{{"type":"{}","path":"resolve()"}}],"rules":"closed"}}}},)x"
    R"({{"id":"Observation.hasMember:bp","path":"Observation.hasMember","sliceName":"bp","min":1,"type":[{{"code":"Reference","targetProfile":["{}"]}}]}})";

TEST(Slices, AreToldByTheTypeOfATarget) {
  const std::string rule =
      fmt::format(members_by, "type", "http://hl7.org/fhir/StructureDefinition/MolecularSequence");
  EXPECT_EQ(judge(rule, R"("hasMember":[{"reference":"MolecularSequence/1"}])"), "");
  EXPECT_THAT(judge(rule, R"("hasMember":[{"reference":"Observation/1"}])"),
              HasSubstr("none of the slices"));
}

TEST(Slices, AreToldByTheProfileOfATarget) {
  const std::string rule = fmt::format(members_by, "profile", "urn:member");
  const Bytes member =
      R"({"resourceType":"StructureDefinition","url":"urn:member","kind":"resource","type":"Observation",)"
      R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",)"
      R"("differential":{"element":[{"id":"Observation.issued","path":"Observation.issued","min":1}]}})";
  const auto with = [](std::string_view issued) {
    return fmt::format(
        R"("contained":[{{"resourceType":"Observation","id":"m","status":"final","code":{{"text":"m"}}{}}}],)"
        R"("hasMember":[{{"reference":"#m"}}])",
        issued);
  };
  EXPECT_EQ(judge(rule, with(R"(,"issued":"2020-01-01T00:00:00Z")"), {member}), "");
  EXPECT_THAT(judge(rule, with(""), {member}), HasSubstr("none of the slices"));
  // A target elsewhere: nobody can tell, and that is said.
  EXPECT_EQ(judge(rule, R"("hasMember":[{"reference":"Observation/1"}])", {member}), "");
  EXPECT_THAT(judge(rule, R"("hasMember":[{"reference":"Observation/1"}])", {member},
                    Severity::information),
              HasSubstr("information not-supported Observation.hasMember[0]: which slice"));
}

TEST(Slices, AreToldByWhatATargetSays) {
  constexpr std::string_view rule =
      R"({"id":"Observation.hasMember","path":"Observation.hasMember","slicing":{"discriminator":[{"type":"value","path":"resolve().code"}],"rules":"open"}},)"
      R"({"id":"Observation.hasMember:m","path":"Observation.hasMember","sliceName":"m","min":1,"type":[{"code":"Reference","targetProfile":["urn:member"]}]})";
  const Bytes member =
      R"({"resourceType":"StructureDefinition","url":"urn:member","kind":"resource","type":"Observation",)"
      R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",)"
      R"("differential":{"element":[{"id":"Observation.code","path":"Observation.code","patternCodeableConcept":{"text":"m"}}]}})";
  const auto with = [](std::string_view code) {
    return fmt::format(
        R"("contained":[{{"resourceType":"Observation","id":"m","status":"final","code":{{"text":"{}"}}}}],)"
        R"("hasMember":[{{"reference":"#m"}}])",
        code);
  };
  EXPECT_EQ(judge(rule, with("m"), {member}), "");
  EXPECT_THAT(judge(rule, with("z"), {member}),
              HasSubstr("Observation has 0 of Observation.hasMember:m"));
}

TEST(Slices, OfSlicesAreRefusedByName) {
  const std::string found = judge(
      by_code("pattern", "code") +
          R"(,{"id":"Observation.component:s/a","path":"Observation.component","sliceName":"s/a","min":1})",
      components({component("s")}), {}, Severity::information);
  EXPECT_THAT(found, HasSubstr("information not-supported Observation: urn:slices asks for "
                               "something that is not checked "
                               "here: Observation.component:s/a: slices of slices"));
  EXPECT_THAT(found, Not(HasSubstr("error")));
}

TEST(Slices, WithoutADiscriminatorAreNotCheckedInSilence) {
  constexpr std::string_view rule =
      R"({"id":"Observation.component:a","path":"Observation.component","sliceName":"a","min":1})";
  EXPECT_THAT(
      judge(rule, components({component("s")}), {}, Severity::information),
      HasSubstr("information not-supported Observation: the slices of Observation.component"));
  const std::string odd = by_code("value", "code.where(x)");
  EXPECT_THAT(judge(odd, components({component("s")}), {}, Severity::information),
              HasSubstr("its slices by 'code.where(x)' are not checked"));
}

TEST(Slices, OfProfilesThatNameEachOtherEnd) {
  const auto naming = [](std::string_view own, std::string_view other) {
    return Bytes(fmt::format(
        R"x({{"resourceType":"StructureDefinition","url":"{}","kind":"resource","type":"Observation",)x"
        R"x("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint",)x"
        R"x("differential":{{"element":[{{"id":"Observation.hasMember","path":"Observation.hasMember","slicing":)x"
        R"x({{"discriminator":[{{"type":"profile","path":"resolve()"}}],"rules":"closed"}}}},)x"
        R"x({{"id":"Observation.hasMember:m","path":"Observation.hasMember","sliceName":"m","type":[{{"code":"Reference",)x"
        R"x("targetProfile":["{}"]}}]}}]}}}})x",
        own, other));
  };
  Bench bench({naming("urn:a", "urn:b"), naming("urn:b", "urn:a")});
  // Each is a member of the other.
  const std::string circle =
      R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",)"
      R"("resource":{"resourceType":"Observation","meta":{"profile":["urn:a"]},"status":"final","code":{"text":"1"},)"
      R"("hasMember":[{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b"}]}},)"
      R"({"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b","resource":{"resourceType":"Observation",)"
      R"("status":"final","code":{"text":"2"},"hasMember":[{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}]}}]})";
  EXPECT_EQ(bench.errors(circle), "");
}

}  // namespace
}  // namespace holdfast::fhir::validation
