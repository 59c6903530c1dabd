// read, vread, history
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
  EXPECT_EQ(server.get("/fhir/Patient/p1?_elements=id").refusal(), "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p1?_elements=id", {{"Prefer", "handling=lenient"}}).status,
            200);
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

TEST(History, ListsEveryVersionNewestFirst) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(2)).status, 200);
  ASSERT_EQ(server.remove("/fhir/Patient/p1").status, 204);
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(4)).status, 201);
  const Answered history = server.get("/fhir/Patient/p1/_history");
  ASSERT_EQ(history.status, 200) << history.body;
  const Document json = history.json();
  EXPECT_EQ(json.at("type"), "history");
  EXPECT_EQ(json.at("total"), "4");
  ASSERT_EQ(json.size("entry"), 4U);
  EXPECT_EQ(json.at("entry.0.resource.multipleBirthInteger"), "4");
  EXPECT_EQ(json.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.0.fullUrl"), "http://localhost:8080/fhir/Patient/p1");
  EXPECT_FALSE(json.has("entry.1.resource"));
  EXPECT_EQ(json.at("entry.1.request.method"), "DELETE");
  EXPECT_EQ(json.at("entry.1.response.etag"), "W/\"3\"");
  EXPECT_EQ(json.at("entry.2.response.status"), "200 OK");
  EXPECT_EQ(json.at("entry.2.request.url"), "Patient/p1");
  EXPECT_EQ(json.at("entry.3.resource.multipleBirthInteger"), "1");
  EXPECT_EQ(json.at("entry.3.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.3.response.lastModified"), json.at("entry.3.resource.meta.lastUpdated"));
}

TEST(History, PagesRepeatAndOmitNothingWhileVersionsAreAdded) {
  Server server;
  for (int i = 1; i <= 7; ++i) {
    server.put("/fhir/Patient/p1", patient(i));
  }
  std::string url = "/fhir/Patient/p1/_history?_count=3";
  std::string seen;
  for (int pages = 0; !url.empty() && pages < 10; ++pages) {
    const Document json = server.get(url).json();
    for (std::size_t i = 0; i < json.size("entry"); ++i) {
      seen += json.at(fmt::format("entry.{}.resource.multipleBirthInteger", i)) + " ";
    }
    const std::string next = json.at("link.1.url");
    url = next.empty() ? next : next.substr(next.find("/fhir/"));
    server.put("/fhir/Patient/p1", patient(100 + pages));
  }
  EXPECT_EQ(seen, "7 6 5 4 3 2 1 ");
}

TEST(History, RefusesWhatItDoesNotDo) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history?_since=2026").refusal(), "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history?_count=x").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/_history").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history?_count=0").json().at("total"), "1");
}

}  // namespace
}  // namespace holdfast::api
