// Conditional update and delete: https://hl7.org/fhir/R4/http.html#cond-update, #cdelete
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string known_as(std::string_view value, std::string_view id = "",
                     std::string_view family = "Smith") {
  return fmt::format(
      R"({{"resourceType":"Patient"{},"identifier":[{{"system":"urn:s","value":"{}"}}],)"
      R"("name":[{{"family":"{}"}}]}})",
      id.empty() ? std::string() : fmt::format(R"(,"id":"{}")", id), value, family);
}
constexpr const char* by_one = "/fhir/Patient?identifier=urn:s%7C1";

std::string put_entry(std::string_view url, const std::string& resource,
                      std::string_view more = "") {
  return fmt::format(R"({{"resource":{},"request":{{"method":"PUT","url":"{}"{}}}}})", resource,
                     url, more);
}
std::string delete_entry(std::string_view url) {
  return fmt::format(R"({{"request":{{"method":"DELETE","url":"{}"}}}})", url);
}

TEST(ConditionalUpdate, CreatesThenUpdatesTheOneThatIsSelected) {
  Server server;
  const Answered created = server.put(by_one, known_as("1"));
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string id = created.json().at("id");
  EXPECT_EQ(created.header("Location"),
            fmt::format("http://localhost:8080/fhir/Patient/{}/_history/1", id));
  const Answered updated = server.put(by_one, known_as("1", "", "Jones"));
  ASSERT_EQ(updated.status, 200) << updated.body;
  EXPECT_EQ(updated.json().at("id"), id);
  EXPECT_EQ(updated.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.get("/fhir/Patient/" + id).json().at("name.0.family"), "Jones");
  EXPECT_EQ(server.node().view().state.resources, 1U);
  const Document history = server.get("/fhir/Patient/_history").json();
  EXPECT_EQ(history.at("entry.0.request.method"), "PUT");
  EXPECT_EQ(history.at("entry.1.response.status"), "201 Created");
}

TEST(ConditionalUpdate, TakesAnIdOnlyIfItIsTheSelectedOnes) {
  Server server;
  const Answered created = server.put(by_one, known_as("1", "mine"));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.json().at("id"), "mine");
  EXPECT_EQ(server.put(by_one, known_as("1", "mine")).status, 200);
  EXPECT_EQ(server.put(by_one, known_as("1", "yours")).refusal(), "400 value");
  EXPECT_EQ(server.put("/fhir/Patient?identifier=urn:s%7C2", known_as("2", "mine")).refusal(),
            "412 conflict");
  EXPECT_EQ(server.node().view().state.position, Position{2});
}

TEST(ConditionalUpdate, RefusesSeveralAnotherVersionAndBadConditions) {
  Server server;
  ASSERT_EQ(server.put(by_one, known_as("1")).status, 201);
  EXPECT_EQ(server.put(by_one, known_as("1"), {{"If-Match", "W/\"7\""}}).refusal(), "412 conflict");
  EXPECT_EQ(server.put(by_one, known_as("1"), {{"If-Match", "W/\"1\""}}).status, 200);
  ASSERT_EQ(server.post("/fhir/Patient", known_as("1")).status, 201);
  EXPECT_EQ(server.put(by_one, known_as("1")).refusal(), "412 multiple-matches");
  const auto refused = [&](const std::string& query, const std::vector<Field>& headers = {}) {
    return server.put("/fhir/Patient" + query, known_as("1"), headers).refusal();
  };
  EXPECT_EQ(refused(""), "400 required");
  EXPECT_EQ(refused("?_format=json"), "400 required");
  EXPECT_EQ(refused("?identifer=1"), "400 not-supported");
  EXPECT_EQ(refused("?identifer=1", {{"Prefer", "handling=lenient"}}), "400 not-supported")
      << "a condition that was half understood would select more";
  EXPECT_EQ(refused("?identifier=1&_count=1"), "400 not-supported");
  EXPECT_EQ(server.put("/fhir/Observation?identifier=1", known_as("1")).refusal(), "400 invalid");
}

TEST(ConditionalUpdate, RepeatedUnderItsKeyAnswersAgain) {
  Server server;
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  const Answered first = server.put(by_one, known_as("1"), key);
  ASSERT_EQ(first.status, 201) << first.body;
  const Answered again = server.put(by_one, known_as("1"), key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.put("/fhir/Patient?identifier=urn:s%7C2", known_as("1"), key).refusal(),
            "422 business-rule");
}

// The entries of a batch are Commands of their own that wait together.
TEST(ConditionalUpdate, TwoAtOnceNeverBothCreate) {
  Server server;
  std::vector<std::string> entries;
  for (int i = 0; i < 20; ++i) {
    entries.push_back(put_entry("Patient?identifier=urn:s|1", known_as("1")));
  }
  const Document json = server.bundle("batch", entries).json();
  int created = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string status = json.at(fmt::format("entry.{}.response.status", i));
    created += status == "201 Created" ? 1 : 0;
    EXPECT_TRUE(status == "201 Created" || status == "200 OK") << status;
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(server.node().view().state.resources, 1U);
}

