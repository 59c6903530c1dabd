// The official R4 example instances are valid, but for the errors listed here with their reasons;
// one that is listed and is found no more fails, too.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

/// An error of one file, by its place without numbers, and why HL7's example has it.
struct Known {
  std::string_view file;  ///< a beginning
  std::string_view issue;
  std::string_view why;
};

constexpr std::string_view no_media_type =
    "'json' and 'xml' are no media types of BCP 13, which the element is bound to (required)";
constexpr std::string_view cut_narrative =
    "the narrative was cut when the package was made: a comment says so";

constexpr Known known[] = {
    {"ActivityDefinition-blood-tubes-supply", "invariant ActivityDefinition.text.div",
     cut_narrative},
    {"ActivityDefinition-heart-valve-replacement", "invariant ActivityDefinition.text.div",
     cut_narrative},
    {"EventDefinition-example", "invariant EventDefinition.text.div", cut_narrative},
    {"Questionnaire-zika-virus-exposure-assessment", "invariant Questionnaire.text.div",
     cut_narrative},
    {"CapabilityStatement-", "code-invalid CapabilityStatement.format[]", no_media_type},
    {"TestScript-", "code-invalid TestScript.setup.action[].operation.accept", no_media_type},
    {"TestScript-", "code-invalid TestScript.setup.action[].operation.contentType", no_media_type},
    {"TestScript-", "code-invalid TestScript.test[].action[].operation.accept", no_media_type},
    {"TestScript-", "code-invalid TestScript.test[].action[].operation.contentType", no_media_type},
    {"TestScript-", "code-invalid TestScript.test[].action[].assert.contentType", no_media_type},
    {"DeviceMetric-example", "structure DeviceMetric.parent",
     "it refers to a DeviceDefinition where only a Device is allowed"},
    {"DeviceUseStatement-example", "structure DeviceUseStatement.reasonReference[]",
     "it refers to a Procedure, which is not among the allowed types"},
    {"MedicationRequest-medrx0301", "structure MedicationRequest.dispenseRequest.performer",
     "it refers to a Practitioner where only an Organization is allowed"},
    {"Observation-clinical-gender", "structure Observation.performer[]",
     "it refers to an Encounter, which performs nothing"},
    {"Questionnaire-qs1", "required Questionnaire.item[].item[].linkId", "linkId is required"},
    {"Questionnaire-qs1", "required Questionnaire.item[].item[].item[].linkId",
     "linkId is required"},
    {"Questionnaire-qs1", "required Questionnaire.item[].item[].item[].item[].linkId",
     "linkId is required"},
};

/// "Patient.name[3].given" with the numbers taken out.
std::string without_numbers(std::string_view expression) {
  std::string out;
  bool inside = false;
  for (const char c : expression) {
    inside = c == '[' || (inside && c != ']');
    if (!inside || c == '[') {
      out.push_back(c);
    }
  }
  return out;
}

bool is_instance(const std::string& name) {
  static const std::set<std::string> definitions{"StructureDefinition",
                                                 "SearchParameter",
                                                 "ValueSet",
                                                 "CodeSystem",
                                                 "ConceptMap",
                                                 "OperationDefinition",
                                                 "CompartmentDefinition",
                                                 "ImplementationGuide",
                                                 "Bundle",
                                                 "ig",
                                                 "package",
                                                 ".index"};
  return name.ends_with(".json") &&
         !definitions.contains(name.substr(0, name.find_first_of("-.", 1)));
}

TEST(Examples, AreValidButForWhatIsListed) {
  Bench bench;
  std::set<std::size_t> used;
  int instances = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string name = file.path().filename();
    if (!is_instance(name)) {
      continue;
    }
    ++instances;
    const Report report = bench.report(file_bytes(file.path()));
    for (const Issue& issue : report.issues()) {
      EXPECT_NE(issue.type, IssueType::too_costly) << name;
      if (issue.severity != Severity::error) {
        continue;
      }
      const std::string found = fmt::format("{} {}", validation::name(issue.type),
                                            without_numbers(split_where(issue.where).expression));
      bool is_known = false;
      for (std::size_t i = 0; i < std::size(known); ++i) {
        if (name.starts_with(known[i].file) && found == known[i].issue) {
          is_known = true;
          used.insert(i);
        }
      }
      EXPECT_TRUE(is_known) << name << " " << found << ": " << issue.text;
    }
  }
  EXPECT_EQ(instances, 693);
  for (std::size_t i = 0; i < std::size(known); ++i) {
    EXPECT_TRUE(used.contains(i)) << known[i].file << " has no " << known[i].issue
                                  << " any more: take it off the list";
  }
}

/// Bundles, and a sample of the definitions, which are resources like any other.
TEST(Examples, BundlesAndDefinitionsAreNoTrouble) {
  Bench bench;
  for (const std::string_view name :
       {"StructureDefinition-Patient.json", "StructureDefinition-bp.json",
        "CodeSystem-administrative-gender.json", "OperationDefinition-Resource-validate.json",
        "SearchParameter-individual-birthdate.json"}) {
    const std::string found = bench.errors(file_bytes(definitions_package() / name));
    EXPECT_EQ(found, "") << name;
  }
}

}  // namespace
}  // namespace holdfast::fhir::validation
