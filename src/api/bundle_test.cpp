// https://hl7.org/fhir/R4/http.html#transaction
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/bundle_plan.h"
#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string entry(std::string_view method, std::string_view url, std::string_view resource = "",
                  std::string_view full_url = "", std::string_view more = "") {
  std::string text = "{";
  if (!full_url.empty()) {
    text += fmt::format(R"("fullUrl":"{}",)", full_url);
  }
  if (!resource.empty()) {
    text += fmt::format(R"("resource":{},)", resource);
  }
  return text + fmt::format(R"("request":{{"method":"{}","url":"{}"{}}}}})", method, url, more);
}
std::string patient(std::string_view identifier = "1", std::string_view id = "") {
  return fmt::format(
      R"({{"resourceType":"Patient"{},"identifier":[{{"system":"urn:s","value":"{}"}}]}})",
      id.empty() ? std::string() : fmt::format(R"(,"id":"{}")", id), identifier);
}
std::string observation(std::string_view subject) {
  return fmt::format(R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},)"
                     R"("subject":{{"reference":"{}"}}}})",
                     subject);
}
constexpr std::string_view urn = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0";
// "Patient/ID/_history/1" -> "Patient/ID"
std::string local(const std::string& location) {
  return location.substr(0, location.find("/_history"));
}

TEST(Transaction, ResolvesReferencesBetweenItsEntriesInAnyOrder) {
  Server server;
  const Answered done = server.bundle(
      "transaction",
      {entry("POST", "Observation", observation(urn)), entry("POST", "Patient", patient(), urn)});
  ASSERT_EQ(done.status, 200) << done.body;
  const Document json = done.json();
  EXPECT_EQ(json.at("type"), "transaction-response");
  EXPECT_EQ(json.size("entry"), 2U);
  EXPECT_EQ(json.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.0.response.etag"), "W/\"1\"");
  EXPECT_FALSE(json.has("entry.0.resource"));
  const std::string location = json.at("entry.0.response.location");
  ASSERT_TRUE(location.starts_with("Observation/"));
  const Document stored = server.get("/fhir/" + local(location)).json();
  EXPECT_EQ(stored.at("subject.reference"), local(json.at("entry.1.response.location")));
  EXPECT_EQ(done.header("Holdfast-Position"), "1");
  EXPECT_EQ(json.at("entry.0.response.lastModified"), stored.at("meta.lastUpdated"));
}

TEST(Transaction, AReferenceToNoEntryRefusesAllOfIt) {
  Server server;
  const Answered refused = server.bundle(
      "transaction", {entry("POST", "Patient", patient(), urn),
                      entry("POST", "Observation", observation("urn:uuid:nobody"), "urn:uuid:1")});
  EXPECT_EQ(refused.refusal(), "422 not-found");
  EXPECT_EQ(refused.json().at("issue.0.expression.0"), "Bundle.entry[1]");
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Transaction, ConditionalReferencesSelectOneOrRefuse) {
  Server server;
  const std::string conditional = observation("Patient?identifier=urn:s|1");
  EXPECT_EQ(server.bundle("transaction", {entry("POST", "Observation", conditional)}).refusal(),
            "422 not-found");
  // Selected among the entries of the same transaction.
  const Document both = server
                            .bundle("transaction", {entry("POST", "Observation", conditional),
                                                    entry("POST", "Patient", patient())})
                            .json();
  const Document stored = server.get("/fhir/" + local(both.at("entry.0.response.location"))).json();
  EXPECT_EQ(stored.at("subject.reference"), local(both.at("entry.1.response.location")));
  ASSERT_EQ(server.post("/fhir/Patient", patient()).status, 201);
  EXPECT_EQ(server.bundle("transaction", {entry("POST", "Observation", conditional)}).refusal(),
            "412 multiple-matches");
}

