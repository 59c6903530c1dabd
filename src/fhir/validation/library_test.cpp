// The profiles and extension definitions of the package: all are read, and what of them is not
// checked is known.
#include <gtest/gtest.h>

#include <set>

#include "fhir/validation/library.h"
#include "fhir/validation/tables.h"
#include "fhir/validation/validation_testing.h"

namespace holdfast::fhir::validation {
namespace {

TEST(Library, ReadsEveryProfileOfThePackage) {
  const Library library;
  std::size_t nodes = 0;
  std::size_t rules = 0;
  std::set<std::string> unchecked;
  for (std::uint32_t i = 0; i < tables::profile_count; ++i) {
    const std::string_view url = text(tables::profiles[i].url);
    const FoundProfile found = library.find(url);
    ASSERT_TRUE(found.profile != nullptr) << url << ": " << found.fault;
    nodes += found.profile->nodes.size();
    for (const ProfileNode& node : found.profile->nodes) {
      rules += node.rules.size();
    }
    for (const std::string& what : found.profile->unchecked) {
      unchecked.insert(std::string(url) + " " + what);
    }
  }

  EXPECT_EQ(unchecked, std::set<std::string>());
  EXPECT_GT(nodes, 2000U);
  EXPECT_GT(rules, 20U);
}

}  // namespace
}  // namespace holdfast::fhir::validation
