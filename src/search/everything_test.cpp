#include "search/everything.h"

#include <gtest/gtest.h>

#include "fhir/params/compile.h"

namespace holdfast::search {
namespace {

// A name that no type has would show what lies outside of the dates that were asked for.
TEST(Everything, HasADateOfCareWhereverItNamesOne) {
  const fhir::SearchParams& params = fhir::standard_search_params();
  std::size_t dated = 0;
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    if (const fhir::SearchParam* param = care_date_of(params, {i})) {
      EXPECT_EQ(param->kind, fhir::ParamKind::date) << fhir::name(fhir::TypeId{i});
      ++dated;
    }
  }
  EXPECT_EQ(dated, 48U);
}

}  // namespace
}  // namespace holdfast::search
