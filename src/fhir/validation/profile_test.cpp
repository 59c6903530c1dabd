// What profiles ask for: each rule, and that what is right passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

using testing::HasSubstr;

/// One element of one profile of Patient, on one Patient.
std::string judge(std::string_view elements, std::string_view members) {
  Bench bench({profile("P", "Patient", "Patient", elements)});
  return bench.errors(patient(members), {on("P")});
}

// ---- cardinality, values, types, bounds
// ----------------------------------------------------------

TEST(Profile, AsksForHowManyThereAre) {
  constexpr std::string_view rule =
      R"({"id":"Patient.name","path":"Patient.name","min":1,"max":"2"})";
  EXPECT_THAT(judge(rule, R"("gender":"male")"), HasSubstr("error required Patient.name: "));
  EXPECT_EQ(judge(rule, R"("name":[{"family":"A"}])"), "");
  EXPECT_THAT(judge(rule, R"("name":[{"family":"A"},{"family":"B"},{"family":"C"}])"),
              HasSubstr("error structure Patient.name: Patient has 3 of Patient.name"));
}

TEST(Profile, CountsWithinTheElementThatIsThere) {
  constexpr std::string_view rule =
      R"({"id":"Patient.contact.name","path":"Patient.contact.name","min":1})";
  EXPECT_EQ(judge(rule, R"("gender":"male")"), "");
  EXPECT_THAT(judge(rule, R"("contact":[{"name":{"family":"A"}},{"gender":"male"}])"),
              HasSubstr("error required Patient.contact[1].name: "));
}

TEST(Profile, ForbidsAnElement) {
  constexpr std::string_view rule = R"({"id":"Patient.animal","path":"Patient.photo","max":"0"},)"
                                    R"({"id":"Patient.photo","path":"Patient.photo","max":"0"})";
  EXPECT_THAT(judge(rule, R"("photo":[{"title":"A"}])"), HasSubstr("asks for none"));
}

TEST(Profile, FixesValues) {
  constexpr std::string_view rule =
      R"({"id":"Patient.maritalStatus","path":"Patient.maritalStatus",)"
      R"("fixedCodeableConcept":{"coding":[{"system":"urn:x","code":"M"}]}})";
  EXPECT_EQ(judge(rule, R"("maritalStatus":{"coding":[{"code":"M","system":"urn:x"}]})"), "");
  // Exactly: nothing beside it.
  EXPECT_THAT(
      judge(rule, R"("maritalStatus":{"coding":[{"system":"urn:x","code":"M"}],"text":"Married"})"),
      HasSubstr("error value Patient.maritalStatus: "));
}

TEST(Profile, AsksForPatterns) {
  constexpr std::string_view rule =
      R"({"id":"Patient.maritalStatus","path":"Patient.maritalStatus",)"
      R"("patternCodeableConcept":{"coding":[{"system":"urn:x","code":"M"}]}})";
  EXPECT_EQ(judge(rule, R"("maritalStatus":{"text":"Married","coding":[{"code":"?"},)"
                        R"({"system":"urn:x","code":"M","display":"M"}]})"),
            "");
  EXPECT_THAT(judge(rule, R"("maritalStatus":{"coding":[{"system":"urn:y","code":"M"}]})"),
              HasSubstr("error value Patient.maritalStatus: "));
}

TEST(Profile, ComparesFixedDecimalsByValue) {
  Bench bench({profile("O", "Observation", "Observation",
                       R"({"id":"Observation.value[x]","path":"Observation.value[x]",)"
                       R"("type":[{"code":"Quantity"}],"fixedQuantity":{"value":1.50}})")});
  constexpr std::string_view observation =
      R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{}}}}})";
  EXPECT_EQ(bench.errors(fmt::format(observation, "1.5"), {on("O")}), "");
  EXPECT_THAT(bench.errors(fmt::format(observation, "1.51"), {on("O")}),
              HasSubstr("error value Observation.value: "));
}

TEST(Profile, RestrictsTypesOfAChoice) {
  constexpr std::string_view rule =
      R"({"id":"Patient.deceased[x]","path":"Patient.deceased[x]","type":[{"code":"dateTime"}]})";
  EXPECT_EQ(judge(rule, R"("deceasedDateTime":"2020")"), "");
  EXPECT_THAT(
      judge(rule, R"("deceasedBoolean":true)"),
      HasSubstr("error structure Patient.deceased: Patient.deceased[x] is of type boolean"));
}

