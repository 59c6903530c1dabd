// https://hl7.org/fhir/R4/http.html#patch
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/bundle_plan.h"
#include "api/server_for_test.h"
#include "base/hash.h"

namespace holdfast::api {
namespace {

const std::string patient =
    R"({"resourceType":"Patient","id":"p","identifier":[{"system":"urn:s","value":"1"}],)"
    R"("name":[{"family":"A"}],"multipleBirthInteger":1})";

const std::string to_b = R"([{"op":"replace","path":"/name/0/family","value":"B"}])";

std::string append_given(std::string_view name) {
  return fmt::format(R"([{{"op":"add","path":"/name/-","value":{{"given":["{}"]}}}}])", name);
}

Answered send_patch(Server& server, std::string target, Bytes patch,
                    std::vector<Field> headers = {}) {
  headers.emplace_back("Content-Type", "application/json-patch+json");
  return server.send(Method::patch, std::move(target), headers, std::move(patch));
}

std::string patch_entry(std::string_view url, const std::string& patch,
                        std::string_view more = "") {
  return fmt::format(
      R"({{"resource":{{"resourceType":"Binary","contentType":"application/json-patch+json",)"
      R"("data":"{}"}},"request":{{"method":"PATCH","url":"{}"{}}}}})",
      to_base64(patch), url, more);
}

std::string family(Server& server) {
  return server.get("/fhir/Patient/p").json().at("name.0.family");
}

TEST(Patch, ChangesWhatItNamesAndIsAVersionLikeAnyOther) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const Answered patched = send_patch(server, "/fhir/Patient/p", to_b);
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.header("ETag"), "W/\"2\"");
  EXPECT_EQ(patched.header("Location"), "http://localhost:8080/fhir/Patient/p/_history/2");
  EXPECT_EQ(patched.json().at("name.0.family"), "B");
  EXPECT_EQ(patched.json().at("multipleBirthInteger"), "1");
  EXPECT_EQ(patched.body, server.get("/fhir/Patient/p").body);
  const Document history = server.get("/fhir/Patient/p/_history").json();
  EXPECT_EQ(history.at("entry.0.request.method"), "PATCH");
  EXPECT_EQ(history.at("entry.0.request.url"), "Patient/p");
  // And it is found by what it says now.
  const std::string renumber = R"([{"op":"replace","path":"/identifier/0/value","value":"2"}])";
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", renumber, {{"Prefer", "return=minimal"}}).body,
            "");
  EXPECT_EQ(server.get("/fhir/Patient?identifier=urn:s%7C2").json().at("total"), "1");
  EXPECT_EQ(server.get("/fhir/Patient?identifier=urn:s%7C1").json().at("total"), "0");
}

TEST(Patch, IsOfTheVersionThatIfMatchNamesOrRefused) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", to_b, {{"If-Match", "W/\"2\""}}).refusal(),
            "412 conflict");
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", to_b, {{"If-Match", "W/\"1\""}}).status, 200);
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", to_b, {{"If-Match", "W/\"1\""}}).refusal(),
            "412 conflict");
}

TEST(Patch, ByConditionMeansTheOneThatIsSelected) {
  Server server;
  const std::string by = "/fhir/Patient?identifier=urn:s%7C1";
  EXPECT_EQ(send_patch(server, by, to_b).refusal(), "404 not-found");
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  EXPECT_EQ(send_patch(server, by, to_b).header("ETag"), "W/\"2\"");
  EXPECT_EQ(family(server), "B");
  ASSERT_EQ(server.post("/fhir/Patient", patient).status, 201);
  EXPECT_EQ(send_patch(server, by, to_b).refusal(), "412 multiple-matches");
  EXPECT_EQ(send_patch(server, "/fhir/Patient", to_b).refusal(), "400 required");
  EXPECT_EQ(send_patch(server, "/fhir/Patient?identifer=1", to_b).refusal(), "400 not-supported");
}

