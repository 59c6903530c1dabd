// $validate, and what a channel does with content that is not what its definitions ask for.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view bad_gender = R"({"resourceType":"Patient","gender":"mail"})";
constexpr std::string_view good = R"({"resourceType":"Patient","gender":"male"})";

Bytes profile() {
  return R"({"resourceType":"StructureDefinition","url":"urn:ward:patient","kind":"resource","type":"Patient",)"
         R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",)"
         R"("differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}})";
}
Options with(Strictness strictness) {
  Options options;
  options.judging.strictness = strictness;
  return options;
}
/// "error code-invalid Patient.gender (line 1, column 36)" of each issue.
std::string issues(const Answered& answered) {
  const Document json = answered.json();
  std::string lines;
  for (std::size_t i = 0; i < json.size("issue"); ++i) {
    const std::string at = fmt::format("issue.{}.", i);
    lines += fmt::format("{} {} {} ({})\n", json.at(at + "severity"), json.at(at + "code"),
                         json.at(at + "expression.0"), json.at(at + "location.0"));
  }
  return lines;
}

// ---- $validate
// -----------------------------------------------------------------------------------

TEST(Validate, AnswersWithWhatItFound) {
  Server server;
  const Answered found = server.post("/fhir/Patient/$validate", Bytes(bad_gender));
  EXPECT_EQ(found.status, 200);
  EXPECT_THAT(issues(found), HasSubstr("error code-invalid Patient.gender (line 1, column 36)\n"));
  EXPECT_THAT(issues(found), HasSubstr("warning invariant Patient (line 1, column 1)\n"));
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"),
            "0");  // nothing is stored
}

TEST(Validate, SaysThatAllIsWell) {
  Server server;
  const Answered found = server.post(
      "/fhir/Patient/$validate",
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Ada</div>"}})");
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(issues(found), "information informational  ()\n");
}

TEST(Validate, TellsFaultsOfStructureAsIssues) {
  Server server;
  const Answered found =
      server.post("/fhir/Patient/$validate", R"({"resourceType":"Patient","nmae":[]})");
  EXPECT_EQ(found.status, 200);
  EXPECT_THAT(issues(found), HasSubstr("error structure Patient.nmae"));
}

TEST(Validate, SaysHowManyItDoesNotShow) {
  Server server;
  std::string many;
  for (int i = 0; i < 150; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"use":"nick","family":"A"})";
  }
  const Answered found =
      server.post("/fhir/Patient/$validate", R"({"resourceType":"Patient","name":[)" + many + "]}");
  EXPECT_EQ(found.status, 200);
  EXPECT_THAT(found.body, HasSubstr("50 more of severity error are not shown"));
}

TEST(Validate, TakesParameters) {
  Server server({}, {profile()});
  const Answered found = server.post(
      "/fhir/Patient/$validate",
      fmt::format(
          R"({{"resourceType":"Parameters","parameter":[{{"name":"resource","resource":{}}},)"
          R"({{"name":"mode","valueCode":"create"}},{{"name":"profile","valueUri":"urn:ward:patient"}}]}})",
          good));
  EXPECT_EQ(found.status, 200) << found.body;
  // Places are those within the resource.
  EXPECT_THAT(issues(found), HasSubstr("error required Patient.name (line 1, column "));
}

TEST(Validate, TakesTheProfileFromTheAddress) {
  Server server({}, {profile()});
  EXPECT_THAT(issues(server.post("/fhir/Patient/$validate?profile=urn:ward:patient", Bytes(good))),
              HasSubstr("error required Patient.name"));
  EXPECT_THAT(issues(server.post("/fhir/Patient/$validate?profile=urn:none", Bytes(good))),
              HasSubstr("error not-found Patient"));
}

TEST(Validate, LooksAtWhatIsStored) {
  Server server({}, {profile()});
  EXPECT_EQ(server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p","gender":"mail"})")
                .status,
            201);
  const Answered found = server.get("/fhir/Patient/p/$validate?profile=urn:ward:patient");
  EXPECT_EQ(found.status, 200);
  EXPECT_THAT(issues(found), HasSubstr("error code-invalid Patient.gender ()\n"));
  EXPECT_THAT(issues(found), HasSubstr("error required Patient.name ()\n"));
  EXPECT_EQ(server.get("/fhir/Patient/none/$validate").status, 404);
  EXPECT_EQ(server.post("/fhir/Patient/p/$validate", Bytes(good)).status, 200);
  EXPECT_THAT(issues(server.post("/fhir/Patient/p/$validate", Bytes(good))),
              HasSubstr("error required Patient.id"));
}

