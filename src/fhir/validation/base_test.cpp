// What every resource of R4 must be: invariants, bindings, targets; each found at its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/path/compile.h"
#include "fhir/validation/tables.h"
#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Base, CompilesEveryInvariantOfTheDefinitions) {
  std::size_t compiled = 0;
  const auto compile_all = [&](const InvariantRow* rows, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      path::CompileOptions options;
      options.rigor = path::Rigor::lenient;
      compiled += path::compile(text(rows[i].expression), options) ? 1U : 0U;
    }
  };
  compile_all(tables::structure_invariants, tables::structure_invariant_count);
  compile_all(tables::element_invariants, tables::element_invariant_count);
  EXPECT_EQ(compiled, tables::structure_invariant_count + tables::element_invariant_count);
  EXPECT_GT(compiled, 900U);
}

/// An example of HL7 with one text in it replaced, and what is then found where.
struct Mutation {
  std::string_view file;
  std::string_view from;
  std::string_view to;
  std::string_view issue;  ///< "invariant Patient.contact[0]: pat-1"
};

constexpr Mutation mutations[] = {
    {"Patient-example.json", R"("contact": [)", R"("contact": [{"gender":"male"},)",
     "invariant Patient.contact[0]: pat-1"},
    {"Patient-example.json", R"("use": "official",)", R"("use": "officially",)",
     "code-invalid Patient.name[0].use: code 'officially' is not in the value set "
     "http://hl7.org/fhir/ValueSet/name-use, which is required here"},
    {"Observation-f001.json", R"("valueQuantity")",
     R"("dataAbsentReason":{"text":"lost"},"valueQuantity")", "invariant Observation: obs-6"},
    {"Observation-f001.json", R"("referenceRange": [)",
     R"("referenceRange": [{"type":{"text":"x"}},)",
     "invariant Observation.referenceRange[0]: obs-3"},
    {"Condition-example.json", R"("clinicalStatus": {)",
     R"("abatementString":"gone","clinicalStatus": {)", "invariant Condition: con-4"},
    {"Encounter-example.json", R"("status": "in-progress",)", R"("status": "in-the-garden",)",
     "code-invalid Encounter.status: "},
    {"Organization-f001.json", R"("use": "work")", R"("use": "home")",
     "invariant Organization.telecom[0]: org-3"},
    {"AllergyIntolerance-example.json", R"("verificationStatus": {)", R"("verificationStatusX": {)",
     "structure AllergyIntolerance.verificationStatusX: AllergyIntolerance has no element"},
    {"MedicationRequest-medrx0301.json", R"("repeat": {)", R"("repeat": {"duration":1,)",
     "invariant MedicationRequest.dosageInstruction[0].timing.repeat: tim-1"},
    {"Bundle-bundle-example.json", R"("type": "searchset",)", R"("type": "batch",)",
     "invariant Bundle: bdl-1"},
    {"Composition-example.json", R"("status": "final",)", R"("status": "done",)",
     "code-invalid Composition.status: code 'done'"},
    {"Coverage-9876B1.json", R"("reference": "Organization/2")", R"("reference": "Location/2")",
     "structure Coverage.payor[0]: payor refers to a Location"},
    {"Immunization-example.json", R"("status": "completed",)", R"("status": "perhaps",)",
     "code-invalid Immunization.status: "},
    {"Location-1.json", R"("status": "active",)", R"("status": "open",)",
     "code-invalid Location.status: "},
    {"Questionnaire-f201.json", R"("item": [)", R"("item": [{"linkId":"z","type":"group"},)",
     "invariant Questionnaire.item"},
};

/// A resource that breaks one invariant, and how its place is written.
struct Broken {
  std::string_view resource;
  std::string_view issue;
};

