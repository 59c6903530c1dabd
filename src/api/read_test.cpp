// read, vread
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string patient(int number) {
  return fmt::format(R"({{"resourceType":"Patient","id":"p1","multipleBirthInteger":{}}})", number);
}

TEST(Read, AnswersConditionsWithoutTheBody) {
  Server server;
  const Answered created = server.put("/fhir/Patient/p1", patient(1));
  ASSERT_EQ(created.status, 201);
  const std::string modified = created.header("Last-Modified");
  for (const Field& condition : {Field{"If-None-Match", "W/\"1\""}, Field{"If-None-Match", "*"},
                                 Field{"If-Modified-Since", modified}}) {
    const Answered same = server.get("/fhir/Patient/p1", {condition});
    EXPECT_EQ(same.status, 304) << condition.first;
    EXPECT_EQ(same.body, "");
    EXPECT_EQ(same.header("ETag"), "W/\"1\"");
    EXPECT_EQ(same.header("Last-Modified"), modified);
  }
  EXPECT_EQ(server.get("/fhir/Patient/p1", {{"If-None-Match", "W/\"2\""}}).status, 200);
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history/1", {{"If-None-Match", "W/\"1\""}}).status, 304);
}

TEST(Read, HeadAnswersAsGetDoes) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  const Answered head = server.send(Method::head, "/fhir/Patient/p1");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, server.get("/fhir/Patient/p1").body);
}

TEST(Read, ShowsThePositionItWasTrueAt) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).header("Holdfast-Position"), "1");
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(2)).header("Holdfast-Position"), "2");
  EXPECT_EQ(server.get("/fhir/Patient/p1").header("Holdfast-Position"), "2");
  EXPECT_EQ(server.get("/fhir/Patient/absent").header("Holdfast-Position"), "2");
}

TEST(Read, TellsNeverThereFromUnknownTypeFromBadId) {
  Server server;
  EXPECT_EQ(server.get("/fhir/Patient/absent").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Pacient/absent").refusal(), "404 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/a_b").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/" + std::string(65, 'a')).refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/absent/_history").refusal(), "404 not-found");
}

TEST(Read, IndentsWhenAskedTo) {
  Server server;
  ASSERT_EQ(server
                .put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1","name":[)"
                                         R"({"family":"a{\"[,:"}]})")
                .status,
            201);
  const Answered pretty = server.get("/fhir/Patient/p1?_pretty=true");
  EXPECT_NE(pretty.body.find("\n  \"id\": \"p1\""), std::string::npos) << pretty.body;
  EXPECT_EQ(pretty.json().at("name.0.family"), "a{\"[,:");
  EXPECT_EQ(server.get("/fhir/Patient/p1?_pretty=false").body, server.get("/fhir/Patient/p1").body);
  EXPECT_EQ(server.get("/fhir/Patient/p1?_pretty=1").refusal(), "400 value");
}

TEST(Read, RefusesParametersItWouldIgnore) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  EXPECT_EQ(server.get("/fhir/Patient/p1?_sort=id").refusal(), "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p1?_sort=id", {{"Prefer", "handling=lenient"}}).status, 200);
}

TEST(Read, ShowsThePartThatIsAskedFor) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  const Answered part = server.get("/fhir/Patient/p1?_elements=gender");
  EXPECT_EQ(part.status, 200);
  EXPECT_EQ(part.header("ETag"), "W/\"1\"");
  EXPECT_FALSE(part.json().has("multipleBirthInteger"));
  EXPECT_EQ(part.json().at("meta.tag.0.code"), "SUBSETTED");
  EXPECT_EQ(server.put("/fhir/Patient/p1", part.body).refusal(), "422 value")
      << "a part never takes the place of the whole";
  EXPECT_FALSE(
      server.get("/fhir/Patient/p1/_history/1?_summary=true").json().has("multipleBirthInteger"));
  EXPECT_EQ(server.get("/fhir/Patient/p1?_summary=false").body,
            server.get("/fhir/Patient/p1").body);
  EXPECT_EQ(server.get("/fhir/Patient/p1?_summary=count").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/p1?_elements=colour").refusal(), "400 value");
}

TEST(VRead, GivesEachVersionAsItWasAndNoOther) {
  Server server;
  std::vector<Answered> written;
  for (int i = 1; i <= 3; ++i) {
    written.push_back(server.put("/fhir/Patient/p1", patient(i)));
    server.advance(seconds(3));
  }
  for (std::size_t i = 1; i <= 3; ++i) {
    const Answered version = server.get(fmt::format("/fhir/Patient/p1/_history/{}", i));
    EXPECT_EQ(version.status, 200);
    EXPECT_EQ(version.body, written[i - 1].body);
    EXPECT_EQ(version.header("ETag"), fmt::format("W/\"{}\"", i));
    EXPECT_EQ(version.header("Last-Modified"), written[i - 1].header("Last-Modified"));
  }
  for (const char* none : {"0", "4", "x", "01", "99999999999999999999"}) {
    EXPECT_EQ(server.get(fmt::format("/fhir/Patient/p1/_history/{}", none)).refusal(),
              "404 not-found")
        << none;
  }
}

}  // namespace
}  // namespace holdfast::api