TEST(Transaction, IfNoneExistFindsWhatIsThereAndReferencesFollow) {
  Server server;
  const Answered known = server.post("/fhir/Patient", patient());
  const std::string condition = R"(,"ifNoneExist":"identifier=urn:s|1")";
  const Document json =
      server
          .bundle("transaction", {entry("POST", "Patient", patient(), urn, condition),
                                  entry("POST", "Observation", observation(urn))})
          .json();
  EXPECT_EQ(json.at("entry.0.response.status"), "200 OK");
  EXPECT_EQ("Patient/" + known.json().at("id"), local(json.at("entry.0.response.location")));
  const Document stored = server.get("/fhir/" + local(json.at("entry.1.response.location"))).json();
  EXPECT_EQ(stored.at("subject.reference"), "Patient/" + known.json().at("id"));
  EXPECT_EQ(server.node().view().state.resources, 2U);
  ASSERT_EQ(server.post("/fhir/Patient", patient()).status, 201);
  EXPECT_EQ(
      server.bundle("transaction", {entry("POST", "Patient", patient(), urn, condition)}).refusal(),
      "412 multiple-matches");
}

TEST(Transaction, OneConflictUndoesEverything) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient("1", "p1")).status, 201);
  ASSERT_EQ(server.put("/fhir/Patient/p2", patient("2", "p2")).status, 201);
  const Answered refused = server.bundle(
      "transaction",
      {entry("GET", "Patient/p1"), entry("POST", "Patient", patient("9")),
       entry("DELETE", "Patient/p2"),
       entry("PUT", "Patient/p1", patient("3", "p1"), "", R"(,"ifMatch":"W/\"7\"")")});
  EXPECT_EQ(refused.refusal(), "412 conflict") << refused.body;
  EXPECT_EQ(refused.json().at("issue.0.expression.0"), "Bundle.entry[3]");
  EXPECT_EQ(server.get("/fhir/Patient/p2").status, 200);
  EXPECT_EQ(server.node().view().state.position, Position{2});
  EXPECT_EQ(server.node().view().state.resources, 2U);
}

TEST(Transaction, ReadsSeeItsWritesWhereverTheyStand) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient("1", "p1")).status, 201);
  const Answered done = server.bundle(
      "transaction", {entry("GET", "Patient/p1"), entry("PUT", "Patient/p1", patient("2", "p1")),
                      entry("GET", "Patient?identifier=urn:s|2"), entry("GET", "Patient/none"),
                      entry("GET", "Patient/p1", "", "", R"(,"ifNoneMatch":"W/\"2\"")"),
                      entry("HEAD", "metadata")});
  ASSERT_EQ(done.status, 200) << done.body;
  const Document json = done.json();
  EXPECT_EQ(json.at("entry.0.resource.meta.versionId"), "2");
  EXPECT_EQ(json.at("entry.0.response.etag"), "W/\"2\"");
  EXPECT_EQ(json.at("entry.1.response.status"), "200 OK");
  EXPECT_EQ(json.at("entry.2.resource.type"), "searchset");
  EXPECT_EQ(json.size("entry.2.resource.entry"), 1U);
  EXPECT_EQ(json.at("entry.3.response.status"), "404 Not Found");
  EXPECT_EQ(json.at("entry.3.response.outcome.issue.0.code"), "not-found");
  EXPECT_EQ(json.at("entry.4.response.status"), "304 Not Modified");
  EXPECT_FALSE(json.has("entry.4.resource"));
  EXPECT_EQ(json.at("entry.5.resource.resourceType"), "CapabilityStatement");
}

TEST(Transaction, BringsResourcesWhenTheyArePreferred) {
  Server server;
  const Document json = server
                            .bundle("transaction", {entry("POST", "Patient", patient())},
                                    {{"Prefer", "return=representation"}})
                            .json();
  EXPECT_EQ(json.at("entry.0.resource.meta.versionId"), "1");
  EXPECT_EQ(json.at("entry.0.fullUrl"),
            "http://localhost:8080/fhir/Patient/" + json.at("entry.0.resource.id"));
}

