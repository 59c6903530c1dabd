#include "fhir/patient_link.h"

#include <gtest/gtest.h>

namespace holdfast::fhir {
namespace {

std::string leads_to(const std::string& links) {
  JsonReader reader;
  const auto json = reader.read(R"({"resourceType":"Patient")" + links + "}");
  EXPECT_TRUE(json.has_value()) << links;
  return replacing_id(json->root());
}

TEST(PatientLink, LeadsToWhoStandsForThem) {
  EXPECT_EQ(leads_to(R"(,"link":[{"type":"seealso","other":{"reference":"Patient/1"}},)"
                     R"({"type":"replaced-by","other":{"reference":"Patient/2/_history/3"}}])"),
            "2");
}

TEST(PatientLink, LeadsNowhereWithoutOneOrToSomethingElse) {
  EXPECT_EQ(leads_to(""), "");
  EXPECT_EQ(leads_to(R"(,"link":[{"type":"replaces","other":{"reference":"Patient/1"}}])"), "");
  EXPECT_EQ(leads_to(R"(,"link":[{"type":"replaced-by","other":{"display":"Ann"}}])"), "");
  EXPECT_EQ(leads_to(R"(,"link":[{"type":"replaced-by","other":{"reference":"Group/1"}}])"), "");
  EXPECT_EQ(leads_to(R"(,"link":"none")"), "");
}

}  // namespace
}  // namespace holdfast::fhir