TEST(Patch, RefusesWhatWouldNotBeThatResourceAnyMore) {
  Server server;
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", to_b).refusal(), "404 not-found");
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const auto refused = [&](const std::string& patch) {
    return send_patch(server, "/fhir/Patient/p", patch).refusal();
  };
  EXPECT_EQ(refused(R"([{"op":"replace","path":"/id","value":"q"}])"), "422 value");
  EXPECT_EQ(refused(R"([{"op":"remove","path":"/id"}])"), "422 value");
  EXPECT_EQ(
      refused(
          R"([{"op":"replace","path":"","value":{"resourceType":"Basic","id":"p","code":{"text":"x"}}}])"),
      "422 value");
  EXPECT_EQ(refused(R"([{"op":"add","path":"/foo","value":1}])"), "422 structure");
  EXPECT_EQ(refused(R"([{"op":"add","path":"/birthDate","value":"yesterday"}])"), "422 value");
  EXPECT_EQ(refused(R"([{"op":"test","path":"/name/0/family","value":"Z"}])"), "412 business-rule");
  EXPECT_EQ(refused(R"([{"op":"remove","path":"/photo"}])"), "422 not-found");
  EXPECT_EQ(refused(R"({"op":"remove"})"), "422 structure");
  EXPECT_EQ(refused("["), "400 structure");
  const Document why =
      send_patch(server, "/fhir/Patient/p", R"([{"op":"add","path":"/foo","value":1}])").json();
  EXPECT_EQ(why.at("issue.0.expression.0"), "Patient.foo");
  EXPECT_FALSE(why.has("issue.0.location")) << "lines of the result are nowhere in what was sent";
  EXPECT_EQ(server.send(Method::patch, "/fhir/Patient/p", {{"Content-Type", "text/plain"}}, "x")
                .refusal(),
            "415 not-supported");
  const Answered other = server.send_json(Method::patch, "/fhir/Patient/p", "{}");
  EXPECT_EQ(other.refusal(), "415 not-supported");
  EXPECT_EQ(other.header("Accept-Patch"), "application/json-patch+json");
  EXPECT_EQ(server.send(Method::options, "/fhir/Patient/p").header("Accept-Patch"),
            "application/json-patch+json");
  EXPECT_EQ(server.get("/fhir/metadata").json().at("patchFormat.0"), "application/json-patch+json");
  EXPECT_EQ(server.node().view().state.position, Position{1});
  ASSERT_EQ(server.remove("/fhir/Patient/p").status, 204);
  EXPECT_EQ(send_patch(server, "/fhir/Patient/p", to_b).refusal(), "410 deleted");
}

TEST(Patch, RepeatedUnderItsKeyAnswersAgainAlthoughItsTestNoLongerHolds) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const std::string once =
      R"([{"op":"test","path":"/name/0/family","value":"A"},)" + to_b.substr(1);
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  const Answered first = send_patch(server, "/fhir/Patient/p", once, key);
  ASSERT_EQ(first.status, 200) << first.body;
  const Answered again = send_patch(server, "/fhir/Patient/p", once, key);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.node().view().state.position, Position{2});
}

TEST(Patch, InATransactionIsPartOfTheWhole) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const std::string post = R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Practitioner"},)"
                           R"("request":{"method":"POST","url":"Practitioner"}})";
  const std::string refer =
      R"([{"op":"add","path":"/generalPractitioner","value":[{"reference":"urn:uuid:1"}]}])";
  const Answered done = server.bundle("transaction", {patch_entry("Patient/p", refer), post});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json().at("entry.0.response.etag"), "W/\"2\"");
  const std::string location = done.json().at("entry.1.response.location");
  EXPECT_EQ(server.get("/fhir/Patient/p").json().at("generalPractitioner.0.reference"),
            location.substr(0, location.find("/_history")));
  const Answered refused = server.bundle(
      "transaction", {post, R"({"request":{"method":"GET","url":"Patient/p"}})",
                      patch_entry("Patient?identifier=urn:s|1", to_b, R"(,"ifMatch":"W/\"1\"")")});
  EXPECT_EQ(refused.refusal(), "412 conflict");
  EXPECT_EQ(refused.json().at("issue.0.expression.0"), "Bundle.entry[2]");
  EXPECT_EQ(server.node().view().state.position, Position{2}) << "all or nothing";
  EXPECT_EQ(
      server.bundle("transaction", {patch_entry("Patient/p", to_b), patch_entry("Patient/p", to_b)})
          .refusal(),
      "422 structure");
}

TEST(Patch, OfABundleAreBounded) {
  Server server;
  std::vector<std::string> entries(bundle_patches_max, patch_entry("Patient/none", to_b));
  EXPECT_EQ(server.bundle("batch", entries).status, 200);
  entries.push_back(entries[0]);
  EXPECT_EQ(server.bundle("batch", entries).refusal(), "413 too-long");
}

TEST(Patch, OfABatchAreEachMadeFromTheOneBefore) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  std::vector<std::string> entries;
  for (int i = 0; i < 20; ++i) {
    entries.push_back(patch_entry("Patient/p", append_given(fmt::format("n{}", i))));
  }
  entries.push_back(patch_entry("Patient/none", to_b));
  const Document json = server.bundle("batch", entries).json();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(json.at(fmt::format("entry.{}.response.status", i)), "200 OK");
  }
  EXPECT_EQ(json.at("entry.20.response.status"), "404 Not Found");
  EXPECT_EQ(server.get("/fhir/Patient/p").json().size("name"), 21U) << "none is lost";
}

}  // namespace
}  // namespace holdfast::api