TEST(Transaction, DeletesComeFirst) {
  Server server;
  ASSERT_EQ(server.post("/fhir/Patient", patient()).status, 201);
  const std::string id =
      server.get("/fhir/Patient?identifier=urn:s|1").json().at("entry.0.resource.id");
  const Document json = server
                            .bundle("transaction", {entry("PUT", "Patient/p2", patient("2", "p2")),
                                                    entry("DELETE", "Patient/" + id)})
                            .json();
  EXPECT_EQ(json.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.1.response.status"), "204 No Content");
  EXPECT_EQ(json.at("entry.1.response.etag"), "W/\"2\"");
}

TEST(Transaction, EmptyAndReadOnlyOnesAreNotJournaled) {
  Server server;
  EXPECT_EQ(server.bundle("transaction", {}).json().at("type"), "transaction-response");
  EXPECT_EQ(server.bundle("transaction", {entry("GET", "metadata")}).status, 200);
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Transaction, RepeatedUnderItsKeyAnswersAgain) {
  Server server;
  const std::vector<std::string> entries{entry("POST", "Patient", patient(), urn),
                                         entry("POST", "Observation", observation(urn))};
  const Answered first = server.bundle("transaction", entries, {{"Idempotency-Key", "t1"}});
  server.advance(seconds(9));
  const Answered again = server.bundle("transaction", entries, {{"Idempotency-Key", "t1"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.node().view().state.resources, 2U);
}

struct BadEntry {
  std::string name;
  std::string text;
  std::string refusal;
  std::string where;
};
std::vector<BadEntry> bad_entries() {
  const std::string good = patient();
  return {
      {"no request", R"({"resource":)" + good + "}", "422 required", "request"},
      {"PATCH without a patch", entry("PATCH", "Patient/1"), "422 not-supported", "resource"},
      {"PATCH with a resource", entry("PATCH", "Patient/1", good), "422 not-supported", "resource"},
      {"PATCH that is no JSON",
       entry(
           "PATCH", "Patient/1",
           R"({"resourceType":"Binary","contentType":"application/json-patch+json","data":"e30"})"),
       "422 value", "resource.data"},
      {"condition that is none", entry("PUT", "Patient", good), "422 required", "request.url"},
      {"condition on nothing known", entry("DELETE", "Patient?identifer=1"), "422 not-supported",
       "request.url"},
      {"condition beside an id", entry("PUT", "Patient/1?identifier=1", patient("1", "1")),
       "422 not-supported", "request.url"},
      {"unknown type", entry("POST", "Pacient", good), "422 not-supported", "request.url"},
      {"bad id", entry("DELETE", "Patient/a_b"), "422 value", "request.url"},
      {"another server", entry("GET", "http://elsewhere/fhir/Patient/1"), "422 not-supported",
       "request.url"},
      {"operation", entry("POST", "Patient/$match", good), "404 not-found", "request.url"},
      {"Bundle in a Bundle", entry("POST", "/", good), "422 not-supported", "request.url"},
      {"wrong method", entry("POST", "Patient/1", good), "405 not-supported", "request.url"},
      {"POST without resource", entry("POST", "Patient"), "422 required", "resource"},
      {"DELETE with resource", entry("DELETE", "Patient/1", good), "422 structure", "resource"},
      {"other type", entry("POST", "Observation", good), "422 structure", "resource.resourceType"},
      {"other id", entry("PUT", "Patient/1", patient("1", "2")), "422 value", "resource.id"},
      {"no id", entry("PUT", "Patient/1", good), "422 value", "resource.id"},
      {"misplaced ifMatch", entry("POST", "Patient", good, "", R"(,"ifMatch":"W/\"1\"")"),
       "422 not-supported", "request.ifMatch"},
      {"misplaced ifNoneExist",
       entry("PUT", "Patient/1", patient("1", "1"), "", R"(,"ifNoneExist":"a=b")"),
       "422 not-supported", "request.ifNoneExist"},
      {"bad ifMatch", entry("DELETE", "Patient/1", "", "", R"(,"ifMatch":"1")"), "400 structure",
       "request.ifMatch"},
      {"bad resource", entry("POST", "Patient", R"({"resourceType":"Patient","foo":1})"),
       "422 structure", "resource.foo"},
      {"a part of a resource",
       entry(
           "POST", "Patient",
           R"({"resourceType":"Patient","meta":{"tag":[{"system":)"
           R"("http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}})"),
       "422 value", "resource.meta.tag"},
      {"bad value", entry("POST", "Patient", R"({"resourceType":"Patient","birthDate":"x"})"),
       "422 value", "resource.birthDate"},
  };
}

TEST(Transaction, AnyBadEntryRefusesItAllAndIsNamed) {
  Server server;
  for (const BadEntry& bad : bad_entries()) {
    const Answered refused =
        server.bundle("transaction", {entry("POST", "Patient", patient("77")), bad.text});
    EXPECT_EQ(refused.refusal(), bad.refusal) << bad.name << refused.body;
    EXPECT_EQ(refused.json().at("issue.0.expression.0"), "Bundle.entry[1]." + bad.where)
        << bad.name << refused.body;
  }
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Batch, ABadEntryFailsAlone) {
  Server server;
  std::uint64_t resources = 0;
  for (const BadEntry& bad : bad_entries()) {
    const Answered done =
        server.bundle("batch", {entry("POST", "Patient", patient("77")), bad.text,
                                entry("POST", "Observation", observation("Patient/x"))});
    ASSERT_EQ(done.status, 200) << bad.name << done.body;
    const Document json = done.json();
    EXPECT_EQ(json.at("type"), "batch-response");
    EXPECT_EQ(json.at("entry.0.response.status"), "201 Created") << bad.name;
    EXPECT_EQ(json.at("entry.1.response.status").substr(0, 3), bad.refusal.substr(0, 3))
        << bad.name;
    EXPECT_EQ(json.at("entry.1.response.outcome.issue.0.expression.0"),
              "Bundle.entry[1]." + bad.where)
        << bad.name;
    EXPECT_EQ(json.at("entry.2.response.status"), "201 Created") << bad.name;
    resources += 2;
    EXPECT_EQ(server.node().view().state.resources, resources) << bad.name;
  }
}

TEST(Batch, ManyFaultyResourcesDoNotHideAFaultOfTheBundle) {
  Server server;
  std::vector<std::string> entries(
      40, entry("POST", "Patient", R"({"resourceType":"Patient","foo":1})"));
  entries.push_back(entry("POST", "Patient", patient()));
  const Document json = server.bundle("batch", entries).json();
  EXPECT_EQ(json.at("entry.39.response.status"), "422 Unprocessable Content");
  EXPECT_EQ(json.at("entry.40.response.status"), "201 Created");
  entries.push_back(R"({"request":{"method":"GET","url":"metadata"},"unknown":1})");
  EXPECT_EQ(server.bundle("batch", entries).refusal(), "422 structure");
}

TEST(Batch, EntriesAreIndependentCommands) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient("1", "p1")).status, 201);
  const Answered done = server.bundle(
      "batch", {entry("PUT", "Patient/p1", patient("2", "p1"), "", R"(,"ifMatch":"W/\"9\"")"),
                entry("DELETE", "Patient/none"), entry("GET", "Patient/p1"),
                entry("POST", "Observation", observation(urn), "urn:uuid:2"),
                entry("POST", "Patient", patient("3"), urn)});
  ASSERT_EQ(done.status, 200) << done.body;
  const Document json = done.json();
  EXPECT_EQ(json.at("entry.0.response.status"), "412 Precondition Failed");
  EXPECT_EQ(json.at("entry.0.response.outcome.issue.0.expression.0"), "Bundle.entry[0]");
  EXPECT_EQ(json.at("entry.1.response.status"), "204 No Content");
  EXPECT_EQ(json.at("entry.2.resource.meta.versionId"), "1");
  // https://hl7.org/fhir/R4/http.html#brules: entries of a batch do not refer to one another.
  EXPECT_EQ(json.at("entry.3.response.status"), "422 Unprocessable Content");
  EXPECT_EQ(json.at("entry.4.response.status"), "201 Created");
}

