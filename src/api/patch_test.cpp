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
  const Answered other =
      server.send(Method::patch, "/fhir/Patient/p", {{"Content-Type", "text/plain"}}, "x");
  EXPECT_EQ(other.refusal(), "415 not-supported");
  const std::string taken =
      "application/json-patch+json, application/xml-patch+xml, application/fhir+json, "
      "application/fhir+xml";
  EXPECT_EQ(other.header("Accept-Patch"), taken);
  EXPECT_EQ(server.send(Method::options, "/fhir/Patient/p").header("Accept-Patch"), taken);
  EXPECT_EQ(server.get("/fhir/metadata").json().at("patchFormat.3"), "application/fhir+xml");
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

// ---- the other two languages --------------------------------------------------------------------

const std::string path_to_c =
    R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[)"
    R"({"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.name[0].family"},)"
    R"({"name":"value","valueString":"C"}]}]})";
const std::string path_to_d =
    R"(<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>)"
    R"(<part><name value="type"/><valueCode value="replace"/></part>)"
    R"(<part><name value="path"/><valueString value="Patient.name[0].family"/></part>)"
    R"(<part><name value="value"/><valueString value="D"/></part></parameter></Parameters>)";
const std::string xml_to_e =
    R"(<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Patient/f:name[1]/f:family/@value">E</replace></diff>)";

Answered send_as(Server& server, std::string_view type, Bytes patch) {
  return server.send(Method::patch, "/fhir/Patient/p", {{"Content-Type", type}}, std::move(patch));
}

TEST(Patch, SpeaksFhirPathInBothForms) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  EXPECT_EQ(send_as(server, "application/fhir+json", path_to_c).header("ETag"), "W/\"2\"");
  EXPECT_EQ(family(server), "C");
  const Answered answered = send_as(server, "application/fhir+xml", path_to_d);
  EXPECT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(answered.header("Content-Type"), "application/fhir+xml;charset=utf-8")
      << "the form of the content, where nothing else is asked for";
  EXPECT_EQ(family(server), "D");
  EXPECT_EQ(server
                .send(Method::patch, "/fhir/Patient?identifier=urn:s%7C1",
                      {{"Content-Type", "application/fhir+json"}}, Bytes(path_to_c))
                .status,
            200);
  EXPECT_EQ(family(server), "C");
  EXPECT_EQ(server.get("/fhir/Patient/p/_history").json().at("entry.0.request.method"), "PATCH");
}

TEST(Patch, OfFhirPathSaysWhatIsWrongWithIt) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const auto refused = [&](std::string_view what, std::string_view by) {
    std::string patch = path_to_c;
    patch.replace(patch.find(what), what.size(), by);
    return send_as(server, "application/fhir+json", patch);
  };
  const Document nothing = refused("Patient.name[0]", "Patient.name[7]").json();
  EXPECT_EQ(nothing.at("issue.0.code"), "not-found");
  EXPECT_EQ(nothing.at("issue.0.diagnostics"),
            "operation 1 (replace Patient.name[7].family): the path selects nothing");
  EXPECT_EQ(nothing.at("issue.0.expression.0"), "Parameters.parameter[0]");
  EXPECT_EQ(refused("Patient.name[0]", "Patient.nom").refusal(), "422 structure");
  EXPECT_EQ(refused("Patient.name[0]", "Patient.").refusal(), "400 structure");
  EXPECT_EQ(refused("Patient.name[0].family", "Patient.x()").refusal(), "422 value");
  EXPECT_EQ(refused("\"valueString\":\"C\"", "\"valueBoolean\":true").refusal(), "422 value");
  EXPECT_EQ(refused("Patient.name[0].family", "Patient.id").refusal(), "422 value");
  EXPECT_EQ(refused("valueString\":\"C\"", "valueFoo\":\"C\"").refusal(), "422 structure");
  EXPECT_EQ(send_as(server, "application/fhir+json", Bytes(patient)).refusal(), "422 structure");
  // Another resource is none of this patch's business, even to look at.
  ASSERT_EQ(
      server.put("/fhir/Patient/q", R"({"resourceType":"Patient","id":"q","active":true})").status,
      201);
  const std::string linked =
      R"({"resourceType":"Patient","id":"p","link":[{"type":"seealso","other":{"reference":"Patient/q"}}]})";
  ASSERT_EQ(server.put("/fhir/Patient/p", linked).status, 200);
  EXPECT_EQ(refused("Patient.name[0].family", "Patient.link.other.resolve().active").refusal(),
            "422 not-found");
  EXPECT_EQ(server.get("/fhir/Patient/p").header("ETag"), "W/\"2\"") << "nothing else happened";
}

TEST(Patch, SpeaksXmlPatch) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const Answered done = send_as(server, "application/xml-patch+xml", xml_to_e);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(family(server), "E");
  EXPECT_EQ(server.get("/fhir/Patient/p").json().at("multipleBirthInteger"), "1");
  const auto refused = [&](std::string_view operation) {
    return send_as(server, "application/xml-patch+xml",
                   fmt::format(R"(<diff xmlns:f="http://hl7.org/fhir">{}</diff>)", operation))
        .refusal();
  };
  EXPECT_EQ(refused(R"(<remove sel="f:Patient/f:photo"/>)"), "422 not-found");
  EXPECT_EQ(refused(R"(<add sel="f:Patient"><f:foo value="x"/></add>)"), "422 structure");
  EXPECT_EQ(refused("<"), "400 structure");
  EXPECT_EQ(refused(R"(<replace sel="f:Patient/f:id/@value">q</replace>)"), "422 value");
  // Where it stands in XML says nothing about the record.
  EXPECT_EQ(send_as(server, "application/xml-patch+xml",
                    R"(<diff xmlns:f="http://hl7.org/fhir"><add sel="f:Patient">)"
                    R"(<f:active value="true"/></add></diff>)")
                .status,
            200);
  EXPECT_EQ(server.get("/fhir/Patient/p").json().at("active"), "true");
}

TEST(Patch, OfEveryLanguageComesInBundles) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p", patient).status, 201);
  const auto entry = [](std::string_view resource, std::string_view url) {
    return fmt::format(R"({{"resource":{},"request":{{"method":"PATCH","url":"{}"}}}})", resource,
                       url);
  };
  const std::string xml = fmt::format(
      R"({{"resourceType":"Binary","contentType":"application/xml-patch+xml","data":"{}"}})",
      to_base64(xml_to_e));
  ASSERT_EQ(server.bundle("transaction", {entry(path_to_c, "Patient?identifier=urn:s|1")}).status,
            200);
  EXPECT_EQ(family(server), "C");
  const Document done =
      server.bundle("batch", {entry(xml, "Patient/p"), entry(path_to_c, "Patient/none")}).json();
  EXPECT_EQ(done.at("entry.0.response.status"), "200 OK");
  EXPECT_EQ(done.at("entry.1.response.status"), "404 Not Found");
  EXPECT_EQ(family(server), "E");
  const std::string wrong =
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"x"}]}]})";
  const Answered refused = server.bundle("transaction", {entry(wrong, "Patient/p")});
  EXPECT_EQ(refused.refusal(), "422 value");
}

}  // namespace
}  // namespace holdfast::api
