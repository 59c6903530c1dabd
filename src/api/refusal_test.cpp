// Whatever is sent, the answer is an OperationOutcome that says what is wrong and where, nothing is
// written, and the server goes on.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/outcome.h"
#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string nested(std::size_t depth) {
  std::string text = R"({"resourceType":"Patient","extension":)";
  for (std::size_t i = 0; i < depth; ++i) {
    text += '[';
  }
  text.append(depth, ']');
  return text + "}";
}

struct BadContent {
  std::string name;
  std::string body;
  std::string refusal;
};

std::vector<BadContent> bad_contents() {
  const std::string start = R"({"resourceType":"Patient",)";
  const std::string observation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":)";
  return {
      {"empty", "", "400 structure"},
      {"not JSON", "<Patient/>", "400 structure"},
      {"truncated", R"({"resourceType":"Patient")", "400 structure"},
      {"two documents", R"({"resourceType":"Patient"}{})", "400 structure"},
      {"trailing comma", start + "}", "400 structure"},
      {"single quotes", "{'resourceType':'Patient'}", "400 structure"},
      {"NaN", observation + "NaN}}", "400 structure"},
      {"leading zero", observation + "01}}", "400 structure"},
      {"duplicate key", start + R"("active":true,"active":false})", "400 structure"},
      {"duplicate key by escape", start + R"("active":true,"\u0061ctive":false})", "400 structure"},
      {"invalid UTF-8", start + "\"id\":\"\xff\"}", "400 structure"},
      {"overlong UTF-8", start + "\"id\":\"\xc0\x80\"}", "400 structure"},
      {"lone surrogate", start + R"("name":[{"family":"\ud800"}]})", "400 structure"},
      {"reversed surrogates", start + R"("name":[{"family":"\udc00\ud800"}]})", "400 structure"},
      {"control character", start + "\"name\":[{\"family\":\"a\nb\"}]}", "400 structure"},
      {"1,000 deep", nested(1000), "413 too-long"},
      {"1,000,000 deep", nested(1'000'000), "413 too-long"},
      {"number of 10,000 digits", observation + std::string(10'000, '1') + "}}", "413 too-long"},
      {"1e999", observation + "1e999}}", "413 too-long"},
      {"array", "[]", "422 structure"},
      {"string", R"("Patient")", "422 structure"},
      {"no type", R"({"active":true})", "422 required"},
      {"unknown type", R"({"resourceType":"Pacient"})", "422 not-supported"},
      {"abstract type", R"({"resourceType":"DomainResource"})", "422 not-supported"},
      {"unknown element", start + R"("shoeSize":7})", "422 structure"},
      {"repeated scalar", start + R"("active":[true]})", "422 structure"},
      {"wrong kind", start + R"("active":"true"})", "422 structure"},
      {"two of a choice", start + R"("deceasedBoolean":true,"deceasedDateTime":"2020"})",
       "422 structure"},
      {"missing element", R"({"resourceType":"Observation","status":"final"})", "422 required"},
      {"no such day", start + R"("birthDate":"2023-02-29"})", "422 value"},
      {"empty string", start + R"("id":""})", "422 value"},
      {"bad id", start + R"("id":"a_b"})", "422 value"},
  };
}

TEST(Refusal, EveryBadContentIsNamedAndNothingIsWritten) {
  Server server;
  for (const BadContent& bad : bad_contents()) {
    const Answered answered = server.post("/fhir/Patient", bad.body);
    EXPECT_EQ(answered.refusal(), bad.refusal) << bad.name << ": " << answered.body;
    EXPECT_EQ(answered.header("Content-Type"), fhir_json) << bad.name;
    EXPECT_GT(answered.json().at("issue.0.diagnostics").size(), 8U) << bad.name;
  }
  EXPECT_EQ(server.node().view().state.position, Position{0});
  EXPECT_EQ(server.post("/fhir/Patient", R"({"resourceType":"Patient"})").status, 201);
}

TEST(Refusal, OfContentNamesElementAndLine) {
  Server server;
  const Document json =
      server
          .post("/fhir/Patient",
                "{\n \"resourceType\":\"Patient\",\n \"name\":[{\"given\":[\"a\",7]}]\n}")
          .json();
  EXPECT_EQ(json.at("issue.0.expression.0"), "Patient.name[0].given[1]");
  EXPECT_TRUE(json.at("issue.0.location.0").starts_with("line 3, column "))
      << json.at("issue.0.location.0");
}

TEST(Refusal, FindsSeveralFaultsInOnePass) {
  Server server;
  const Document json =
      server
          .post("/fhir/Patient",
                R"({"resourceType":"Patient","active":"x","birthDate":"tomorrow","foo":1})")
          .json();
  EXPECT_EQ(json.size("issue"), 3U);
}

TEST(Refusal, OfMediaTypesNamesThoseThatAreTaken) {
  Server server;
  const std::string patient = R"({"resourceType":"Patient"})";
  for (const Field& type :
       {Field{"Content-Type", "application/xhtml+xml"}, Field{"Content-Type", "text/plain"},
        Field{"Content-Type", "application/fhir+json;fhirVersion=3.0"},
        Field{"Content-Type", "application/json;charset=iso-8859-1"}, Field{"X-None", "1"}}) {
    for (const auto& [method, target] :
         {std::pair{Method::post, "/fhir/Patient"}, std::pair{Method::put, "/fhir/Patient/p"},
          std::pair{Method::post, "/fhir"}, std::pair{Method::post, "/fhir/Patient/_search"}}) {
      const Answered answered = server.send(method, target, {type}, patient);
      EXPECT_EQ(answered.refusal(), "415 not-supported") << target << ' ' << type.second;
      EXPECT_NE(answered.json().at("issue.0.diagnostics").find("application/"), std::string::npos);
    }
  }
  EXPECT_EQ(server.get("/fhir/Patient/p", {{"Accept", "text/turtle"}}).refusal(),
            "406 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p?_format=ttl").refusal(), "406 not-supported");
}

TEST(Refusal, OfMethodsNamesThoseThatAreTaken) {
  Server server;
  const Answered post = server.send(Method::post, "/fhir/Patient/p");
  EXPECT_EQ(post.refusal(), "405 not-supported");
  EXPECT_EQ(post.header("Allow"), "GET, HEAD, PUT, DELETE, PATCH, OPTIONS");
  EXPECT_EQ(server.send(Method::unknown, "/fhir/Patient").refusal(), "405 not-supported");
  EXPECT_EQ(server.remove("/fhir").refusal(), "405 not-supported");
  EXPECT_EQ(server.put("/fhir/metadata", "{}").refusal(), "405 not-supported");
  const Answered options = server.send(Method::options, "/fhir/Patient/p");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, PUT, DELETE, PATCH, OPTIONS");
  EXPECT_EQ(server.send(Method::options, "*").status, 204);
  EXPECT_EQ(server.send(Method::options, "/nowhere").status, 404);
}

TEST(Refusal, OfAddressesTellsWhatIsWrong) {
  Server server;
  for (const auto& [target, refusal] : {
           std::pair{"/", "404 not-found"},
           std::pair{"/fhir/Pacient", "404 not-supported"},
           std::pair{"/fhir/Patient/1/2", "404 not-supported"},
           std::pair{"/fhir/Patient/$nothing", "404 not-found"},
           std::pair{"/fhir/Patient/1/$everything", "404 not-found"},
           std::pair{"/fhir/Patient/%zz", "400 invalid"},
           std::pair{"/fhir/Patient/%00", "400 invalid"},
           std::pair{"/fhir/Patient/1?a=%ff", "400 invalid"},
           std::pair{"/fhir/Observation/1/Condition", "400 not-supported"},
       }) {
    EXPECT_EQ(server.get(target).refusal(), refusal) << target;
  }
}

TEST(Refusal, ABodyIsOnlyReadWhereOneIsTaken) {
  Server server;
  const auto bytes_max = [&server](Method method, const char* target) {
    Request head;
    head.method = method;
    head.target = target;
    return server.handler().body_bytes_max(head);
  };
  EXPECT_EQ(bytes_max(Method::get, "/fhir/Patient"), 0U);
  EXPECT_EQ(bytes_max(Method::remove, "/fhir/Patient/1"), 0U);
  EXPECT_EQ(bytes_max(Method::post, "/fhir"), request_body_bytes_max);
  EXPECT_EQ(bytes_max(Method::post, "/fhir/Patient/_search"), form_bytes_max);
}

}  // namespace
}  // namespace holdfast::api
