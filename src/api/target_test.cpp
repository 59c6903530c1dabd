#include "api/target.h"

#include <gtest/gtest.h>

namespace holdfast::api {
namespace {

TEST(Target, DecodesParametersAsAForm) {
  const auto all = parse_parameters("a=1+2&b=%C3%A9&&c&d=x%3Dy=z");
  ASSERT_TRUE(all);
  const std::vector<Parameter> wanted{{"a", "1 2"}, {"b", "é"}, {"c", ""}, {"d", "x=y=z"}};
  EXPECT_EQ(*all, wanted);
}

TEST(Target, RefusesWhatCannotBeDecoded) {
  for (const std::string_view bad : {"a=%", "a=%2", "a=%zz", "a=%00", "a=%ff", "a=%C3",
                                     "a=%ED%A0%80", "%C0%80=1", "a=%F4%90%80%80", "a=%E0%80%80"}) {
    const auto parameters = parse_parameters(bad);
    ASSERT_FALSE(parameters) << bad;
    EXPECT_EQ(parameters.error().code, Code::syntax) << bad;
  }
  std::string many;
  for (std::size_t i = 0; i <= parameters_max; ++i) {
    many += "a=1&";
  }
  EXPECT_EQ(parse_parameters(many).error().code, Code::too_large);
}

TEST(Target, PathHasNoEmptySegmentsButForgivesASlashAtTheEnd) {
  EXPECT_EQ(parse_path("/fhir/Patient/").value(), (std::vector<std::string>{"fhir", "Patient"}));
  EXPECT_FALSE(parse_path("/fhir//Patient"));
  EXPECT_FALSE(parse_path("/1/2/3/4/5/6/7/8/9"));
}

TEST(Target, CountsAreDecimalsWithoutDecoration) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("999999999999999999"), 999999999999999999U);
  for (const std::string_view bad : {"", "-1", "+1", "01", "1.0", "1000000000000000000", "1 "}) {
    EXPECT_FALSE(parse_count(bad)) << bad;
  }
}

}  // namespace
}  // namespace holdfast::api