TEST(ConditionalUpdate, InATransactionIsDecidedWithTheRest) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", known_as("1", "p1")).status, 201);
  const Answered done = server.bundle(
      "transaction", {put_entry("Patient?identifier=urn:s|1", known_as("1", "", "Jones"),
                                R"(,"ifMatch":"W/\"1\"")"),
                      put_entry("Patient?identifier=urn:s|2", known_as("2")),
                      put_entry("Patient?identifier=urn:s|3", known_as("3", "p3"))});
  ASSERT_EQ(done.status, 200) << done.body;
  const Document json = done.json();
  EXPECT_EQ(json.at("entry.0.response.location"), "Patient/p1/_history/2");
  EXPECT_EQ(json.at("entry.1.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.2.response.location"), "Patient/p3/_history/1");
  EXPECT_EQ(server.get("/fhir/Patient/p1").json().at("name.0.family"), "Jones");
  const Answered twice =
      server.bundle("transaction", {put_entry("Patient?identifier=urn:s|9", known_as("9")),
                                    put_entry("Patient?identifier=urn:s%7C9", known_as("9"))});
  EXPECT_EQ(twice.refusal(), "422 structure") << twice.body;
  EXPECT_EQ(server.node().view().state.resources, 3U);
}

TEST(ConditionalDelete, RemovesTheOneThatIsSelectedAndNeverSeveral) {
  Server server;
  EXPECT_EQ(server.remove(by_one).status, 204);
  EXPECT_EQ(server.node().view().state.position, Position{0}) << "nothing was there";
  EXPECT_EQ(server.remove(by_one, {{"Prefer", "return=OperationOutcome"}}).refusal(),
            "200 informational");
  ASSERT_EQ(server.put("/fhir/Patient/p1", known_as("1", "p1")).status, 201);
  const Answered removed = server.remove(by_one);
  EXPECT_EQ(removed.status, 204);
  EXPECT_EQ(removed.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.get("/fhir/Patient/p1").refusal(), "410 deleted");
  ASSERT_EQ(server.post("/fhir/Patient", known_as("1")).status, 201);
  ASSERT_EQ(server.post("/fhir/Patient", known_as("1")).status, 201);
  EXPECT_EQ(server.remove(by_one).refusal(), "412 multiple-matches");
  EXPECT_EQ(server.remove("/fhir/Patient").refusal(), "400 required")
      << "a whole type is not deleted by leaving out the id";
  EXPECT_EQ(server.node().view().state.resources, 2U);
}

TEST(ConditionalDelete, RemovesSeveralTogetherWhereTheOperatorAllowsIt) {
  Options options;
  options.conditional_delete_max = 3;
  Server server(options);
  EXPECT_EQ(server.get("/fhir/metadata").json().at("rest.0.resource.0.conditionalDelete"),
            "multiple");
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(server.put(fmt::format("/fhir/Patient/{}", id), known_as("1", id)).status, 201);
  }
  ASSERT_EQ(server.put("/fhir/Patient/other", known_as("2", "other")).status, 201);
  const std::vector<Field> key{{"Idempotency-Key", "k"}, {"Prefer", "return=OperationOutcome"}};
  const Answered removed = server.remove(by_one, key);
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(removed.json().at("issue.0.diagnostics"), "3 resources of type Patient are deleted");
  EXPECT_EQ(removed.header("Holdfast-Position"), "5") << "one entry for all";
  EXPECT_EQ(server.node().view().state.resources, 1U);
  ASSERT_EQ(server.put("/fhir/Patient/a", known_as("1", "a")).status, 201);
  EXPECT_EQ(server.remove(by_one, key).body, removed.body) << "it is not done again";
  EXPECT_EQ(server.get("/fhir/Patient/a").status, 200);
  EXPECT_EQ(server.remove(by_one).header("ETag"), "W/\"4\"");
  for (const char* id : {"a", "b", "c", "d"}) {
    ASSERT_EQ(server.put(fmt::format("/fhir/Patient/{}", id), known_as("1", id)).status, 201);
  }
  EXPECT_EQ(server.remove(by_one).refusal(), "412 multiple-matches");
  EXPECT_EQ(server.node().view().state.resources, 5U);
}

TEST(ConditionalDelete, WorksInBundles) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", known_as("1", "p1")).status, 201);
  const Answered done = server.bundle(
      "transaction",
      {delete_entry("Patient?identifier=urn:s|1"), delete_entry("Patient?identifier=urn:s|none")});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("entry.0.response.etag"), "W/\"2\"");
  EXPECT_EQ(done.json().at("entry.1.response.status"), "204 No Content");
  EXPECT_EQ(server.get("/fhir/Patient/p1").refusal(), "410 deleted");
}

}  // namespace
}  // namespace holdfast::api
