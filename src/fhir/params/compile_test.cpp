#include "fhir/params/compile.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/extract.h"

namespace holdfast::fhir {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

const SearchParam& param(std::string_view type, std::string_view code) {
  const SearchParam* found = standard_search_params().find(*type_id(type), code);
  EXPECT_NE(found, nullptr) << type << ' ' << code;
  return *found;
}
std::vector<std::string> paths(std::string_view type, std::string_view code) {
  std::vector<std::string> found;
  for (const IndexUse& use : param(type, code).uses) {
    found.push_back(standard_search_params().index(use.index).path +
                    (use.only ? " -> " + std::string(name(*use.only)) : ""));
  }
  return found;
}

TEST(SearchParams, ShareTheIndexesOfTheirPaths) {
  EXPECT_THAT(paths("Observation", "subject"), ElementsAre("Observation.subject"));
  EXPECT_THAT(paths("Observation", "patient"), ElementsAre("Observation.subject -> Patient"));
  EXPECT_THAT(paths("Observation", "combo-code"),
              ElementsAre("Observation.code", "Observation.component.code"));
  EXPECT_THAT(paths("Observation", "date"),
              ElementsAre("Observation.effective(DateTime, Period, Timing, Instant)"));
  EXPECT_THAT(paths("Patient", "address-city"), ElementsAre("Patient.address.city"));
  EXPECT_THAT(paths("Patient", "address"), testing::Contains("Patient.address.city"));
  EXPECT_THAT(paths("Patient", "phone"), ElementsAre("Patient.telecom.where(system = 'phone')"));
  EXPECT_THAT(paths("Library", "depends-on"),
              ElementsAre("Library.relatedArtifact.where(type = 'depends-on').resource"));
  EXPECT_THAT(paths("Observation", "code-value-quantity"),
              ElementsAre("Observation (code & value(Quantity))"));
  EXPECT_THAT(paths("Patient", "deceased"),
              ElementsAre("Patient.deceased.exists() and Patient.deceased != false"));
}

// Whoever reads the CapabilityStatement sees these with their reasons.
TEST(SearchParams, ThatHaveNoIndexAreListedWithTheirReason) {
  std::map<std::string, std::set<std::string>> by_reason;
  std::set<std::string_view> urls;
  for (std::uint8_t i = 0; i < type_count; ++i) {
    for (const SearchParam& one : standard_search_params().of(TypeId{i})) {
      urls.insert(one.url);
      if (!one.unsupported.empty()) {
        const bool common = one.code.starts_with('_');
        by_reason[std::string(one.unsupported)].insert(
            (common ? "" : std::string(name(TypeId{i})) + '.') + std::string(one.code));
      }
    }
  }
  EXPECT_EQ(urls.size(), 1375U + 3U) << "those of R4, and our own";
  ASSERT_EQ(by_reason.size(), 2U);
  std::set<std::string> all;
  for (const auto& [reason, codes] : by_reason) {
    all.insert(codes.begin(), codes.end());
  }
  EXPECT_THAT(all, UnorderedElementsAre("_content", "_query", "_text", "Location.near"));
}

// Indexes keep their numbers where a newer program brings more: ours stand behind R4's.
TEST(SearchParams, OfOurOwnStandBehindThoseOfTheStandard) {
  const SearchParams& params = standard_search_params();
  const SearchParam& due = param("Task", "due");
  EXPECT_EQ(due.url, "urn:holdfast:SearchParameter:Task-due");
  EXPECT_EQ(due.kind, ParamKind::date);
  ASSERT_EQ(due.uses.size(), 1U);
  EXPECT_EQ(params.index(due.uses[0].index).path, "Task.restriction.period.end");
  const SearchParam& overseer = param("Task", "overseer");
  ASSERT_EQ(overseer.uses.size(), 1U);
  EXPECT_TRUE(overseer.targets.empty()) << "a CareTeam may be one, too";
  EXPECT_FALSE(params.index(overseer.uses[0].index).names_patient);
  const SearchParam& unit = param("BiologicallyDerivedProduct", "identifier");
  ASSERT_EQ(unit.uses.size(), 1U);
  const std::set<std::size_t> last{params.index_count() - 3, params.index_count() - 2,
                                   params.index_count() - 1};
  EXPECT_EQ((std::set<std::size_t>{due.uses[0].index.value, overseer.uses[0].index.value,
                                   unit.uses[0].index.value}),
            last);
}

TEST(SearchParams, OfThePatientCompartmentAreMarked) {
  std::size_t marked = 0;
  const SearchParams& params = standard_search_params();
  for (std::uint16_t i = 0; i < params.index_count(); ++i) {
    marked += params.index(IndexId{i}).in_patient_compartment ? 1 : 0;
  }
  EXPECT_EQ(marked, 98U);
  EXPECT_TRUE(params.index(param("Observation", "subject").uses[0].index).in_patient_compartment);
  EXPECT_FALSE(params.index(param("Observation", "device").uses[0].index).in_patient_compartment);
  // A Task lies in no patient's compartment, and is about somebody all the same.
  EXPECT_TRUE(params.index(param("Task", "patient").uses[0].index).names_patient);
  EXPECT_FALSE(params.index(param("Task", "patient").uses[0].index).in_patient_compartment);
  EXPECT_TRUE(params.index(param("Observation", "subject").uses[0].index).names_patient);
  EXPECT_FALSE(params.index(param("Task", "owner").uses[0].index).names_patient);
}

// "code: {…}" for each value that the indexes of a resource hold.
std::vector<std::string> extracted(std::string_view body) {
  JsonReader reader;
  auto json = reader.read(Bytes(body));
  EXPECT_TRUE(json.has_value());
  Sites sites;
  Extraction extraction;
  examine(json->root(), standard_search_params(), sites, extraction);
  std::vector<std::string> found;
  for (const ExtractedValue& one : extraction.values) {
    const PathIndex& index = standard_search_params().index(one.index);
    found.push_back(index.path +
                    (index.is_truth ? "" : ": " + std::string(json->at(one.value.node).raw())));
  }
  return found;
}

TEST(SearchParams, FindTheirValuesInOneWalk) {
  EXPECT_THAT(
      extracted(
          R"({"resourceType":"Patient","active":true,"name":[{"family":"A","given":["B",null,"C"],)"
          R"("_given":[null,{"id":"x"},null]}],"telecom":[{"system":"phone","value":"1"},)"
          R"({"system":"email","value":"2"}],"contained":[{"resourceType":"Patient","active":false}]})"),
      UnorderedElementsAre(
          "Patient.active: true", "Patient.name.family: \"A\"", "Patient.name.given: \"B\"",
          "Patient.name.given: \"C\"", R"(Patient.telecom: {"system":"phone","value":"1"})",
          R"(Patient.telecom: {"system":"email","value":"2"})",
          R"(Patient.telecom.where(system = 'phone'): {"system":"phone","value":"1"})",
          R"(Patient.telecom.where(system = 'email'): {"system":"email","value":"2"})",
          "Patient.deceased.exists() and Patient.deceased != false"));
  EXPECT_THAT(
      extracted(
          R"({"resourceType":"Bundle","type":"document","entry":[{"resource":)"
          R"({"resourceType":"Composition","id":"c"}},{"resource":{"resourceType":"Patient"}}]})"),
      UnorderedElementsAre("Bundle.type: \"document\"",
                           R"(Bundle.entry[0].resource: {"resourceType":"Composition","id":"c"})"));
}

}  // namespace
}  // namespace holdfast::fhir