constexpr Broken broken[] = {
    {R"("Appointment","status":"booked","participant":[{"status":"accepted","actor":{"display":"A"}}])",
     "Appointment: app-3"},
    {R"("AuditEvent","type":{"code":"x"},"recorded":"2020-01-01T00:00:00Z","agent":[{"requestor":true}],)"
     R"("source":{"observer":{"display":"A"}},"entity":[{"name":"a","query":"YQ=="}])",
     "AuditEvent.entity[0]: sev-1"},
    {R"("CarePlan","status":"active","intent":"plan","subject":{"display":"A"},"activity":[{"reference":{"display":"x"},)"
     R"("detail":{"status":"completed"}}])",
     "CarePlan.activity[0]: cpl-3"},
    {R"("CodeSystem","status":"draft","content":"complete","concept":[{"code":"a"},{"code":"a"}])",
     "CodeSystem: csd-1"},
    {R"("Composition","status":"final","type":{"text":"x"},"date":"2020","author":[{"display":"A"}],"title":"T",)"
     R"("section":[{"title":"empty"}])",
     "Composition.section[0]: cmp-1"},
    {R"("Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"display":"A"},)"
     R"("target":[{"detailString":"x"}])",
     "Goal.target[0]: gol-1"},
    {R"("Group","type":"person","actual":false,"member":[{"entity":{"display":"A"}}])",
     "Group: grp-1"},
    {R"("List","status":"current","mode":"working","emptyReason":{"text":"x"},"entry":[{"item":{"display":"A"}}])",
     "List: lst-1"},
    {R"("Linkage","item":[{"type":"source","resource":{"display":"A"}}])", "Linkage: lnk-1"},
    {R"("NamingSystem","name":"N","status":"draft","kind":"root","date":"2020","uniqueId":[{"type":"uuid","value":"a"}])",
     "NamingSystem: nsd-1"},
    {R"("Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"code":"mg"})",
     "Observation.value: qty-3"},
    {R"("Observation","status":"final","code":{"text":"x"},"valueRange":{"low":{"value":2},"high":{"value":1}})",
     "Observation.value: rng-2"},
    {R"("Observation","status":"final","code":{"text":"x"},"valueRange":{"low":{"value":2,"comparator":"<"}})",
     "Observation.value.low: sqty-1"},
    {R"("Observation","status":"final","code":{"text":"x"},"valueRatio":{"numerator":{"value":2}})",
     "Observation.value: rat-1"},
    {R"("Organization","active":true)", "Organization: org-1"},
    {R"("Parameters","parameter":[{"name":"x","valueString":"a","resource":{"resourceType":"Patient","active":true}}])",
     "Parameters.parameter[0]: inv-1"},
    {R"("Patient","telecom":[{"value":"1"}])", "Patient.telecom[0]: cpt-2"},
    {R"("Patient","photo":[{"data":"YQ=="}])", "Patient.photo[0]: att-1"},
    {R"("Patient","identifier":[{"period":{"start":"2021","end":"2020"}}])",
     "Patient.identifier[0].period: per-1"},
    {R"("Questionnaire","status":"draft","item":[{"linkId":"a","type":"display"},{"linkId":"a","type":"display"}])",
     "Questionnaire: que-2"},
    {R"("RiskAssessment","status":"final","subject":{"display":"A"},"prediction":[{"probabilityDecimal":101}])",
     "RiskAssessment.prediction[0]: ras-2"},
    {R"("RiskAssessment","status":"final","subject":{"display":"A"},"prediction":[{"probabilityRange":{"low":{"value":1,"code":"mg","system":"http://unitsofmeasure.org"}}}])",
     "RiskAssessment.prediction[0].probability: ras-1"},
    {R"("SearchParameter","url":"urn:x","name":"N","status":"draft","description":"d","code":"c","base":["Patient"],)"
     R"("type":"token","xpath":"f:Patient")",
     "SearchParameter: spd-1"},
    {R"("Task","status":"ready","intent":"order","lastModified":"2020","authoredOn":"2021")",
     "Task: inv-1"},
    {R"("ValueSet","status":"draft","compose":{"include":[{"version":"1"}]})",
     "ValueSet.compose.include[0]: vsd-1"},
};