TEST(Batch, OfManyEntriesAnswersEachInItsPlace) {
  Server server;
  std::vector<std::string> entries;
  for (int i = 0; i < 300; ++i) {
    const std::string id = fmt::format("p{}", i);
    entries.push_back(entry("PUT", "Patient/" + id, patient(id, id)));
  }
  const Answered done = server.bundle("batch", entries);
  ASSERT_EQ(done.status, 200);
  const Document json = done.json();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(json.at(fmt::format("entry.{}.response.location", i)),
              fmt::format("Patient/p{}/_history/1", i));
  }
  EXPECT_EQ(server.node().view().state.resources, 300U);
  EXPECT_LT(server.node().counts().syncs.load(), 100U) << "entries under way share their syncs";
}

TEST(Batch, RepeatedUnderItsKeyRepeatsEachEntry) {
  Server server;
  const std::vector<std::string> entries{entry("POST", "Patient", patient("1")),
                                         entry("POST", "Patient", patient("2")),
                                         entry("POST", "Patient", patient("1"))};
  const Answered first = server.bundle("batch", entries, {{"Idempotency-Key", "b1"}});
  const Answered again = server.bundle("batch", entries, {{"Idempotency-Key", "b1"}});
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(server.node().view().state.resources, 3U);
  const Document other =
      server.bundle("batch", {entries[1], entries[1]}, {{"Idempotency-Key", "b1"}}).json();
  EXPECT_EQ(other.at("entry.0.response.status"), "422 Unprocessable Content");
  EXPECT_EQ(other.at("entry.1.response.status"), "201 Created");
}

