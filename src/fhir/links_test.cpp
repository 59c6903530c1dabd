#include "fhir/links.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/definitions.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

std::vector<std::string> links_of(BytesView resource) {
  std::vector<std::string> links;
  each_link(resource, [&](const LiteralReference& link) {
    links.push_back(fmt::format("{}/{}{}{}", name(link.type), link.id,
                                link.version.empty() ? "" : "#", link.version));
  });
  return links;
}

TEST(Links, AreTheLiteralReferencesOfAResource) {
  EXPECT_EQ(
      links_of(
          R"({"resourceType":"Encounter","subject":{"reference":"Patient/p"},)"
          R"("participant":[{"individual":{"reference":"Practitioner\/7/_history/2"}},)"
          R"({"individual":{"reference":"http://other/Practitioner/8"}}],)"
          R"("location":[{"location":{"display":"\"reference\":\"Location/1","reference":"#l"}}],)"
          R"("contained":[{"resourceType":"Location","id":"l","managingOrganization":{"reference":"Organization/o"}}],)"
          R"("reasonCode":[{"text":"\\"}],"serviceProvider":{"type":"reference","reference":"Organization\u002fx"}})"),
      (std::vector<std::string>{"Patient/p", "Practitioner/7#2", "Organization/o",
                                "Organization/x"}));
  EXPECT_TRUE(links_of("").empty());
  EXPECT_TRUE(links_of(R"("reference":")").empty());
}

// What the promise rests on: which elements are called so and are texts.
TEST(Links, StandInReferencesAndInThreeUris) {
  std::vector<std::string_view> others;
  for (std::uint32_t i = 0; i < tables::element_count; ++i) {
    const ElementRow& row = tables::elements[i];
    const StructureId in{row.structure_of};
    if (name(row) == "reference" && is_primitive(row.kind) && in != tables::reference_structure) {
      others.push_back(name(structure(in)));
    }
  }
  EXPECT_EQ(others, (std::vector<std::string_view>{"DetectedIssue", "Expression",
                                                   "Immunization.education"}));
}

}  // namespace
}  // namespace holdfast::fhir
