#include "fhir/meta.h"

#include <gtest/gtest.h>

#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

Json parameters(const std::string& meta) {
  return read_json(R"({"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":)" +
                   meta + "}]}");
}
std::string added(const std::string& body, const std::string& meta) {
  const Json resource = read_json(body);
  const Json named = parameters(meta);
  return add_meta(resource.root(), named.root()).value_or("refused");
}
std::string deleted(const std::string& body, const std::string& meta) {
  const Json resource = read_json(body);
  const Json named = parameters(meta);
  return delete_meta(resource.root(), named.root()).value_or("refused");
}

const std::string basic =
    R"({"resourceType":"Basic","id":"b","meta":{"versionId":"1","tag":[{"system":"s","code":"a","display":"A"}],"source":"#x"},"code":{"text":"1.50"}})";

TEST(Meta, AddsWhatIsNotThereAndLeavesTheRestAsItWas) {
  EXPECT_EQ(
      added(
          basic,
          R"({"versionId":"9","profile":["http://p","http://p"],"tag":[{"code":"a"},{"system":"s","code":"a"}]})"),
      R"({"resourceType":"Basic","id":"b","meta":{"versionId":"1","tag":[{"system":"s","code":"a","display":"A"},{"code":"a"}],"source":"#x","profile":["http://p"]},"code":{"text":"1.50"}})");
  EXPECT_EQ(added(basic, R"({"tag":[{"system":"s","code":"a","display":"other"}]})"), basic);
  EXPECT_EQ(added(R"({"resourceType":"Basic","code":{}})", R"({"security":[{"code":"R"}]})"),
            R"({"resourceType":"Basic","code":{},"meta":{"security":[{"code":"R"}]}})");
}

TEST(Meta, TakesAwayWhatIsNamedAndNoMore) {
  EXPECT_EQ(
      deleted(basic, R"({"tag":[{"system":"s","code":"a"}],"profile":["http://p"]})"),
      R"({"resourceType":"Basic","id":"b","meta":{"versionId":"1","source":"#x"},"code":{"text":"1.50"}})");
  EXPECT_EQ(deleted(basic, R"({"tag":[{"code":"a"},{"system":"s","code":"b"}]})"), basic);
  EXPECT_EQ(deleted(basic, R"({"security":[{"system":"s","code":"a"}]})"), basic);
}

TEST(Meta, RefusesOtherParameters) {
  const Json resource = read_json(basic);
  for (
      const char* bad :
      {R"({"resourceType":"Parameters"})", R"({"resourceType":"Parameters","parameter":[]})",
       R"({"resourceType":"Parameters","parameter":[{"name":"meta"}]})",
       R"({"resourceType":"Parameters","parameter":[{"name":"tag","valueMeta":{}}]})",
       R"({"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{}},{"name":"meta","valueMeta":{}}]})",
       R"({"resourceType":"Basic","parameter":[{"name":"meta","valueMeta":{}}]})", "[]"}) {
    const Json named = read_json(bad);
    const auto result = add_meta(resource.root(), named.root());
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, Code::structure) << bad;
  }
}

TEST(MetaUnion, HasEachOnceInWhateverOrderTheyCome) {
  const Json one = read_json(R"({"meta":{"profile":["p2","p1"],"tag":[{"code":"a"}]}})");
  const Json other = read_json(
      R"({"meta":{"profile":["p1"],"tag":[{"code":"a"},{"code":"b"}],"security":[{"code":"a"}]}})");
  const Json none = read_json(R"({"id":"x"})");
  MetaUnion forwards;
  MetaUnion backwards;
  for (const Json* json : {&one, &other, &none}) {
    forwards.add(json->root());
  }
  for (const Json* json : {&none, &other, &one}) {
    backwards.add(json->root());
  }
  EXPECT_EQ(
      forwards.json(),
      R"({"profile":["p1","p2"],"security":[{"code":"a"}],"tag":[{"code":"a"},{"code":"b"}]})");
  EXPECT_EQ(forwards.json(), backwards.json());
  EXPECT_EQ(MetaUnion().json(), "{}");
}

}  // namespace
}  // namespace holdfast::fhir