TEST(Bundle, SameNamesAndSameResourcesAreRefused) {
  Server server;
  const Answered names = server.bundle(
      "transaction",
      {entry("POST", "Patient", patient("1"), urn), entry("POST", "Patient", patient("2"), urn)});
  EXPECT_EQ(names.refusal(), "422 structure");
  EXPECT_EQ(names.json().at("issue.0.expression.0"), "Bundle.entry[1].fullUrl");
  const Answered twice =
      server.bundle("transaction", {entry("PUT", "Patient/p1", patient("1", "p1")),
                                    entry("GET", "metadata"), entry("DELETE", "Patient/p1")});
  EXPECT_EQ(twice.refusal(), "422 structure") << twice.body;
  EXPECT_EQ(server.node().view().state.position, Position{0});
}

TEST(Bundle, OtherTypesAndOtherResourcesAreRefused) {
  Server server;
  EXPECT_EQ(server.bundle("document", {}).refusal(), "422 value");
  EXPECT_EQ(server.bundle("collection", {}).refusal(), "422 value");
  EXPECT_EQ(server.post("/fhir", patient()).refusal(), "422 structure");
  EXPECT_EQ(server.post("/fhir", R"({"resourceType":"Bundle"})").refusal(), "422 value");
  EXPECT_EQ(server.post("/fhir", "{").refusal(), "400 structure");
  // A fault of the Bundle itself, not of what an entry asks for.
  const std::string no_url = R"({"request":{"method":"GET"}})";
  EXPECT_EQ(server.bundle("batch", {no_url}).refusal(), "422 required");
  EXPECT_EQ(server.bundle("transaction", {no_url}).refusal(), "422 required");
  EXPECT_EQ(server.bundle("batch", {}, {{"If-Match", "W/\"1\""}}).refusal(), "400 not-supported");
}

TEST(Bundle, AbsoluteUrlsOfThisServerAreTaken) {
  Server server;
  const Document json =
      server
          .bundle("transaction",
                  {entry("PUT", "http://localhost:8080/fhir/Patient/p1", patient("1", "p1")),
                   entry("GET", "/Patient/p1")})
          .json();
  EXPECT_EQ(json.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.1.resource.id"), "p1");
}

TEST(Bundle, TooManyReadsAreRefused) {
  Server server;
  const std::vector<std::string> entries(bundle_reads_max + 1, entry("GET", "Patient/p1"));
  EXPECT_EQ(server.bundle("batch", entries).refusal(), "413 too-long");
}

TEST(Bundle, TooManyEntriesAreRefused) {
  Server server;
  const std::vector<std::string> entries(bundle_entries_max + 1, entry("DELETE", "Patient/p1"));
  EXPECT_EQ(server.bundle("transaction", entries).refusal(), "413 too-long");
  EXPECT_EQ(server.bundle("batch", entries).refusal(), "413 too-long");
}

}  // namespace
}  // namespace holdfast::api
