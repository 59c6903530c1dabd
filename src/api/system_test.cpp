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

// Each parameter of the definitions is offered, or named with the reason why not.
TEST(Metadata, NamesEverySearchParameterOrWhyNot) {
  Server server;
  const Document json = server.get("/fhir/metadata").json();
  const fhir::SearchParams& params = *server.node().view().params;
  const std::string narrative = json.at("text.div");
  std::size_t left_out = 0;
  std::size_t offered = 0;
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    const std::string resource = fmt::format("rest.0.resource.{}", i);
    const std::string type(fhir::name(fhir::TypeId{i}));
    ASSERT_EQ(json.at(resource + ".type"), type);
    std::set<std::string> includes{type + ":*"};
    std::size_t at = 0;
    for (const fhir::SearchParam& param : params.of({i})) {
      const std::string code(param.code);
      if (!param.unsupported.empty()) {
        const std::string line = fmt::format("{}: {}", code, param.unsupported);
        EXPECT_NE(json.at(resource + ".documentation").find(line), std::string::npos) << line;
        EXPECT_NE(narrative.find(fmt::format("<li>{} {}:", type, code)), std::string::npos);
        EXPECT_EQ(server.get(fmt::format("/fhir/{}?{}=1", type, code)).status, 400);
        ++left_out;
        continue;
      }
      const std::string said = fmt::format("{}.searchParam.{}.", resource, at++);
      EXPECT_EQ(json.at(said + "name"), code);
      EXPECT_EQ(json.at(said + "definition"), param.url);
      EXPECT_NE(json.at(said + "type"), "");
      if (param.kind == fhir::ParamKind::reference) {
        includes.insert(fmt::format("{}:{}", type, code));
      }
      ++offered;
    }
    EXPECT_EQ(json.size(resource + ".searchParam"), at) << type;
    std::set<std::string> said;
    for (std::size_t k = 0; k < json.size(resource + ".searchInclude"); ++k) {
      said.insert(json.at(fmt::format("{}.searchInclude.{}", resource, k)));
    }
    EXPECT_EQ(said, includes) << type;
  }
  EXPECT_GT(offered, fhir::tables::search_parameter_count);
  EXPECT_GT(left_out, 0U);
}

TEST(Metadata, OffersIncludesThatSearchTakes) {
  Server server;
  const Document json = server.get("/fhir/metadata").json();
  std::size_t patient = 0;
  while (json.at(fmt::format("rest.0.resource.{}.type", patient)) != "Patient") {
    ++patient;
  }
  const std::string resource = fmt::format("rest.0.resource.{}", patient);
  std::set<std::string> reverse;
  for (std::size_t i = 0; i < json.size(resource + ".searchRevInclude"); ++i) {
    reverse.insert(json.at(fmt::format("{}.searchRevInclude.{}", resource, i)));
  }
  EXPECT_TRUE(reverse.contains("Observation:subject"));
  EXPECT_TRUE(reverse.contains("Provenance:target")) << "it may lead anywhere";
  EXPECT_FALSE(reverse.contains("Encounter:location"));
  for (const std::string& include : reverse) {
    EXPECT_EQ(server.get("/fhir/Patient?_revinclude=" + include).status, 200) << include;
  }
  for (std::size_t i = 0; i < json.size(resource + ".searchInclude"); ++i) {
    const std::string include = json.at(fmt::format("{}.searchInclude.{}", resource, i));
    EXPECT_EQ(server.get("/fhir/Patient?_include=" + include).status, 200) << include;
  }
  EXPECT_EQ(json.at("rest.0.compartment.0"), "http://hl7.org/fhir/CompartmentDefinition/patient");
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