TEST(Base, FindsABrokenInvariantOfEachOfManyTypes) {
  Bench bench;
  for (const auto& [resource, issue] : broken) {
    EXPECT_THAT(bench.errors(fmt::format(R"({{"resourceType":{}}})", resource)),
                HasSubstr(fmt::format("error invariant {}: ", issue)));
  }
}

TEST(Base, FindsMutationsOfTheExamplesWhereTheyAre) {
  Bench bench;
  for (const Mutation& mutation : mutations) {
    std::string changed = file_bytes(definitions_package() / mutation.file);
    const std::size_t at = changed.find(mutation.from);
    ASSERT_NE(at, std::string::npos) << mutation.file << " " << mutation.from;
    EXPECT_EQ(bench.errors(changed).find(mutation.issue), std::string::npos) << mutation.file;
    changed.replace(at, mutation.from.size(), mutation.to);
    EXPECT_THAT(bench.errors(changed), HasSubstr(mutation.issue)) << mutation.file;
  }
}

TEST(Base, SaysThatStructureComesFirst) {
  Bench bench;
  const std::string found =
      bench(R"({"resourceType":"Patient","gender":"mail","nmae":[]})", {}, Severity::information);
  EXPECT_THAT(found,
              AllOf(HasSubstr("error structure Patient.nmae: Patient has no element \"nmae\""),
                    HasSubstr("information informational : invariants, bindings and profiles"),
                    Not(HasSubstr("code-invalid"))));
}

TEST(Base, NamesLineAndColumn) {
  Bench bench;
  const Report report = bench.report("{\"resourceType\":\"Patient\",\n  \"gender\":\"mail\"}");
  ASSERT_TRUE(report.has_errors());
  EXPECT_EQ(split_where(report.issues().back().where).place, "line 2, column 12");
}

// ---- ele-1, ext-1, dom-3, ref-1, narrative
// --------------------------------------------------------

TEST(Base, AnElementIsMoreThanItsId) {
  Bench bench;
  EXPECT_THAT(bench.errors(R"({"resourceType":"Patient","name":[{"id":"a"}]})"),
              HasSubstr("error invariant Patient.name[0]: ele-1"));
  EXPECT_THAT(bench.errors(R"({"resourceType":"Patient","_gender":{"id":"a"}})"),
              HasSubstr("error invariant Patient.gender: ele-1"));
  EXPECT_EQ(bench.errors(R"({"resourceType":"Patient","gender":"male","_gender":{"id":"a"}})"), "");
}

TEST(Base, AnExtensionHasAValueOrExtensions) {
  Bench bench;
  EXPECT_THAT(
      bench.errors(R"({"resourceType":"Patient","extension":[{"url":"urn:x"}]})"),
      HasSubstr(
          "error invariant Patient.extension[0]: ext-1: an extension must have either a value or "
          "extensions; this has neither"));
  EXPECT_THAT(
      bench.errors(R"({"resourceType":"Patient","extension":[{"url":"urn:x","valueString":"a",)"
                   R"("extension":[{"url":"urn:y","valueString":"b"}]}]})"),
      HasSubstr("this has both"));
}

