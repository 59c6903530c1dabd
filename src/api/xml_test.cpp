// FHIR XML through the door: requests, replies, refusals.
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/format.h"
#include "api/outcome.h"
#include "api/router.h"
#include "api/server_for_test.h"
#include "fhir/xml.h"

namespace holdfast::api {
namespace {

const Field xml_content{"Content-Type", "application/fhir+xml"};
const Field wants_xml{"Accept", "application/fhir+xml"};
const Field wants_json{"Accept", "application/fhir+json"};

std::string element(std::string_view type, std::string_view inside) {
  return fmt::format(R"(<{} xmlns="http://hl7.org/fhir">{}</{}>)", type, inside, type);
}

/// The reply, which must be XML, as JSON.
Document as_json(const Answered& answered) {
  EXPECT_EQ(answered.header("Content-Type"), fhir_xml);
  const auto json = fhir::json_from_xml(answered.body);
  EXPECT_TRUE(json.has_value()) << answered.body;
  return Document(json.value_or("{}"));
}

std::string refusal(const Answered& answered) {
  return fmt::format("{} {}", answered.status, as_json(answered).at("issue.0.code"));
}

TEST(XmlApi, KeepsOneRecordForBothForms) {
  Server server;
  const Answered created = server.send(
      Method::put, "/fhir/Patient/p1", {xml_content},
      element("Patient",
              R"(<id value="p1"/><active value="true"/><name><given value="a"/></name>)"));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(as_json(created).at("meta.versionId"), "1");
  EXPECT_EQ(created.header("ETag"), "W/\"1\"");
  const Answered json = server.get("/fhir/Patient/p1");
  EXPECT_EQ(json.header("Content-Type"), fhir_json);
  EXPECT_EQ(json.json().at("active"), "true");
  EXPECT_EQ(json.json().at("name.0.given.0"), "a");
  const Answered xml = server.get("/fhir/Patient/p1", {wants_xml});
  EXPECT_EQ(xml.body, created.body);
  EXPECT_EQ(fhir::json_from_xml(xml.body).value(), json.body);
  EXPECT_EQ(server.get("/fhir/Patient/p1?_format=xml", {wants_json}).body, xml.body);
  EXPECT_EQ(server.get("/fhir/Patient/p1?_format=json", {wants_xml}).body, json.body);
  EXPECT_EQ(server.get("/fhir/Patient/p1", {wants_xml, {"If-None-Match", "W/\"1\""}}).status, 304);
  const Answered pretty = server.get("/fhir/Patient/p1?_pretty=true", {wants_xml});
  EXPECT_NE(pretty.body.find("\n  <id value=\"p1\"/>\n"), std::string::npos) << pretty.body;
  EXPECT_EQ(fhir::json_from_xml(pretty.body).value(), json.body);
}

TEST(XmlApi, CreatesWithConditionsAndKeys) {
  Server server;
  const std::string patient =
      element("Patient", R"(<identifier><system value="urn:s"/><value value="1"/></identifier>)");
  const Field condition{"If-None-Exist", "identifier=urn:s|1"};
  EXPECT_EQ(server.send(Method::post, "/fhir/Patient", {xml_content, condition}, patient).status,
            201);
  EXPECT_EQ(server.send(Method::post, "/fhir/Patient", {xml_content, condition}, patient).status,
            200);
  const Field key{"Idempotency-Key", "k"};
  const Answered first = server.send(Method::post, "/fhir/Patient", {xml_content, key}, patient);
  const Answered again = server.send(Method::post, "/fhir/Patient", {xml_content, key}, patient);
  EXPECT_EQ(first.header("Location"), again.header("Location"));
  EXPECT_EQ(first.body, again.body);
  const Answered minimal = server.send(Method::post, "/fhir/Patient",
                                       {xml_content, {"Prefer", "return=minimal"}}, patient);
  EXPECT_EQ(minimal.status, 201);
  EXPECT_EQ(minimal.body, "");
  EXPECT_EQ(as_json(server.send(Method::post, "/fhir/Patient",
                                {xml_content, {"Prefer", "return=OperationOutcome"}}, patient))
                .at("resourceType"),
            "OperationOutcome");
}

TEST(XmlApi, TakesTransactionsAndAnswersThem) {
  Server server;
  const std::string bundle = element("Bundle", R"(<type value="transaction"/>
    <entry><fullUrl value="urn:uuid:11111111-1111-4111-8111-111111111111"/>
      <resource><Patient><active value="false"/></Patient></resource>
      <request><method value="POST"/><url value="Patient"/></request></entry>
    <entry><resource><Observation><status value="final"/><code><text value="c"/></code>
        <subject><reference value="urn:uuid:11111111-1111-4111-8111-111111111111"/></subject>
      </Observation></resource>
      <request><method value="POST"/><url value="Observation"/></request></entry>
    <entry><request><method value="GET"/><url value="Patient?_format=json"/></request></entry>)");
  const Answered answered = server.send(Method::post, "/fhir", {xml_content}, bundle);
  ASSERT_EQ(answered.status, 200) << answered.body;
  const Document reply = as_json(answered);
  EXPECT_EQ(reply.at("type"), "transaction-response");
  EXPECT_EQ(reply.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(reply.at("entry.2.resource.total"), "1");
  const Document found = as_json(server.get("/fhir/Observation", {wants_xml}));
  EXPECT_EQ(found.at("entry.0.resource.subject.reference"),
            reply.at("entry.0.response.location").substr(0, 44));
}

TEST(XmlApi, PagesInTheFormThatTheAddressAskedFor) {
  Server server;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(server.post("/fhir/Patient", R"({"resourceType":"Patient"})").status, 201);
  }
  const Document first = as_json(server.get("/fhir/Patient?_count=2&_format=xml"));
  std::string next = first.at("link.1.url");
  ASSERT_EQ(first.at("link.1.relation"), "next");
  next = next.substr(next.find("/fhir/"));
  EXPECT_EQ(as_json(server.get(next)).size("entry"), 1U);
  const Document by_header = as_json(server.get("/fhir/Patient?_count=2", {wants_xml}));
  EXPECT_EQ(by_header.at("link.1.url").find("_format"), std::string::npos);
  EXPECT_EQ(as_json(server.get("/fhir/Patient/$nothing?_format=xml")).at("resourceType"),
            "OperationOutcome");
}

TEST(XmlApi, DescribesItselfInXml) {
  Server server;
  const Answered xml = server.get("/fhir/metadata", {wants_xml});
  const Document statement = as_json(xml);
  EXPECT_EQ(statement.at("format.2"), "xml");
  EXPECT_EQ(statement.at("rest.0.resource.0.type"), "Account");
}

TEST(XmlApi, RefusesInXml) {
  Server server;
  EXPECT_EQ(refusal(server.get("/fhir/Patient/absent", {wants_xml})), "404 not-found");
  EXPECT_EQ(refusal(server.get("/fhir/Pacient/absent", {wants_xml})), "404 not-supported");
  EXPECT_EQ(refusal(server.get("/fhir/Pacient/absent?_format=xml")), "404 not-supported");
  EXPECT_EQ(refusal(server.send(Method::put, "/fhir/metadata", {wants_xml})), "405 not-supported");
  EXPECT_EQ(refusal(server.get("/fhir/Patient?nonsense=1", {wants_xml})), "400 not-supported");
  EXPECT_EQ(refusal(server.get("/fhir/Patient/p?_pretty=9&_format=xml")), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/p", {{"Accept", "text/html"}}).refusal(),
            "406 not-supported");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"<Patient", "400 structure"},
      {R"({"resourceType":"Patient"})", "400 structure"},
      {"<!DOCTYPE a [<!ENTITY b 'c'>]>" + element("Patient", ""), "400 structure"},
      {element("Patient", R"(<active value="true"/><id value="a"/>)"), "422 structure"},
      {element("Pacient", ""), "422 not-supported"},
      {element("Patient", R"(<active value="yes"/>)"), "422 value"},
      {element("Patient", R"(<birthDate value="yesterday"/>)"), "422 value"},
      {element("Observation", R"(<status value="final"/>)"), "422 required"},
      {element("Device", ""), "400 invalid"},
  };
  for (const auto& [body, wanted] : cases) {
    EXPECT_EQ(refusal(server.send(Method::post, "/fhir/Patient", {xml_content}, body)), wanted)
        << body;
    EXPECT_EQ(server.send(Method::post, "/fhir/Patient", {xml_content, wants_json}, body).refusal(),
              wanted)
        << body;
  }
  EXPECT_EQ(server.get("/fhir/Patient?_summary=count").json().at("total"), "0");
}

TEST(XmlApi, NamesPlacesThatTheSenderCanFind) {
  Server server;
  const Document in_xml = as_json(
      server.send(Method::post, "/fhir/Patient", {xml_content}, element("Patient", "\n<nom/>")));
  EXPECT_EQ(in_xml.at("issue.0.location.0"), "line 2, column 1");
  // Found in the JSON that was made of it: its lines say nothing to the sender.
  const Document later = as_json(server.send(Method::post, "/fhir/Patient", {xml_content},
                                             element("Patient", R"(<birthDate value="x"/>)")));
  EXPECT_EQ(later.at("issue.0.expression.0"), "Patient.birthDate");
  EXPECT_FALSE(later.has("issue.0.location"));
  const std::string batch = element("Bundle", R"(<type value="batch"/><entry><resource><Patient>
      <birthDate value="x"/></Patient></resource><request><method value="POST"/>
      <url value="Patient"/></request></entry>)");
  const Document answered = as_json(server.send(Method::post, "/fhir", {xml_content}, batch));
  EXPECT_EQ(answered.at("entry.0.response.status"), "422 Unprocessable Content");
  EXPECT_EQ(answered.at("entry.0.response.outcome.issue.0.expression.0"),
            "Bundle.entry[0].resource.birthDate");
  EXPECT_FALSE(answered.has("entry.0.response.outcome.issue.0.location"));
}

TEST(XmlApi, SaysWhatXmlCannotHold) {
  Server server;
  const std::string patient =
      R"({"resourceType":"Patient","id":"p1","text":{"status":"generated","div":"<div>&nbsp;</div>"}})";
  const Answered written = server.put("/fhir/Patient/p1", patient, {wants_xml});
  EXPECT_EQ(written.status, 201) << "it is durable, whatever can be shown";
  EXPECT_EQ(as_json(written).at("issue.0.severity"), "information");
  EXPECT_EQ(server
                .send(Method::patch, "/fhir/Patient/p1",
                      {wants_xml, {"Content-Type", "application/json-patch+json"}},
                      R"([{"op":"add","path":"/active","value":true}])")
                .status,
            200)
      << "and so is a patch";
  const Answered read = server.get("/fhir/Patient/p1", {wants_xml});
  EXPECT_EQ(refusal(read), "406 not-supported");
  EXPECT_EQ(as_json(read).at("issue.0.expression.0"), "Patient.text.div");
  EXPECT_EQ(server.get("/fhir/Patient/p1").status, 200);
}

// What was written is never answered with 406, as if nothing had happened.
TEST(XmlApi, KnowsWhichOperationsWrite) {
  using enum Interaction;
  for (const Interaction writes : {item_advance,    item_assign,
                                   item_close,      item_reopen,
                                   item_hand_over,  item_accept,
                                   item_decline,    item_withdraw_offer,
                                   duty_retry,      duty_skip,
                                   duty_resend,     channel_pause,
                                   channel_resume,  channel_fence,
                                   channel_test,    channel_replay,
                                   channel_divert,  channel_end_diversion,
                                   channel_pass_on, take_up,
                                   reconcile,       close_many,
                                   confirm,         process_message}) {
    EXPECT_EQ(deed_of(writes), Deed::writing) << static_cast<int>(writes);
  }
  for (const Interaction reads : {work_list, open_duties, pending, check_pathways, ledger}) {
    EXPECT_EQ(deed_of(reads), Deed::reading) << static_cast<int>(reads);
  }
}

TEST(XmlApi, TakesLargeContentApart) {
  Server server;
  std::string names;
  for (int i = 0; i < 5'000; ++i) {
    names += fmt::format(R"(<name><family value="family {}"/></name>)", i);
  }
  const Answered written = server.send(Method::put, "/fhir/Patient/p1", {xml_content},
                                       element("Patient", R"(<id value="p1"/>)" + names));
  ASSERT_EQ(written.status, 201) << written.body.substr(0, 300);
  EXPECT_EQ(as_json(written).at("name.4999.family"), "family 4999");
  EXPECT_EQ(server.get("/fhir/Patient/p1", {wants_xml}).body, written.body);
}

}  // namespace
}  // namespace holdfast::api
