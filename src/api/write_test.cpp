// create, update, delete: https://hl7.org/fhir/R4/http.html
#include <gtest/gtest.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

const std::string patient = R"({"resourceType":"Patient","active":true})";

std::string patient_with(std::string_view id, std::string_view family = "Smith") {
  return std::string(R"({"resourceType":"Patient","id":")") + std::string(id) +
         R"(","name":[{"family":")" + std::string(family) + R"("}]})";
}
std::string patient_known_as(std::string_view value) {
  return R"({"resourceType":"Patient","identifier":[{"system":"urn:s","value":")" +
         std::string(value) + R"("}]})";
}
// ".../Patient/ID/_history/1" -> "/fhir/Patient/ID"
std::string address_of(const Answered& created) {
  const std::string location = created.header("Location");
  const std::size_t begin = location.find("/fhir/");
  return location.substr(begin, location.find("/_history") - begin);
}

TEST(Bulk, IsWhereLargeBodiesAreTakenApartAndNoSmallOneWaits) {
  Server server;
  const std::string large = patient_known_as(std::string(bulk_body_bytes_min, 'x'));
  EXPECT_EQ(server.post("/fhir/Patient", large).status, 201);
  server.bulk().kill();
  Request request;
  request.method = Method::post;
  request.method_text = "POST";
  request.target = "/fhir/Patient";
  request.headers.add("Content-Type", "application/fhir+json");
  request.body = large;
  EXPECT_FALSE(run_task(server.io(), server.handler().handle(std::move(request), server.io())));
  EXPECT_EQ(server.post("/fhir/Patient", patient).status, 201);
}

TEST(Create, GivesAnIdAVersionAndTheResource) {
  Server server;
  const Answered created = server.post("/fhir/Patient", patient);
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.header("ETag"), "W/\"1\"");
  EXPECT_EQ(created.header("Holdfast-Position"), "1");
  EXPECT_TRUE(created.header("Location").starts_with("http://localhost:8080/fhir/Patient/"));
  EXPECT_TRUE(created.header("Location").ends_with("/_history/1"));
  EXPECT_TRUE(created.header("Last-Modified").ends_with("GMT"));
  EXPECT_EQ(created.header("Content-Type"), fhir_json);
  const Document json = created.json();
  EXPECT_EQ(json.at("active"), "true");
  EXPECT_EQ(json.at("meta.versionId"), "1");
  EXPECT_EQ(address_of(created), "/fhir/Patient/" + json.at("id"));
  const Answered read = server.get(address_of(created));
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, created.body);
  EXPECT_EQ(read.header("Last-Modified"), created.header("Last-Modified"));
}

TEST(Create, ReplacesTheIdAndVersionOfTheContent) {
  Server server;
  const Answered created = server.post(
      "/fhir/Patient", R"({"resourceType":"Patient","id":"mine","meta":{"versionId":"7"}})");
  EXPECT_EQ(created.status, 201);
  EXPECT_NE(created.json().at("id"), "mine");
  EXPECT_EQ(created.json().at("meta.versionId"), "1");
  EXPECT_EQ(server.get("/fhir/Patient/mine").status, 404);
}

TEST(Create, KeepsDecimalsOrderAndUnicodeAsTheyCame) {
  Server server;
  const Answered created = server.post(
      "/fhir/Observation",
      R"({"resourceType": "Observation", "status" : "final", "code":{"text":"\u00e9 é 😀"},)"
      "\n"
      R"("valueQuantity":{"value": 1.500, "unit":"mg"}})");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_NE(created.body.find(R"("value":1.500,"unit")"), std::string::npos);
  EXPECT_NE(created.body.find(R"(\u00e9 é 😀)"), std::string::npos);
}

