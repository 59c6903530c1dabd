// metadata, health, journal
#include <gtest/gtest.h>

#include <set>

#include <fmt/format.h>

#include "api/outcome.h"
#include "api/router.h"
#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

TEST(Metadata, SaysWhatTheTableOfRoutesSays) {
  Server server;
  const Answered answered = server.get("/fhir/metadata");
  ASSERT_EQ(answered.status, 200);
  EXPECT_EQ(answered.header("Content-Type"), fhir_json);
  const Document json = answered.json();
  EXPECT_EQ(json.at("resourceType"), "CapabilityStatement");
  EXPECT_EQ(json.at("kind"), "instance");
  EXPECT_EQ(json.at("status"), "active");
  EXPECT_EQ(json.at("fhirVersion"), "4.0.1");
  EXPECT_EQ(json.at("software.name"), "Holdfast");
  EXPECT_EQ(json.size("rest.0.resource"), fhir::type_count);
  std::set<std::string> wanted;
  for (const Route& route : routes) {
    if (route.level == Level::type) {
      wanted.emplace(route.code);
    }
  }
  for (std::size_t i = 0; i < fhir::type_count; ++i) {
    const std::string resource = fmt::format("rest.0.resource.{}", i);
    std::set<std::string> said;
    for (std::size_t k = 0; k < json.size(resource + ".interaction"); ++k) {
      said.insert(json.at(fmt::format("{}.interaction.{}.code", resource, k)));
    }
    ASSERT_EQ(said, wanted) << json.at(resource + ".type");
  }
  std::set<std::string> whole{"batch"};
  for (const Route& route : routes) {
    if (route.level == Level::system) {
      whole.emplace(route.code);
    }
  }
  std::set<std::string> said;
  for (std::size_t k = 0; k < json.size("rest.0.interaction"); ++k) {
    said.insert(json.at(fmt::format("rest.0.interaction.{}.code", k)));
  }
  EXPECT_EQ(said, whole);
}

// The statement is a valid resource, and each search parameter that it names is taken.
TEST(Metadata, HoldsUpWhenTakenAtItsWord) {
  Server server;
  const Document json = server.get("/fhir/metadata").json();
  EXPECT_EQ(server.post("/fhir/CapabilityStatement", server.get("/fhir/metadata").body).status,
            201);
  const auto sample = [](const std::string& type) -> std::string {
    return type == "date"        ? "2026"
           : type == "reference" ? "Patient/1"
           : type == "number"    ? "1"
           : type == "quantity"  ? "1"
           : type == "composite" ? "x$1"
                                 : "x";
  };
  for (const char* name : {"Patient", "Observation", "ServiceRequest", "Task"}) {
    std::size_t at = 0;
    while (json.at(fmt::format("rest.0.resource.{}.type", at)) != name) {
      ++at;
      ASSERT_LT(at, fhir::type_count);
    }
    const std::string params = fmt::format("rest.0.resource.{}.searchParam", at);
    ASSERT_GT(json.size(params), 2U);
    for (std::size_t i = 0; i < json.size(params); ++i) {
      const std::string parameter = json.at(fmt::format("{}.{}.name", params, i));
      const std::string type = json.at(fmt::format("{}.{}.type", params, i));
      const Answered found =
          server.get(fmt::format("/fhir/{}?{}={}", name, parameter, sample(type)));
      // The second part of some composites is a date.
      const bool is_date = parameter == "code-value-date";
      EXPECT_EQ(found.status, is_date ? 400 : 200) << name << ' ' << parameter << found.body;
    }
  }
}

TEST(Metadata, OtherModesAreRefused) {
  Server server;
  EXPECT_EQ(server.get("/fhir/metadata?mode=full").status, 200);
  EXPECT_EQ(server.get("/fhir/metadata?mode=normative").refusal(), "400 not-supported");
}

TEST(Health, LiveAndReady) {
  Server server;
  EXPECT_EQ(server.get("/health/live").json().at("status"), "live");
  const Answered ready = server.get("/health/ready");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.json().at("status"), "ready");
  EXPECT_EQ(ready.json().size("reasons"), 0U);
}

TEST(Journal, ServesACheckpointAndProofsUnderIt) {
  Server server;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(server.post("/fhir/Patient", R"({"resourceType":"Patient"})").status, 201);
  }
  const Answered checkpoint = server.get("/journal/checkpoint");
  EXPECT_EQ(checkpoint.status, 200);
  EXPECT_NE(checkpoint.body.find("\n5\n"), std::string::npos) << checkpoint.body;
  const Answered inclusion = server.get("/journal/proof?position=2&size=5");
  ASSERT_EQ(inclusion.status, 200) << inclusion.body;
  EXPECT_EQ(inclusion.json().size("hashes"), 3U);  // RFC 6962 section 2.1.3: leaf 1 of 5
  EXPECT_EQ(inclusion.json().at("hashes.0").size(), 44U);
  const Answered consistency = server.get("/journal/proof?from=3&to=5");
  ASSERT_EQ(consistency.status, 200) << consistency.body;
  EXPECT_EQ(consistency.json().at("from"), "3");
  EXPECT_GT(consistency.json().size("hashes"), 0U);
}

TEST(Journal, RefusesProofsOfWhatIsNotThere) {
  Server server;
  ASSERT_EQ(server.post("/fhir/Patient", R"({"resourceType":"Patient"})").status, 201);
  EXPECT_EQ(server.get("/journal/proof").refusal(), "400 required");
  EXPECT_EQ(server.get("/journal/proof?position=1").refusal(), "400 required");
  EXPECT_EQ(server.get("/journal/proof?position=1&size=1&from=1").refusal(), "400 required");
  EXPECT_EQ(server.get("/journal/proof?position=0&size=1").refusal(), "400 value");
  EXPECT_EQ(server.get("/journal/proof?position=x&size=1").refusal(), "400 value");
  EXPECT_GE(server.get("/journal/proof?position=1&size=9").status, 400);
  EXPECT_GE(server.get("/journal/proof?position=2&size=1").status, 400);
  EXPECT_GE(server.get("/journal/proof?from=2&to=1").status, 400);
}

}  // namespace
}  // namespace holdfast::api