std::string asks(std::string_view url, std::string_view resource, std::string_view more = "") {
  return fmt::format(R"({{{}{}"request":{{"method":"POST","url":"{}"{}}}}})",
                     resource.empty() ? "" : R"("resource":)",
                     resource.empty() ? "" : fmt::format("{},", resource), url, more);
}

TEST(Validate, IsAnEntryOfABatch) {
  Server server({}, {profile()});
  const Answered batch = server.bundle(
      "batch", {asks("Patient/$validate", bad_gender), asks("Patient/$validate?mode=create", good),
                asks("Patient/$validate?profile=urn:ward:patient", good),
                asks("Patient/$validate", R"({"resourceType":"Patient","nmae":[]})"),
                asks("Patient/p/$validate", ""), asks("Patient/none/$validate", ""),
                asks("Patient/$validate?prfile=x", good),
                asks("Patient/$validate", good, R"(,"ifNoneExist":"name=x")"),
                R"({"resource":{"resourceType":"Patient","id":"p","gender":"mail"},)"
                R"("request":{"method":"PUT","url":"Patient/p"}})"});
  ASSERT_EQ(batch.status, 200) << batch.body;
  const Document found = batch.json();
  const auto said = [&](std::size_t entry, std::string_view part) {
    return fmt::format("{} {} {} {} ({})",
                       found.at(fmt::format("entry.{}.response.status", entry)).substr(0, 3),
                       found.at(fmt::format("entry.{}.{}.issue.0.severity", entry, part)),
                       found.at(fmt::format("entry.{}.{}.issue.0.code", entry, part)),
                       found.at(fmt::format("entry.{}.{}.issue.0.expression.0", entry, part)),
                       found.at(fmt::format("entry.{}.{}.issue.0.location.0", entry, part)));
  };
  EXPECT_THAT(batch.body, HasSubstr(R"("code":"code-invalid")"));
  EXPECT_EQ(said(0, "resource").substr(0, 3), "200");
  EXPECT_THAT(found.at("entry.0.resource"), HasSubstr(R"("expression":["Patient.gender"])"));
  EXPECT_THAT(found.at("entry.0.resource"), Not(HasSubstr("line 1")));
  EXPECT_THAT(found.at("entry.1.resource"), Not(HasSubstr(R"("severity":"error")")));
  EXPECT_THAT(found.at("entry.2.resource"), HasSubstr(R"("expression":["Patient.name"])"));
  EXPECT_EQ(said(3, "resource"), "200 error structure Patient.nmae ()")
      << "what is no resource is an answer, too";
  // What is stored: as the writes of the Bundle left it.
  EXPECT_EQ(said(4, "resource").substr(0, 3), "200");
  EXPECT_THAT(found.at("entry.4.resource"), HasSubstr(R"("expression":["Patient.gender"])"));
  EXPECT_EQ(said(5, "response.outcome").substr(0, 19), "404 error not-found");
  EXPECT_EQ(said(6, "response.outcome").substr(0, 23), "400 error not-supported");
  EXPECT_EQ(said(7, "response.outcome").substr(0, 23), "422 error not-supported");
  EXPECT_EQ(said(8, "response.outcome").substr(0, 3), "201");
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"), "1")
      << "nothing that was validated is stored";
}

TEST(Validate, OfWhatIsSentIsNoEntryOfATransaction) {
  Server server;
  server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p"})");
  const Answered refused = server.bundle(
      "transaction", {R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST",)"
                      R"("url":"Patient"}})",
                      asks("Patient/$validate", good)});
  EXPECT_EQ(refused.refusal(), "422 not-supported");
  EXPECT_THAT(refused.body, HasSubstr("send it in a batch"));
  EXPECT_THAT(refused.body, HasSubstr("Bundle.entry[1].request.url"));
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"), "1");
  EXPECT_EQ(
      server.bundle("transaction", {R"({"request":{"method":"GET","url":"Patient/p/$validate"}})"})
          .status,
      200);
}