TEST(Create, AnswersWithWhatWasPreferred) {
  Server server;
  const Answered minimal = server.post("/fhir/Patient", patient, {{"Prefer", "return=minimal"}});
  EXPECT_EQ(minimal.status, 201);
  EXPECT_EQ(minimal.body, "");
  EXPECT_TRUE(minimal.headers.has("Location"));
  const Answered outcome =
      server.post("/fhir/Patient", patient, {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(outcome.refusal(), "201 informational");
}

TEST(Create, ConditionalCreateMakesOneAndFindsIt) {
  Server server;
  const std::vector<Field> condition{{"If-None-Exist", "identifier=urn:s|1"}};
  const Answered first = server.post("/fhir/Patient", patient_known_as("1"), condition);
  EXPECT_EQ(first.status, 201) << first.body;
  server.advance(seconds(5));
  const Answered second = server.post("/fhir/Patient", patient_known_as("1"), condition);
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(second.header("Location"), first.header("Location"));
  EXPECT_EQ(second.header("ETag"), "W/\"1\"");
  EXPECT_EQ(second.header("Last-Modified"), first.header("Last-Modified"));
  EXPECT_EQ(second.body, first.body);
  ASSERT_EQ(server.post("/fhir/Patient", patient_known_as("1")).status, 201);
  EXPECT_EQ(server.post("/fhir/Patient", patient_known_as("1"), condition).refusal(),
            "412 multiple-matches");
}

TEST(Create, ResolvesAConditionalReferenceOrIsRefused) {
  Server server;
  const std::string observation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
      R"("subject":{"reference":"Patient?identifier=urn:s|1"}})";
  EXPECT_EQ(server.post("/fhir/Observation", observation).refusal(), "422 not-found");
  const Answered known = server.post("/fhir/Patient", patient_known_as("1"));
  const Answered created = server.post("/fhir/Observation", observation);
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ("/fhir/" + created.json().at("subject.reference"), address_of(known));
}

TEST(Create, RefusesAnotherTypeAndHeadersThatWouldMeanNothing) {
  Server server;
  EXPECT_EQ(server.post("/fhir/Observation", patient).refusal(), "400 invalid");
  EXPECT_EQ(server.post("/fhir/Patient", patient, {{"If-Match", "W/\"1\""}}).refusal(),
            "400 not-supported");
  EXPECT_EQ(server.post("/fhir/Patient?identifier=1", patient).refusal(), "400 not-supported");
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Create, AConditionThatWouldHoldNothingBackIsRefused) {
  Server server;
  EXPECT_EQ(server.post("/fhir/Patient", patient, {{"If-None-Exist", ""}}).refusal(),
            "400 invalid");
  EXPECT_EQ(server
                .post("/fhir/Patient", patient,
                      {{"If-None-Exist", "identifier=a"}, {"If-None-Exist", "identifier=b"}})
                .refusal(),
            "400 invalid");
  EXPECT_GE(server.post("/fhir/Patient", patient, {{"If-None-Exist", "unknown=a"}}).status, 400);
  EXPECT_EQ(server
                .put("/fhir/Patient/p1", patient_with("p1"),
                     {{"If-Match", "W/\"1\""}, {"If-Match", "W/\"2\""}})
                .refusal(),
            "400 invalid");
  EXPECT_EQ(server.remove("/fhir/Patient/p1", {{"If-Match", ""}}).refusal(), "400 invalid");
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Update, CreatesUnderTheIdOfTheCallerThenUpdates) {
  Server server;
  const Answered created = server.put("/fhir/Patient/p1", patient_with("p1"));
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.header("Location"), "http://localhost:8080/fhir/Patient/p1/_history/1");
  const Answered updated = server.put("/fhir/Patient/p1", patient_with("p1", "Jones"));
  EXPECT_EQ(updated.status, 200);
  EXPECT_EQ(updated.header("ETag"), "W/\"2\"");
  EXPECT_EQ(updated.json().at("name.0.family"), "Jones");
  EXPECT_EQ(server.get("/fhir/Patient/p1").json().at("meta.versionId"), "2");
}

TEST(Update, NeedsTheIdOfItsAddress) {
  Server server;
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient).refusal(), "400 required");
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p2")).refusal(), "400 value");
  EXPECT_EQ(server.put("/fhir/Observation/p1", patient_with("p1")).refusal(), "400 invalid");
  EXPECT_EQ(server.get("/fhir/Patient/p1").status, 404);
}

