// What must stay true of search parameters that are not built in, and of the numbers of indexes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fhir/params/compile.h"

namespace holdfast::fhir {
namespace {

using testing::ElementsAre;

ParamDefinition definition(std::string code, ParamKind kind, std::string type,
                           std::string expression) {
  ParamDefinition made;
  made.url = "urn:test:" + code;
  made.code = std::move(code);
  made.kind = kind;
  made.base = {*type_id(type)};
  made.expression = std::move(expression);
  return made;
}

std::vector<std::string> paths(const SearchParams& params, std::string_view type,
                               std::string_view code) {
  std::vector<std::string> found;
  const SearchParam* param = params.find(*type_id(type), code);
  if (param == nullptr) {
    return {"unknown"};
  }
  for (const IndexUse& use : param->uses) {
    found.push_back(params.index(use.index).path);
  }
  return found.empty() ? std::vector{std::string(param->unsupported)} : found;
}

TEST(Epoch, AddsParametersAndReplacesThoseOfTheSameCode) {
  std::vector<ParamDefinition> more{
      definition("contact", ParamKind::string, "Patient", "Patient.contact.name.family"),
      definition("sex", ParamKind::token, "Patient", "Patient.gender"),
      definition("family", ParamKind::string, "Patient", "Patient.contact.name.family")};
  const SearchParams params = compile_search_params({more, {}, {}});
  EXPECT_EQ(params.index_count(), standard_search_params().index_count() + 1);
  EXPECT_THAT(paths(params, "Patient", "contact"), ElementsAre("Patient.contact.name.family"));
  EXPECT_THAT(paths(params, "Patient", "family"), ElementsAre("Patient.contact.name.family"));
  EXPECT_THAT(paths(params, "Patient", "sex"), ElementsAre("Patient.gender"));
  EXPECT_THAT(paths(params, "Practitioner", "family"), ElementsAre("Practitioner.name.family"));
  EXPECT_THAT(paths(params, "Patient", "contacts"), ElementsAre("unknown"));
}

TEST(Epoch, SaysWhyAParameterHasNoIndex) {
  ParamDefinition composite = definition("both", ParamKind::composite, "Patient", "Patient");
  composite.parts = {{"urn:test:nobody", "gender"}};
  std::vector<ParamDefinition> more{
      definition("a", ParamKind::token, "Patient", "Patient.("),
      definition("b", ParamKind::token, "Patient", ""),
      definition("c", ParamKind::date, "Patient", "Patient.name.family"),
      definition("d", ParamKind::date, "Patient", "Patient.meta.lastUpdated"),
      definition("e", ParamKind::token, "Patient", "Patient.id"),
      composite};
  const SearchParams params = compile_search_params({more, {}, {}});
  EXPECT_EQ(params.index_count(), standard_search_params().index_count());
  for (const std::string code : {"a", "b", "c", "d", "e", "both"}) {
    const SearchParam* param = params.find(*type_id("Patient"), code);
    ASSERT_NE(param, nullptr) << code;
    EXPECT_FALSE(param->unsupported.empty()) << code;
    EXPECT_TRUE(param->uses.empty()) << code;
  }
}

TEST(Epoch, KeepsTheNumbersThatAreGivenOut) {
  std::vector<ParamDefinition> first{
      definition("contact", ParamKind::string, "Patient", "Patient.contact.name.family")};
  std::vector<ParamDefinition> second{
      definition("marital", ParamKind::token, "Patient", "Patient.maritalStatus")};
  const SearchParams one = compile_search_params({first, {}, {}});
  const auto numbers = one.catalogue();
  const SearchParams two = compile_search_params({second, first, numbers});
  const auto more = two.catalogue();
  ASSERT_EQ(more.size(), numbers.size() + 1);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(more[i], numbers[i]);
  }
  EXPECT_THAT(paths(two, "Patient", "contact"), ElementsAre("unknown"));
  EXPECT_TRUE(two.is_written(IndexId{static_cast<std::uint16_t>(numbers.size() - 1)}));
  // Whichever is compiled first, once the numbers are there.
  EXPECT_EQ(compile_search_params({first, second, more}).catalogue(), more);
}

// A view that another program has numbered.
TEST(Epoch, TakesNumbersFromAnyCatalogue) {
  auto numbers = standard_search_params().catalogue();
  std::swap(numbers[0], numbers[7]);
  numbers[3] = "1 token Patient.somethingOfThePast";
  const SearchParams params = compile_search_params({{}, {}, numbers});
  EXPECT_EQ(params.index_count(), numbers.size() + 1);
  EXPECT_FALSE(params.is_written(IndexId{3}));
  const auto now = params.catalogue();
  EXPECT_EQ(now[0], numbers[0]);
  EXPECT_EQ(now[7], numbers[7]);
  EXPECT_EQ(now.back(), standard_search_params().catalogue()[3]);
}

}  // namespace
}  // namespace holdfast::fhir