TEST(Base, WhatIsContainedIsReferredTo) {
  Bench bench;
  EXPECT_THAT(
      bench.errors(
          R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o",)"
          R"("name":"O"}],"gender":"male"})"),
      HasSubstr("error invariant Patient: dom-3"));
  EXPECT_THAT(
      bench.errors(R"({"resourceType":"Patient","managingOrganization":{"reference":"#o"}})"),
      HasSubstr("error invariant Patient.managingOrganization: ref-1"));
}

TEST(Base, WhatIsContainedIsValidatedToo) {
  Bench bench;
  EXPECT_THAT(
      bench.errors(
          R"({"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"p",)"
          R"("gender":"mail"}],"generalPractitioner":[{"reference":"#p"}]})"),
      HasSubstr("error code-invalid Patient.contained[0].gender: "));
}

TEST(Base, EntriesOfABundleAreValidatedToo) {
  Bench bench;
  EXPECT_THAT(bench.errors(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)"
                           R"({"resourceType":"Patient","gender":"mail"}}]})"),
              HasSubstr("error code-invalid Bundle.entry[0].resource.gender: "));
  // A reference within an entry's contained resources is not one to the Bundle's.
  EXPECT_THAT(
      bench.errors(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)"
                   R"({"resourceType":"Patient","generalPractitioner":[{"reference":"#x"}]}}]})"),
      HasSubstr("Bundle.entry[0].resource.generalPractitioner[0]: ref-1"));
}

TEST(Base, WhatAnEntryContainsIsTheEntrys) {
  Bench bench;
  EXPECT_EQ(bench.errors(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)"
                         R"({"resourceType":"Patient","contained":[{"resourceType":"Organization",)"
                         R"("id":"o","name":"O"}],"managingOrganization":{"reference":"#o"}}}]})"),
            "");
}

TEST(Base, TargetsInTheSameBundleAreKnown) {
  Bench bench;
  const auto bundle = [](std::string_view type) {
    return fmt::format(
        R"({{"resourceType":"Bundle","type":"collection","entry":[{{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",)"
        R"("resource":{{"resourceType":"{}","active":true}}}},{{"resource":{{"resourceType":"Observation",)"
        R"("status":"final","code":{{"text":"x"}},"subject":{{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}}}}}}]}})",
        type);
  };
  EXPECT_EQ(bench.errors(bundle("Patient")), "");
  EXPECT_THAT(
      bench.errors(bundle("Practitioner")),
      HasSubstr(
          "error structure Bundle.entry[1].resource.subject: subject refers to a Practitioner"));
}

TEST(Base, ReferencesByConditionAreOfTheTypeTheyName) {
  Bench bench;
  const auto observation = [](std::string_view subject) {
    return fmt::format(
        R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{}}})",
        subject);
  };
  EXPECT_EQ(
      bench.errors(observation(R"({"reference":"Patient?identifier=http://x/Practitioner/1"})")),
      "");
  EXPECT_THAT(bench.errors(observation(R"({"reference":"Practitioner?identifier=1"})")),
              HasSubstr("refers to a Practitioner"));
  EXPECT_THAT(bench.errors(observation(R"({"type":"Practitioner","identifier":{"value":"1"}})")),
              HasSubstr("refers to a Practitioner"));
}

TEST(Base, NarrativesAreWhatTheyMayBe) {
  Bench bench;
  const auto with = [](std::string_view inside) {
    return fmt::format(
        R"({{"resourceType":"Patient","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>"}}}})",
        inside);
  };
  EXPECT_EQ(bench.errors(with("Ada")), "");
  EXPECT_THAT(bench.errors(with("<script>x</script>")),
              HasSubstr("error invariant Patient.text.div: txt-1"));
  EXPECT_THAT(bench.errors(with("")), HasSubstr("error invariant Patient.text.div: txt-2"));
}

TEST(Base, BestPracticeIsAWarning) {
  Bench bench;
  EXPECT_THAT(bench(R"({"resourceType":"Patient","gender":"male"})"),
              HasSubstr("warning invariant Patient: dom-6: A resource should have narrative for "
                        "robust management (best practice)"));
}

// ---- bindings -----------------------------------------------------------------------------------

TEST(Bindings, RequiredCodesNameTheirChoices) {
  Bench bench;
  EXPECT_THAT(bench.errors(R"({"resourceType":"Patient","gender":"mail"})"),
              HasSubstr("error code-invalid Patient.gender: code 'mail' is not in the value set "
                        "http://hl7.org/fhir/ValueSet/administrative-gender, which is required "
                        "here. Its codes: male, "
                        "female, other, unknown"));
}

TEST(Bindings, ExtensibleOnesWarn) {
  Bench bench;
  const auto with = [](std::string_view concept_text) {
    return fmt::format(R"({{"resourceType":"Patient","maritalStatus":{}}})", concept_text);
  };
  EXPECT_THAT(
      bench(with(
          R"({"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]})")),
      Not(HasSubstr("maritalStatus")));
  EXPECT_THAT(
      bench(with(
          R"({"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"Q"}]})")),
      HasSubstr("warning code-invalid Patient.maritalStatus: code 'Q'"));
  // Text alone is allowed where the set has no code for it.
  EXPECT_THAT(bench(with(R"({"text":"It is complicated"})")), Not(HasSubstr("maritalStatus")));
}