TEST(Update, ChangesOnlyTheVersionThatIfMatchNames) {
  Server server;
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p1"), {{"If-Match", "W/\"1\""}}).refusal(),
            "412 business-rule");
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient_with("p1")).status, 201);
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p1"), {{"If-Match", "W/\"1\""}}).status,
            200);
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p1"), {{"If-Match", "W/\"1\""}}).refusal(),
            "412 conflict");
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p1"), {{"If-Match", "2"}}).refusal(),
            "400 invalid");
  EXPECT_EQ(server.put("/fhir/Patient/p1", patient_with("p1"), {{"If-None-Match", "*"}}).refusal(),
            "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p1").header("ETag"), "W/\"2\"");
}

TEST(Delete, LeavesEveryVersionReadableAndIsNotRepeated) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient_with("p1")).status, 201);
  const Answered deleted = server.remove("/fhir/Patient/p1");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(deleted.header("ETag"), "W/\"2\"");
  const Answered gone = server.get("/fhir/Patient/p1");
  EXPECT_EQ(gone.refusal(), "410 deleted");
  EXPECT_EQ(gone.header("ETag"), "W/\"2\"");
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history/1").status, 200);
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history/2").refusal(), "410 deleted");
  EXPECT_EQ(server.remove("/fhir/Patient/p1").status, 204);
  EXPECT_EQ(server.get("/fhir/Patient/p1").header("ETag"), "W/\"2\"");
  const Answered again = server.put("/fhir/Patient/p1", patient_with("p1"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.header("ETag"), "W/\"3\"");
}

TEST(Delete, OfWhatIsNotThereSucceedsAndIsNotJournaled) {
  Server server;
  EXPECT_EQ(server.remove("/fhir/Patient/never").status, 204);
  EXPECT_EQ(server.remove("/fhir/Patient/never", {{"Prefer", "return=OperationOutcome"}}).refusal(),
            "200 informational");
  EXPECT_EQ(server.node().view().state.position, Position{0});
  EXPECT_EQ(server.remove("/fhir/Patient/never", {{"If-Match", "W/\"1\""}}).refusal(),
            "412 business-rule");
  EXPECT_EQ(server.get("/fhir/Patient/never").status, 404);
}

TEST(IdempotencyKey, TheSameRequestGivesTheSameReplyAndHappensOnce) {
  Server server;
  const std::vector<Field> key{{"Idempotency-Key", "order-1"}};
  const Answered first = server.post("/fhir/Patient", patient, key);
  server.advance(seconds(60));
  const Answered again = server.post("/fhir/Patient", patient, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  for (const char* header : {"Location", "ETag", "Last-Modified", "Holdfast-Position"}) {
    EXPECT_EQ(again.header(header), first.header(header)) << header;
  }
  EXPECT_EQ(server.node().view().state.resources, 1U);
  // Also after the resource has changed: the reply is that of the first time.
  const std::string id = first.json().at("id");
  ASSERT_EQ(server.put("/fhir/Patient/" + id, patient_with(id)).status, 200);
  EXPECT_EQ(server.post("/fhir/Patient", patient, key).body, first.body);
}

TEST(IdempotencyKey, WithAnotherRequestIsRefused) {
  Server server;
  const std::vector<Field> key{{"Idempotency-Key", "order-1"}};
  ASSERT_EQ(server.post("/fhir/Patient", patient, key).status, 201);
  EXPECT_EQ(server.post("/fhir/Patient", patient + " ", key).refusal(), "422 business-rule");
  EXPECT_EQ(server.post("/fhir/Patient?_format=json", patient, key).refusal(), "422 business-rule");
  EXPECT_EQ(server
                .post("/fhir/Patient", patient,
                      {{"Idempotency-Key", "order-1"}, {"If-None-Exist", "identifier=x"}})
                .refusal(),
            "422 business-rule");
  EXPECT_EQ(server.post("/fhir/Patient", patient, {{"Idempotency-Key", "a b"}}).refusal(),
            "400 value");
  EXPECT_EQ(server.node().view().state.resources, 1U);
}

}  // namespace
}  // namespace holdfast::api