TEST(Validate, KnowsItsModes) {
  Server server;
  server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p"})");
  EXPECT_EQ(server.get("/fhir/Patient/p/$validate?mode=delete").status, 200);
  EXPECT_EQ(server.get("/fhir/Patient/q/$validate?mode=delete").status, 404);
  EXPECT_THAT(issues(server.post("/fhir/Patient/$validate?mode=update", Bytes(good))),
              HasSubstr("error required Patient.id"));
  EXPECT_THAT(issues(server.post("/fhir/Patient/$validate?mode=create", Bytes(good))),
              Not(HasSubstr("error")));
  EXPECT_EQ(server.post("/fhir/Patient/$validate?mode=perhaps", Bytes(good)).refusal(),
            "400 value");
}

TEST(Validate, RefusesWhatCannotBeJudged) {
  Server server;
  EXPECT_EQ(server.post("/fhir/Patient/$validate", "{").refusal(), "400 structure");
  EXPECT_EQ(server.post("/fhir/Patient/$validate", "").refusal(), "400 required");
  EXPECT_EQ(server.post("/fhir/Patient/$validate?prfile=x", Bytes(good)).refusal(),
            "400 not-supported");
  EXPECT_EQ(server
                .send(Method::post, "/fhir/Patient/$validate", {{"Content-Type", "text/plain"}},
                      Bytes(good))
                .status,
            415);
  EXPECT_THAT(issues(server.post("/fhir/Patient/$validate",
                                 R"({"resourceType":"Basic","code":{"text":"x"}})")),
              HasSubstr("error structure Basic"));
}

TEST(Validate, IsAGetOrAPostInABatch) {
  Server server;
  server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p","gender":"mail"})");
  const Answered done = server.bundle(
      "batch",
      {R"({"request":{"method":"GET","url":"Patient/p/$validate"}})",
       R"({"request":{"method":"POST","url":"Patient/$validate"},"resource":{"resourceType":"Patient","active":true}})"});
  EXPECT_EQ(done.json().at("entry.0.resource.issue.0.code"), "invariant");
  EXPECT_EQ(done.json().at("entry.1.response.status").substr(0, 3), "200");
}

TEST(Validate, IsInTheCapabilityStatementWithTheProfiles) {
  Server server({}, {profile()});
  const Answered statement = server.get("/fhir/metadata");
  EXPECT_THAT(statement.body,
              HasSubstr("http://hl7.org/fhir/OperationDefinition/Resource-validate"));
  EXPECT_THAT(statement.body,
              HasSubstr(R"({"type":"Patient","supportedProfile":["urn:ward:patient"])"));
  EXPECT_THAT(statement.body, Not(HasSubstr(R"({"type":"Observation","supportedProfile")")));
}

// ---- channels
// --------------------------------------------------------------------------------------

