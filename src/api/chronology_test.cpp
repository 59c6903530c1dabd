// $chronology: which entries are a patient's or an item's, as a document and as a page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"
#include "evidence/document.h"

namespace holdfast::api {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string observation(std::string_view id, std::string_view patient) {
  return fmt::format(R"({{"resourceType":"Observation","id":"{}","status":"final",)"
                     R"("code":{{"text":"x"}},"subject":{{"reference":"Patient/{}"}}}})",
                     id, patient);
}

std::string patient(std::string_view id, std::string_view family = "Sheard") {
  return fmt::format(R"({{"resourceType":"Patient","id":"{}","name":[{{"family":"{}"}}]}})", id,
                     family);
}

std::string task(std::string_view focus, std::string_view status = "requested") {
  return fmt::format(R"({{"resourceType":"Task","id":"t","status":"{}","intent":"order",)"
                     R"("focus":{{"reference":"{}"}}}})",
                     status, focus);
}

void put(Server& server, std::string_view address, const std::string& body) {
  const Answered done = server.put(fmt::format("/fhir/{}", address), Bytes(body));
  ASSERT_TRUE(done.status == 201 || done.status == 200) << address << ": " << done.body;
}

/// Two patients; an observation that moves from one to the other and is deleted; an item.
void fill(Server& server) {
  put(server, "Patient/a", patient("a"));                                                   // 1
  put(server, "Patient/b", patient("b"));                                                   // 2
  put(server, "Observation/o", observation("o", "a"));                                      // 3
  put(server, "Organization/x", R"({"resourceType":"Organization","id":"x","name":"X"})");  // 4
  put(server, "Observation/o", observation("o", "b"));                                      // 5
  put(server, "Task/t", task("Observation/o"));                                             // 6
  EXPECT_EQ(server.remove("/fhir/Observation/o").status, 204);                              // 7
  put(server, "Task/t", task("Organization/x", "accepted"));                                // 8
}

std::vector<std::string> positions(const Answered& answered) {
  EXPECT_EQ(answered.status, 200) << answered.body;
  std::vector<std::string> found;
  const Document document = answered.json();
  for (std::size_t i = 0; i < document.size("entries"); ++i) {
    found.push_back(document.at(fmt::format("entries.{}.position", i)));
  }
  const evidence::Findings checked = evidence::check_document(answered.body, std::nullopt);
  EXPECT_THAT(checked.faults, IsEmpty());
  return found;
}

TEST(Chronology, OfAPatientHasWhatWasHisOnceAndIsNoMore) {
  Server server;
  fill(server);
  EXPECT_THAT(positions(server.get("/fhir/Patient/a/$chronology")), ElementsAre("1", "3", "5"));
  EXPECT_THAT(positions(server.get("/fhir/Patient/b/$chronology")), ElementsAre("2", "5", "7"));
  EXPECT_EQ(server.remove("/fhir/Patient/a").status, 204);
  const Answered deleted = server.get("/fhir/Patient/a/$chronology");
  EXPECT_THAT(positions(deleted), ElementsAre("1", "3", "5", "9"));
  EXPECT_EQ(deleted.header("Content-Type"), "application/json");
  const Document document = deleted.json();
  EXPECT_EQ(document.at("subject"), "Patient/a");
  EXPECT_EQ(document.at("complete"), "true");
  EXPECT_EQ(document.at("through"), "9");
  EXPECT_EQ(document.at("entries.2.operations.0.resource"), "Observation/o");
  EXPECT_EQ(document.at("entries.2.operations.0.version"), "2");
  EXPECT_EQ(document.at("entries.2.who"), "anonymous");
  EXPECT_FALSE(document.has("seen")) << "reading is not recorded: nothing is said of it";
}

TEST(Chronology, OfAnItemHasAllThatItEverHadInFocus) {
  Server server;
  fill(server);
  EXPECT_THAT(positions(server.get("/fhir/Task/t/$chronology")),
              ElementsAre("3", "4", "5", "6", "7", "8"));
  EXPECT_THAT(positions(server.get("/fhir/Observation/o/$chronology")), ElementsAre("3", "5", "7"));
  EXPECT_THAT(positions(server.get("/fhir/Organization/x/$chronology")), ElementsAre("4"));
}

TEST(Chronology, ComesInPartsThatAreWholeTogether) {
  Server server;
  fill(server);
  std::string address = "/fhir/Task/t/$chronology?_count=4";
  const Answered first = server.get(address);
  EXPECT_THAT(positions(first), ElementsAre("3", "4", "5", "6"));
  EXPECT_EQ(first.json().at("complete"), "false");
  EXPECT_EQ(first.json().at("through"), "6");
  const std::string next = first.json().at("next");
  EXPECT_EQ(next, "http://localhost:8080/fhir/Task/t/$chronology?after=6&_count=4");
  const Answered last = server.get(next.substr(std::string("http://localhost:8080").size()));
  EXPECT_THAT(positions(last), ElementsAre("7", "8"));
  EXPECT_FALSE(last.json().has("next"));
  EXPECT_EQ(last.json().at("complete"), "false");
  EXPECT_THAT(positions(server.get("/fhir/Patient/a/$chronology?after=8")), IsEmpty());
}

TEST(Chronology, APageShowsNoMarkupOfOthers) {
  Server server;
  put(server, "Patient/a", patient("a", "<script>alert(1)</script>"));
  put(server, "Task/t", task("Patient/a"));
  put(server, "Task/t", task("Patient/a", "accepted"));
  const Answered page = server.get("/fhir/Patient/a/$chronology?_format=html");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.body, AllOf(Not(HasSubstr("<script")), HasSubstr("&lt;script&gt;alert(1)")));
  const Answered item = server.get("/fhir/Task/t/$chronology", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_THAT(item.body, AllOf(HasSubstr("state <b><bdi>accepted</bdi></b>"),
                               HasSubstr("before that <b><bdi>requested</bdi></b> since "
                                         "<a href=\"#entry-2\">entry 2</a>")));
}

TEST(Chronology, RefusesWhatIsNotThereAndWhatMeansNothing) {
  Server server;
  fill(server);
  EXPECT_EQ(server.get("/fhir/Patient/never/$chronology").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Task/never/$chronology").refusal(), "404 not-found");
  for (const std::string_view bad : {"after=9", "after=-1", "after=x", "_count=0", "_count=x"}) {
    EXPECT_EQ(server.get(fmt::format("/fhir/Patient/a/$chronology?{}", bad)).status, 400) << bad;
  }
  EXPECT_EQ(server.get("/fhir/Patient/a/$chronology?_since=2020").status, 400);
  EXPECT_EQ(server.get("/fhir/Patient/a/$chronology?_format=xml").status, 406);
  EXPECT_EQ(server.get("/fhir/Patient/a/$chronology", {{"Accept", "image/png"}}).status, 406);
  EXPECT_EQ(server.post("/fhir/Patient/a/$chronology", "{}").status, 405);
  const Answered batch =
      server.bundle("batch", {R"({"request":{"method":"GET","url":"Patient/a/$chronology"}})"});
  EXPECT_THAT(batch.json().at("entry.0.response.status"), HasSubstr("422"));
}

TEST(Chronology, IsNamedWhereOperationsAre) {
  Server server;
  const Bytes statement = server.get("/fhir/metadata").body;
  EXPECT_THAT(statement, HasSubstr("urn:holdfast:OperationDefinition:chronology"));
  EXPECT_THAT(server.get("/fhir/openapi.json").body, HasSubstr("/fhir/{type}/{id}/$chronology"));
}

}  // namespace
}  // namespace holdfast::api