TEST(Profile, BoundsValuesAndLengths) {
  constexpr std::string_view date =
      R"({"id":"Patient.birthDate","path":"Patient.birthDate","minValueDate":"1890-01-01","maxValueDate":"2020-12-31"})";
  EXPECT_EQ(judge(date, R"("birthDate":"1950-02-03")"), "");
  EXPECT_THAT(judge(date, R"("birthDate":"1889-12-31")"), HasSubstr("asks for at least"));
  EXPECT_THAT(judge(date, R"("birthDate":"2021-01-01")"), HasSubstr("asks for at most"));
  constexpr std::string_view rank =
      R"({"id":"Patient.telecom.rank","path":"Patient.telecom.rank","maxValuePositiveInt":3})";
  EXPECT_EQ(judge(rank, R"("telecom":[{"rank":3}])"), "");
  EXPECT_THAT(judge(rank, R"("telecom":[{"rank":4}])"), HasSubstr("Patient.telecom[0].rank"));
  constexpr std::string_view length =
      R"({"id":"Patient.name.family","path":"Patient.name.family","maxLength":3})";
  EXPECT_EQ(judge(length, "\"name\":[{\"family\":\"\xC3\xA9\xC3\xA9\xC3\xA9\"}]"), "");
  EXPECT_THAT(judge(length, R"("name":[{"family":"abcd"}])"), HasSubstr("has 4 characters"));
}

TEST(Profile, SaysWhereABoundCannotBeTold) {
  Bench bench({profile(
      "P", "Patient", "Patient",
      R"({"id":"Patient.birthDate","path":"Patient.birthDate","minValueDate":"1890-06-01"})")});
  EXPECT_THAT(bench(patient(R"("birthDate":"1890")"), {on("P")}, Severity::information),
              HasSubstr("information not-supported Patient.birthDate: "));
}

TEST(Profile, HasRulesOfItsOwn) {
  constexpr std::string_view rule =
      R"({"id":"Patient.name","path":"Patient.name","constraint":[{"key":"w-1","severity":"error",)"
      R"x("human":"A name has a family","expression":"family.exists()"}]})x";
  EXPECT_EQ(judge(rule, R"("name":[{"family":"A"}])"), "");
  EXPECT_THAT(judge(rule, R"("name":[{"family":"A"},{"text":"B"}])"),
              HasSubstr("error invariant Patient.name[1]: w-1: A name has a family"));
}

// Named from outside as well as by meta.profile.
TEST(Profile, SeesTheResourceInItsRules) {
  constexpr std::string_view rule =
      R"({"id":"Patient.name","path":"Patient.name","constraint":[{"key":"w-2","severity":"error",)"
      R"x("human":"Who is active has a family","expression":"%resource.active and )x"
      R"x(%rootResource.active implies family.exists()"}]})x";
  EXPECT_EQ(judge(rule, R"("active":true,"name":[{"family":"A"}])"), "");
  EXPECT_THAT(judge(rule, R"("active":true,"name":[{"text":"B"}])"),
              HasSubstr("error invariant Patient.name[0]: w-2: Who is active has a family"));
  EXPECT_EQ(judge(rule, R"("active":false,"name":[{"text":"B"}])"), "");
}

