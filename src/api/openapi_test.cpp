// What OpenAPI says is what the table of routes says.
#include <gtest/gtest.h>

#include <set>

#include <fmt/format.h>

#include "api/router.h"
#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string lower(std::string_view method) {
  std::string text(method);
  for (char& c : text) {
    c = static_cast<char>(c | 0x20);
  }
  return text;
}

/// Its members are named with dots and slashes in them, so they are looked for by hand.
class Openapi : public testing::Test {
 protected:
  Openapi() : json_(read(server_.get("/fhir/openapi.json").body)) {}

  static fhir::Json read(Bytes text) {
    fhir::JsonReader reader;
    auto json = reader.read(std::move(text));
    EXPECT_TRUE(json.has_value());
    return *std::move(json);
  }
  [[nodiscard]] fhir::JsonValue member(fhir::JsonValue of, std::string_view name) const {
    const auto found = of.find(name);
    EXPECT_TRUE(found.has_value()) << name;
    return found ? *found : json_.root();
  }
  [[nodiscard]] fhir::JsonValue path(std::string_view pattern) const {
    return member(member(json_.root(), "paths"), pattern);
  }

  Server server_;
  fhir::Json json_;
};

TEST_F(Openapi, HasEveryRouteAndNoOther) {
  std::set<std::string> wanted;
  std::set<std::string> said;
  std::set<std::string> ids;
  for (const Route& route : routes) {
    wanted.insert(fmt::format("{} {}", lower(name(route.method)), route.pattern));
  }
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    wanted.insert(fmt::format("get /fhir/{}", fhir::name(fhir::TypeId{i})));
  }
  std::string scratch;
  for (const fhir::JsonValue one : member(json_.root(), "paths").children()) {
    const std::string pattern(one.key(scratch));
    for (const fhir::JsonValue operation : one.children()) {
      EXPECT_TRUE(said.insert(fmt::format("{} {}", operation.raw_key(), pattern)).second);
      EXPECT_TRUE(ids.insert(member(operation, "operationId").text()).second);
      EXPECT_NE(member(operation, "summary").text(), "");
      EXPECT_TRUE(member(operation, "responses").find("default").has_value());
      std::set<std::string> parameter_names;
      for (const fhir::JsonValue parameter : member(operation, "parameters").children()) {
        const std::string reference = member(parameter, "$ref").text();
        const fhir::JsonValue named =
            member(member(member(json_.root(), "components"), "parameters"),
                   reference.substr(reference.rfind('/') + 1));
        EXPECT_TRUE(
            parameter_names.insert(member(named, "in").text() + ' ' + member(named, "name").text())
                .second)
            << reference << " twice in " << pattern;
      }
      // Each placeholder is a parameter.
      std::string parameters(member(operation, "parameters").raw());
      for (std::size_t at = pattern.find('{'); at != std::string::npos;
           at = pattern.find('{', at + 1)) {
        const std::string named = pattern.substr(at + 1, pattern.find('}', at) - at - 1);
        EXPECT_NE(parameters.find(fmt::format("#/components/parameters/{}\"", named)),
                  std::string::npos)
            << pattern;
      }
    }
  }
  EXPECT_EQ(said, wanted);
}

TEST_F(Openapi, RefersOnlyToWhatIsThere) {
  const fhir::JsonValue components = member(json_.root(), "components");
  std::set<std::string> used;
  for (std::uint32_t i = 0; i < json_.value_count(); ++i) {
    const fhir::JsonValue value = json_.at(i);
    if (value.raw_key() == "$ref") {
      used.insert(value.text());
    }
  }
  for (const std::string& reference : used) {
    constexpr std::string_view prefix = "#/components/";
    ASSERT_TRUE(reference.starts_with(prefix)) << reference;
    const std::string rest = reference.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    EXPECT_TRUE(member(components, rest.substr(0, slash)).find(rest.substr(slash + 1)).has_value())
        << reference;
  }
  std::string scratch;
  for (const fhir::JsonValue parameter : member(components, "parameters").children()) {
    EXPECT_TRUE(used.contains(fmt::format("#/components/parameters/{}", parameter.key(scratch))))
        << "nobody takes " << parameter.key(scratch);
  }
}

TEST_F(Openapi, NamesEverySearchParameterOfATypeThatCanBeUsed) {
  const fhir::SearchParams& params = *server_.node().view().params;
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    const std::string type(fhir::name(fhir::TypeId{i}));
    const std::string taken(member(member(path("/fhir/" + type), "get"), "parameters").raw());
    for (const fhir::SearchParam& param : params.of({i})) {
      EXPECT_EQ(taken.find(fmt::format("/search.{}.", param.code)) != std::string::npos,
                param.unsupported.empty())
          << type << ' ' << param.code;
    }
  }
  EXPECT_LT(json_.bytes().size(), std::size_t{2} << 20U);
}

TEST_F(Openapi, IsGivenOnceToWhoKnowsIt) {
  const Answered first = server_.get("/fhir/openapi.json");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("Content-Type"), "application/json");
  const std::string tag = first.header("ETag");
  EXPECT_EQ(tag.size(), 34U);
  const Answered again = server_.get("/fhir/openapi.json", {{"If-None-Match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(server_.get("/fhir/openapi.json", {{"If-None-Match", "\"x\""}}).status, 200);
  EXPECT_EQ(server_.get("/fhir/openapi.json?x=1").refusal(), "400 not-supported");
  EXPECT_EQ(server_.post("/fhir/openapi.json", "{}").refusal(), "405 not-supported");
}

}  // namespace
}  // namespace holdfast::api