TEST(Channel, OffStoresWhatIsWellFormed) {
  Server server(with(Strictness::off));
  const Answered done =
      server.post("/fhir/Patient", Bytes(bad_gender), {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.json().size("issue"), 1U);
  EXPECT_EQ(server.handler().judged().resources, 0U);
}

TEST(Channel, WarnStoresAndTellsWhoAsks) {
  Server server(with(Strictness::warn));
  EXPECT_EQ(server.post("/fhir/Patient", Bytes(bad_gender)).status, 201);
  const Answered told =
      server.post("/fhir/Patient", Bytes(bad_gender), {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(told.status, 201);
  EXPECT_THAT(issues(told), HasSubstr("information informational  ()\nwarning invariant Patient"));
  EXPECT_THAT(issues(told), HasSubstr("error code-invalid Patient.gender (line 1, column 36)\n"));
  EXPECT_EQ(server.handler().judged().resources, 2U);
  EXPECT_EQ(server.handler().judged().refused, 0U);
  EXPECT_EQ(server.handler().judged().issues[0], 2U);
  EXPECT_EQ(server.handler().judged().issues[1], 2U);  // dom-6
}

TEST(Channel, RefuseRefusesErrorsWithAllThatWasFound) {
  Server server(with(Strictness::refuse));
  const Answered refused = server.post("/fhir/Patient", Bytes(bad_gender));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(issues(refused),
            "error code-invalid Patient.gender (line 1, column 36)\n"
            "warning informational Patient (line 1, column 1)\n");
  EXPECT_EQ(server.handler().judged().refused, 1U);
  EXPECT_EQ(server.post("/fhir/Patient", Bytes(good)).status, 201);  // a warning is no refusal
  EXPECT_EQ(server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p","gender":"mail"})")
                .status,
            422);
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"), "1");
}

TEST(Channel, NamesNoLinesOfXml) {
  constexpr std::string_view xml =
      R"(<Patient xmlns="http://hl7.org/fhir"><gender value="mail"/></Patient>)";
  const std::vector<Field> headers{{"Content-Type", "application/fhir+xml"},
                                   {"Accept", "application/fhir+json"},
                                   {"Prefer", "return=OperationOutcome"}};
  Server warns(with(Strictness::warn));
  EXPECT_THAT(issues(warns.send(Method::post, "/fhir/Patient", headers, Bytes(xml))),
              HasSubstr("error code-invalid Patient.gender ()\n"));
  Server refuses(with(Strictness::refuse));
  EXPECT_THAT(issues(refuses.send(Method::post, "/fhir/Patient", headers, Bytes(xml))),
              HasSubstr("error code-invalid Patient.gender ()\n"));
  EXPECT_THAT(issues(refuses.send(Method::post, "/fhir/Patient/$validate", headers, Bytes(xml))),
              HasSubstr("error code-invalid Patient.gender ()\n"));
}

TEST(Channel, RefusesWhatAPatchWouldMake) {
  Server server(with(Strictness::refuse));
  EXPECT_EQ(server.put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p","gender":"male"})")
                .status,
            201);
  const auto patch = [&](std::string_view to, std::vector<Field> more) {
    more.emplace_back("Content-Type", "application/json-patch+json");
    return server.send(Method::patch, "/fhir/Patient/p", more,
                       fmt::format(R"([{{"op":"replace","path":"/gender","value":"{}"}}])", to));
  };
  const Answered refused = patch("mail", {});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(issues(refused), HasSubstr("error code-invalid Patient.gender ()\n"));
  EXPECT_THAT(issues(patch("female", {{"Prefer", "return=OperationOutcome"}})),
              HasSubstr("warning invariant Patient ()"));
}

std::string entry(std::string_view resource) {
  return fmt::format(R"({{"resource":{},"request":{{"method":"POST","url":"Patient"}}}})",
                     resource);
}

TEST(Channel, RefusesATransactionAsAWhole) {
  Server server(with(Strictness::refuse));
  const Answered refused = server.bundle("transaction", {entry(good), entry(bad_gender)});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(issues(refused),
              HasSubstr("error code-invalid Bundle.entry[1].resource.gender (line 1, column "));
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"), "0");
}

TEST(Channel, RefusesOneEntryOfABatch) {
  Server server(with(Strictness::refuse));
  const Answered done = server.bundle("batch", {entry(good), entry(bad_gender)});
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.json().at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(done.json().at("entry.1.response.status"), "422 Unprocessable Content");
  EXPECT_EQ(done.json().at("entry.1.response.outcome.issue.0.expression.0"),
            "Bundle.entry[1].resource.gender");
}

TEST(Channel, TellsOfEntriesToo) {
  Server server(with(Strictness::warn));
  const Answered done = server.bundle("transaction", {entry(good), entry(bad_gender)},
                                      {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.json().size("entry.0.response.outcome.issue"), 2U);
  EXPECT_EQ(done.json().at("entry.1.response.outcome.issue.2.code"), "code-invalid");
}

TEST(Channel, RefusesUnknownProfilesOnlyIfConfigured) {
  constexpr std::string_view named =
      R"({"resourceType":"Patient","meta":{"profile":["urn:none"]},"gender":"male"})";
  Server warns(with(Strictness::refuse));
  EXPECT_EQ(warns.post("/fhir/Patient", Bytes(named)).status, 201);
  Options options = with(Strictness::refuse);
  options.judging.unknown_profile = validation::UnknownProfile::error;
  Server refuses(options);
  EXPECT_EQ(refuses.post("/fhir/Patient", Bytes(named)).refusal(), "422 not-found");
}

TEST(Channel, AsksForTheProfileThatContentNames) {
  Server server(with(Strictness::refuse), {profile()});
  EXPECT_EQ(
      server
          .post(
              "/fhir/Patient",
              R"({"resourceType":"Patient","meta":{"profile":["urn:ward:patient"]},"gender":"male"})")
          .refusal(),
      "422 required");
  EXPECT_EQ(
      server
          .post(
              "/fhir/Patient",
              R"({"resourceType":"Patient","meta":{"profile":["urn:ward:patient"]},"name":[{"text":"A"}]})")
          .status,
      201);
}

}  // namespace
}  // namespace holdfast::api