TEST(Bindings, ARequiredConceptNeedsACode) {
  Bench bench;
  const auto with = [](std::string_view status) {
    return fmt::format(
        R"({{"resourceType":"Condition","subject":{{"reference":"Patient/1"}},"clinicalStatus":{}}})",
        status);
  };
  EXPECT_EQ(
      bench.errors(with(
          R"({"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]})")),
      "");
  EXPECT_THAT(
      bench.errors(with(R"({"text":"active"})")),
      HasSubstr("error code-invalid Condition.clinicalStatus: the text 'active' without a code"));
  EXPECT_THAT(bench.errors(with(R"({"coding":[{"system":"urn:x","code":"active"}]})")),
              HasSubstr("error code-invalid"));
}

TEST(Bindings, WhatCannotBeToldIsNoError) {
  Bench bench;
  // ISO 639 with a private tag: well-formed, and nobody here knows whether it is registered.
  const std::string odd = R"({"resourceType":"Patient","language":"en-x-ward"})";
  EXPECT_EQ(bench.errors(odd), "");
}

// ---- bounds -------------------------------------------------------------------------------------

TEST(Bounds, BeyondSoManyIssuesOnlyTheirCountGrows) {
  Bench bench;
  std::string many = R"({"resourceType":"Patient","name":[)";
  for (int i = 0; i < 500; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"use":"nick","family":"A"})";
  }
  const Report report = bench.report(many + "]}");
  EXPECT_EQ(report.count(Severity::error), 500U);
  EXPECT_LE(report.issues().size(), 2 * report_issues_max);
}

TEST(Bounds, CountingFindsAsMuchAsTelling) {
  Bench bench;
  const std::string faulty =
      R"({"resourceType":"Patient","gender":"mail","name":[{"id":"a"}],"maritalStatus":{"coding":[{"code":"M"}]}})";
  const Report told = bench.report(faulty);
  bench.terms.detail = Detail::counts;
  const Report counted = bench.report(faulty);
  for (const Severity severity : {Severity::error, Severity::warning, Severity::information}) {
    EXPECT_EQ(told.count(severity), counted.count(severity)) << name(severity);
  }
  EXPECT_TRUE(counted.issues().empty());
}

TEST(Bounds, WorkIsCountedAndEnds) {
  // Contained resources that are all looked for in all others: dom-3 costs their square.
  std::string large =
      R"({"resourceType":"Parameters","parameter":[{"name":"x","resource":{"resourceType":"List","status":"current","mode":"working","contained":[)";
  for (int i = 0; i < 3000; ++i) {
    large += fmt::format(
        R"({}{{"resourceType":"Basic","id":"b{}","code":{{"text":"x"}},"subject":{{"reference":"#b{}"}}}})",
        i == 0 ? "" : ",", i, i + 1);
  }
  Bench bench;
  const Report report = bench.report(large + "]}}]}");
  EXPECT_TRUE(report.has_errors());
  bool is_told = false;
  for (const Issue& issue : report.issues()) {
    is_told = is_told || issue.type == IssueType::too_costly;
  }
  EXPECT_TRUE(is_told);
}

}  // namespace
}  // namespace holdfast::fhir::validation