TEST(Profile, SaysThatItsRuleCannotBeRead) {
  Bench bench(
      {profile("P", "Patient", "Patient",
               R"({"id":"Patient","path":"Patient","constraint":[{"key":"w-1","severity":"error",)"
               R"("human":"?","expression":"nonsense("}]})")});
  EXPECT_THAT(bench(patient(R"("gender":"male")"), {on("P")}, Severity::information),
              HasSubstr("information not-supported Patient: " + on("P") +
                        " asks for something that is not checked here: Patient: the rule w-1"));
  ASSERT_EQ(bench.validator->library().problems().size(), 1U);
}

TEST(Profile, BindsToValueSets) {
  constexpr std::string_view set =
      R"({"resourceType":"ValueSet","url":"urn:x:set","status":"draft","compose":{"include":[)"
      R"({"system":"urn:x:codes","concept":[{"code":"a"},{"code":"b"}]}]}})";
  const auto rule = [](std::string_view strength, std::string_view set_url = "urn:x:set") {
    return profile("P", "Patient", "Patient",
                   fmt::format(R"({{"id":"Patient.maritalStatus","path":"Patient.maritalStatus",)"
                               R"("binding":{{"strength":"{}","valueSet":"{}"}}}})",
                               strength, set_url));
  };
  const std::string good =
      patient(R"("maritalStatus":{"coding":[{"system":"urn:x:codes","code":"a"}]})");
  const std::string bad =
      patient(R"("maritalStatus":{"coding":[{"system":"urn:x:codes","code":"z"}]})");
  Bench required({rule("required")}, {Bytes(set)});
  EXPECT_EQ(required.errors(good, {on("P")}), "");
  EXPECT_THAT(required.errors(bad, {on("P")}),
              HasSubstr("error code-invalid Patient.maritalStatus: code 'z' of urn:x:codes"));
  EXPECT_THAT(required.errors(bad, {on("P")}), HasSubstr("Its codes: a, b"));
  Bench extensible({rule("extensible")}, {Bytes(set)});
  EXPECT_EQ(extensible.errors(bad, {on("P")}), "");
  EXPECT_THAT(extensible(bad, {on("P")}),
              HasSubstr("warning code-invalid Patient.maritalStatus: code 'z'"));
  Bench preferred({rule("preferred")}, {Bytes(set)});
  EXPECT_THAT(preferred(bad, {on("P")}), testing::Not(HasSubstr("urn:x:set")));
  Bench missing({rule("required", "urn:x:set|1.0")}, {Bytes(set)});
  EXPECT_THAT(
      missing(bad, {on("P")}),
      HasSubstr("warning not-found Patient.maritalStatus: the value set urn:x:set|1.0 is not"));
}

TEST(Profile, RestrictsWhatReferencesPointTo) {
  constexpr std::string_view rule =
      R"({"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","type":[{"code":"Reference",)"
      R"("targetProfile":["http://hl7.org/fhir/StructureDefinition/Organization"]}]})";
  EXPECT_EQ(judge(rule, R"("generalPractitioner":[{"reference":"Organization/1"}])"), "");
  EXPECT_EQ(judge(rule, R"("generalPractitioner":[{"display":"Dr A"}])"), "");
  EXPECT_THAT(judge(rule, R"("generalPractitioner":[{"reference":"Practitioner/1"}])"),
              HasSubstr("error structure Patient.generalPractitioner[0]: "));
  EXPECT_THAT(judge(rule, R"("contained":[{"resourceType":"Practitioner","id":"p"}],)"
                          R"("generalPractitioner":[{"reference":"#p"}])"),
              HasSubstr("refers to a Practitioner"));
}

TEST(Profile, LooksAtTargetsInTheSameDocument) {
  Bench bench(
      {profile(
           "P", "Patient", "Patient",
           R"({"id":"Patient.managingOrganization","path":"Patient.managingOrganization","type":[)"
           R"({"code":"Reference","targetProfile":["https://example.org/ward/StructureDefinition/Org"]}]})"),
       profile("Org", "Organization", "Organization",
               R"({"id":"Organization.alias","path":"Organization.alias","min":1})")});
  const auto with = [](std::string_view organization) {
    return patient(
        fmt::format(R"("contained":[{{"resourceType":"Organization","id":"o","name":"O"{}}}],)"
                    R"("managingOrganization":{{"reference":"#o"}})",
                    organization));
  };
  EXPECT_EQ(bench.errors(with(R"(,"alias":["Oh"])"), {on("P")}), "");
  EXPECT_THAT(bench.errors(with(""), {on("P")}),
              HasSubstr("error value Patient.managingOrganization: "));
}

// ---- naming profiles
// -------------------------------------------------------------------------------

TEST(Profile, IsFoundByMetaProfile) {
  Bench bench({profile("P", "Patient", "Patient",
                       R"({"id":"Patient.name","path":"Patient.name","min":1})")});
  EXPECT_THAT(bench.errors(patient(fmt::format(R"("meta":{{"profile":["{}|1.2"]}})", on("P")))),
              HasSubstr("error required Patient.name: "));
}

TEST(Profile, ThatNobodyKnowsIsAWarningInMetaAndAnErrorIfAskedFor) {
  Bench bench;
  const std::string resource = patient(R"("meta":{"profile":["urn:x:none"]},"gender":"male")");
  EXPECT_THAT(bench(resource),
              HasSubstr("warning not-found Patient: the profile urn:x:none is not known"));
  EXPECT_EQ(bench.errors(resource), "");
  EXPECT_THAT(bench.errors(patient(R"("gender":"male")"), {"urn:x:none"}),
              HasSubstr("error not-found Patient: the profile urn:x:none"));
  bench.terms.unknown_profile = UnknownProfile::error;
  EXPECT_THAT(bench.errors(resource), HasSubstr("error not-found"));
}

TEST(Profile, IsOfOneType) {
  Bench bench({profile("P", "Patient", "Patient", R"({"id":"Patient","path":"Patient"})")});
  EXPECT_THAT(bench.errors(R"({"resourceType":"Practitioner","active":true})", {on("P")}),
              HasSubstr("is a profile of Patient, and this is a Practitioner"));
}

TEST(Profile, ThatIsDerivedAsksForWhatItsBaseAsksFor) {
  Bench bench(
      {profile(
           "Base", "Patient", "Patient",
           R"({"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":)"
           R"([{"type":"value","path":"system"}],"rules":"open"}},)"
           R"({"id":"Patient.identifier:nhs","path":"Patient.identifier","sliceName":"nhs"},)"
           R"({"id":"Patient.identifier:nhs.system","path":"Patient.identifier.system",)"
           R"("min":1,"fixedUri":"urn:nhs"},)"
           R"({"id":"Patient.name","path":"Patient.name","min":1})"),
       profile(
           "Derived", "Patient", on("Base"),
           R"({"id":"Patient.identifier:nhs","path":"Patient.identifier","sliceName":"nhs","min":1})")});
  const std::string found =
      bench.errors(patient(R"("identifier":[{"system":"urn:other"}])"), {on("Derived")});
  EXPECT_THAT(found, HasSubstr("error required Patient.name: "));
  EXPECT_THAT(
      found,
      HasSubstr("error required Patient.identifier: Patient has 0 of Patient.identifier:nhs"));
  EXPECT_EQ(bench.errors(patient(R"("name":[{"text":"A"}],"identifier":[{"system":"urn:nhs"}])"),
                         {on("Derived")}),
            "");
  // The base does not ask for the slice.
  EXPECT_EQ(bench.errors(patient(R"("name":[{"text":"A"}])"), {on("Base")}), "");
}

TEST(Profile, WhoseBaseIsMissingIsNotUsedInSilence) {
  Bench bench({profile("P", "Patient", "https://example.org/none",
                       R"({"id":"Patient","path":"Patient"})")});
  ASSERT_EQ(bench.validator->library().problems().size(), 1U);
  EXPECT_THAT(bench.errors(patient(R"("gender":"male")"), {on("P")}),
              HasSubstr("cannot be checked here: it has no snapshot, and its base "
                        "https://example.org/none is not"));
}

TEST(Profile, IsAskedForByRules) {
  Bench bench(
      {profile(
           "P", "Patient", "Patient",
           R"({"id":"Patient","path":"Patient","constraint":[{"key":"w-1","severity":"error","human":"x",)"
           R"x("expression":"conformsTo('https://example.org/ward/StructureDefinition/Q')"},)x"
           R"({"key":"w-2","severity":"error","human":"y",)"
           R"x("expression":"gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')"}]})x"),
       profile("Q", "Patient", "Patient",
               R"({"id":"Patient.name","path":"Patient.name","min":1})")});
  EXPECT_EQ(bench.errors(patient(R"("gender":"male","name":[{"text":"A"}])"), {on("P")}), "");
  EXPECT_THAT(bench.errors(patient(R"("gender":"male")"), {on("P")}), HasSubstr("w-1: x"));
}

TEST(Profile, ThatAsksItselfEnds) {
  Bench bench({profile(
      "P", "Patient", "Patient",
      R"({"id":"Patient","path":"Patient","constraint":[{"key":"w-1","severity":"error","human":"x",)"
      R"x("expression":"conformsTo('https://example.org/ward/StructureDefinition/P')"}]})x")});
  EXPECT_EQ(bench.errors(patient(R"("gender":"male")"), {on("P")}), "");
}

// ---- contentReference, extensions
// ------------------------------------------------------------------

TEST(Profile, CountsForElementsThatRepeatByReference) {
  // A snapshot names the reference; what is said of item counts for the items in it.
  Bench bench(
      {profile("Q", "Questionnaire", "Questionnaire",
               R"({"id":"Questionnaire.item","path":"Questionnaire.item"},)"
               R"({"id":"Questionnaire.item.text","path":"Questionnaire.item.text","min":1},)"
               R"({"id":"Questionnaire.item.item","path":"Questionnaire.item.item",)"
               R"("contentReference":"#Questionnaire.item"})")});
  EXPECT_THAT(
      bench.errors(
          R"({"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","text":"a",)"
          R"("type":"group","item":[{"linkId":"2","type":"group","text":"b","item":[)"
          R"({"linkId":"3","type":"string"}]}]}]})",
          {on("Q")}),
      HasSubstr("error required Questionnaire.item[0].item[0].item[0].text: "));
}

// ---- the package's own: blood pressure
// -------------------------------------------------------------

TEST(VitalSigns, ABloodPressureHasItsParts) {
  Bench bench;
  const std::string good = file_bytes(definitions_package() / "Observation-blood-pressure.json");
  EXPECT_EQ(bench.errors(good), "");
  const auto without = [&](std::string_view from, std::string_view to) {
    std::string changed = good;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    return bench.errors(changed, {"http://hl7.org/fhir/StructureDefinition/bp"});
  };
  EXPECT_THAT(without(R"("code": "8480-6")", R"("code": "8480-7")"),
              HasSubstr("error required Observation.component: Observation has 0 of "
                        "Observation.component:SystolicBP"));
  EXPECT_THAT(without("\"vital-signs\"", "\"laboratory\""), HasSubstr("Observation.category"));
  EXPECT_THAT(without("\"mm[Hg]\"", "\"kPa\""),
              HasSubstr("error value Observation.component[0].value.code: "));
}

}  // namespace
}  // namespace holdfast::fhir::validation
