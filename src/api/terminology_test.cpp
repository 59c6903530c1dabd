// $expand, $validate-code, $lookup, $subsumes, $translate: over the built-in tables, resources sent
// along, and stored ones.
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

constexpr std::string_view gender = "http://hl7.org/fhir/ValueSet/administrative-gender";

std::string parameters(std::string_view list) {
  return fmt::format(R"({{"resourceType":"Parameters","parameter":[{}]}})", list);
}
/// The value of a parameter of the reply: its name, then its value as text.
std::string value_of(const Document& json, std::string_view name) {
  for (std::size_t i = 0; i < json.size("parameter"); ++i) {
    const std::string at = fmt::format("parameter.{}.", i);
    if (json.at(at + "name") == name) {
      for (const char* type : {"String", "Boolean", "Code", "Uri"}) {
        if (json.has(at + "value" + type)) {
          return json.at(at + "value" + type);
        }
      }
    }
  }
  return {};
}
std::string colours(std::string_view id) {
  return fmt::format(R"({{"resourceType":"CodeSystem","id":"{}","url":"urn:x:colours","status":)"
                     R"("draft","content":"complete","concept":[{{"code":"red","concept":[)"
                     R"({{"code":"crimson","display":"Deep red"}}]}},{{"code":"blue"}}]}})",
                     id);
}
std::string words(std::string_view id) {
  return fmt::format(
      R"({{"resourceType":"ValueSet","id":"{}","url":"urn:x:words","status":"draft",)"
      R"("compose":{{"include":[{{"system":"urn:x:list","concept":[{{"code":"a"}},)"
      R"({{"code":"b","display":"Bee"}}]}},{{"valueSet":["{}"]}}]}}}})",
      id, gender);
}

TEST(Expand, GivesAValueSetWithItsExpansion) {
  Server server;
  const Answered answered = server.get(fmt::format("/fhir/ValueSet/$expand?url={}", gender));
  ASSERT_EQ(answered.status, 200) << answered.body;
  const Document json = answered.json();
  EXPECT_EQ(json.at("resourceType"), "ValueSet");
  EXPECT_EQ(json.at("url"), gender);
  EXPECT_EQ(json.at("version"), "4.0.1");
  EXPECT_EQ(json.at("status"), "active");
  EXPECT_EQ(json.at("expansion.total"), "4");
  EXPECT_EQ(json.at("expansion.offset"), "0");
  EXPECT_TRUE(json.at("expansion.timestamp").starts_with("2026-01-01T00:00:00."));
  EXPECT_TRUE(json.at("expansion.identifier").starts_with("urn:uuid:"));
  EXPECT_EQ(json.size("expansion.contains"), 4U);
  EXPECT_EQ(json.at("expansion.contains.1.system"), "http://hl7.org/fhir/administrative-gender");
  EXPECT_EQ(json.at("expansion.contains.1.code"), "female");
  EXPECT_EQ(json.at("expansion.contains.1.display"), "Female");
  EXPECT_THAT(answered.body, HasSubstr(R"({"name":"version","valueUri":)"
                                       R"("http://hl7.org/fhir/administrative-gender|4.0.1"})"));
}

// What the standard says of a reply: our own reply is a resource.
TEST(Expand, AnswersWithAResourceOfR4) {
  Server server;
  const Answered answered = server.get(fmt::format(
      "/fhir/ValueSet/$expand?url={}&includeDesignations=true&filter=a&count=3&displayLanguage=de",
      gender));
  ASSERT_EQ(answered.status, 200);
  EXPECT_EQ(server.post("/fhir/ValueSet", answered.body).status, 201);
  const Answered looked = server.get(
      "/fhir/CodeSystem/$lookup?system=http://terminology.hl7.org/CodeSystem/v3-RoleCode&code=MTH");
  ASSERT_EQ(looked.status, 200);
  EXPECT_EQ(server.post("/fhir/Parameters", looked.body).status, 201) << looked.body;
}

TEST(Expand, PagesAndFilters) {
  Server server;
  const auto expand = [&](std::string_view more) {
    return server.get(fmt::format("/fhir/ValueSet/$expand?url={}&{}", gender, more)).json();
  };
  const Document page = expand("offset=1&count=2");
  EXPECT_EQ(page.at("expansion.total"), "4");
  EXPECT_EQ(page.at("expansion.offset"), "1");
  EXPECT_EQ(page.size("expansion.contains"), 2U);
  EXPECT_EQ(page.at("expansion.contains.0.code"), "female");
  EXPECT_FALSE(expand("count=0").has("expansion.contains"));
  EXPECT_EQ(expand("filter=fem").at("expansion.total"), "1");
}

TEST(Expand, NamesDesignationsWhenAsked) {
  Server server;
  const auto expand = [&](std::string_view more) {
    return server
        .get(fmt::format("/fhir/ValueSet/$expand?url=http://terminology.hl7.org/ValueSet/v2-0001&"
                         "count=1&{}",
                         more))
        .json();
  };
  constexpr const char* designation = "expansion.contains.0.designation";
  EXPECT_EQ(expand("displayLanguage=de").at("expansion.contains.0.display"), "mehrdeutig");
  EXPECT_EQ(expand("").at("expansion.contains.0.display"), "Ambiguous");
  EXPECT_FALSE(expand("").has(designation));
  EXPECT_EQ(expand("includeDesignations=true").size(designation), 2U);
  EXPECT_EQ(expand("designation=urn:ietf:bcp:47%7Cde").size(designation), 1U);
  EXPECT_FALSE(expand("designation=cy").has(designation));
}

TEST(Expand, TakesValueSetsThatAreSentOrStored) {
  Server server;
  const auto check = [](const Answered& answered) {
    ASSERT_EQ(answered.status, 200) << answered.body;
    const Document json = answered.json();
    EXPECT_EQ(json.at("expansion.total"), "6");
    EXPECT_EQ(json.at("expansion.contains.1.display"), "Bee");
    EXPECT_EQ(json.at("status"), "draft");
  };
  check(server.post("/fhir/ValueSet/$expand",
                    parameters(fmt::format(R"({{"name":"valueSet","resource":{}}})", words("w")))));
  check(server.post("/fhir/ValueSet/$expand", words("w")));  // the only parameter, without a frame
  ASSERT_EQ(server.put("/fhir/ValueSet/w", words("w")).status, 201);
  check(server.get("/fhir/ValueSet/w/$expand"));
  check(
      server.post("/fhir/ValueSet/w/$expand", parameters(R"({"name":"count","valueInteger":9})")));
  ASSERT_EQ(server.remove("/fhir/ValueSet/w").status, 204);
  EXPECT_EQ(server.get("/fhir/ValueSet/w/$expand").refusal(), "410 deleted");
  EXPECT_EQ(server.get("/fhir/ValueSet/none/$expand").refusal(), "404 not-found");
}

TEST(Expand, RefusesWithASentenceWhatItCannotDo) {
  Server server;
  const auto expand = [&](std::string_view query) {
    return server.get(fmt::format("/fhir/ValueSet/$expand{}", query));
  };
  const Answered costly = expand("?url=http://hl7.org/fhir/ValueSet/condition-code");
  EXPECT_EQ(costly.refusal(), "403 too-costly");
  EXPECT_THAT(costly.json().at("issue.0.diagnostics"), HasSubstr("http://snomed.info/sct"));
  EXPECT_THAT(expand("?url=http://nowhere.example/vs").json().at("issue.0.diagnostics"),
              HasSubstr("http://nowhere.example/vs"));
  EXPECT_EQ(expand("?url=http://nowhere.example/vs").refusal(), "404 not-found");
  EXPECT_EQ(expand("").refusal(), "400 required");
  EXPECT_EQ(expand("?url=a&url=b").refusal(), "400 value");
  EXPECT_EQ(expand(fmt::format("?url={}&fliter=x", gender)).refusal(), "400 not-supported");
  EXPECT_EQ(expand(fmt::format("?url={}&date=2019", gender)).refusal(), "400 not-supported");
  EXPECT_EQ(expand(fmt::format("?url={}&count=-1", gender)).refusal(), "400 value");
  EXPECT_EQ(expand(fmt::format("?url={}&activeOnly=maybe", gender)).refusal(), "400 value");
  EXPECT_EQ(expand("?valueSet=x").refusal(), "400 value");
  EXPECT_EQ(server
                .get(fmt::format("/fhir/ValueSet/$expand?url={}&fliter=x", gender),
                     {{"Prefer", "handling=lenient"}})
                .status,
            200);
  const auto post = [&](Bytes body) {
    return server.post("/fhir/ValueSet/$expand", std::move(body)).refusal();
  };
  EXPECT_EQ(post("{"), "400 structure");
  EXPECT_EQ(post(R"({"resourceType":"Parameters","parameter":[{"name":"url"}]})"), "422 structure");
  EXPECT_EQ(post(parameters(R"({"name":"valueSet","resource":{"resourceType":"Patient"}})")),
            "422 structure");
  EXPECT_EQ(post(R"({"resourceType":"Patient"})"), "422 structure");
  EXPECT_EQ(server.send(Method::post, "/fhir/ValueSet/$expand", {{"Content-Type", "text/csv"}}, "x")
                .status,
            415);
  EXPECT_EQ(server.send(Method::put, "/fhir/ValueSet/$expand", {}).status, 405);
}

TEST(Expand, SpeaksXml) {
  Server server;
  const Answered answered = server.send(
      Method::post, "/fhir/ValueSet/$expand", {{"Content-Type", "application/fhir+xml"}},
      fmt::format(R"(<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="url"/>)"
                  R"(<valueUri value="{}"/></parameter><parameter><name value="count"/>)"
                  R"(<valueInteger value="2"/></parameter></Parameters>)",
                  gender));
  ASSERT_EQ(answered.status, 200) << answered.body;
  EXPECT_THAT(answered.body, HasSubstr(R"(<total value="4"/>)"));
  EXPECT_THAT(answered.body, HasSubstr(R"(<code value="female"/>)"));
}

TEST(Expand, IsAnsweredInABatch) {
  Server server;
  const Answered answered = server.bundle(
      "batch",
      {fmt::format(R"({{"request":{{"method":"GET","url":"ValueSet/$expand?url={}"}}}})", gender)});
  EXPECT_EQ(answered.json().at("entry.0.resource.expansion.total"), "4") << answered.body;
}

TEST(ValidateCode, SaysWhetherACodeIsInAValueSet) {
  Server server;
  const auto ask = [&](std::string_view query) {
    return server.get(fmt::format("/fhir/ValueSet/$validate-code?url={}&{}", gender, query));
  };
  constexpr std::string_view system = "system=http://hl7.org/fhir/administrative-gender";
  const Document yes = ask(fmt::format("{}&code=female", system)).json();
  EXPECT_EQ(value_of(yes, "result"), "true");
  EXPECT_EQ(value_of(yes, "display"), "Female");
  EXPECT_EQ(value_of(yes, "message"), "");
  const Document no = ask(fmt::format("{}&code=F", system)).json();
  EXPECT_EQ(value_of(no, "result"), "false");
  EXPECT_THAT(value_of(no, "message"), HasSubstr("nor in its code system"));
  const Document odd = ask(fmt::format("{}&code=female&display=Woman", system)).json();
  EXPECT_EQ(value_of(odd, "result"), "true");
  EXPECT_THAT(value_of(odd, "message"), HasSubstr("'Woman'"));
  EXPECT_EQ(ask("code=female").refusal(), "400 required");
  EXPECT_EQ(ask("system=urn:x").refusal(), "400 required");
}

// No is an answer; unknown is a refusal that names the system.
TEST(ValidateCode, RefusesToGuess) {
  Server server;
  const Answered unknown = server.get(
      "/fhir/ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/condition-code&"
      "system=http://snomed.info/sct&code=1");
  EXPECT_EQ(unknown.refusal(), "400 not-supported");
  EXPECT_THAT(unknown.json().at("issue.0.diagnostics"), HasSubstr("not bundled"));
}

TEST(ValidateCode, TakesCodingsAndConcepts) {
  Server server;
  const auto ask = [&](std::string_view given) {
    const Answered answered = server.post(
        "/fhir/ValueSet/$validate-code",
        parameters(fmt::format(R"({{"name":"url","valueUri":"{}"}},{})", gender, given)));
    return answered.status == 200 ? value_of(answered.json(), "result") : answered.refusal();
  };
  constexpr std::string_view male =
      R"({"system":"http://hl7.org/fhir/administrative-gender","code":"male"})";
  EXPECT_EQ(ask(fmt::format(R"({{"name":"coding","valueCoding":{}}})", male)), "true");
  EXPECT_EQ(ask(fmt::format(R"({{"name":"codeableConcept","valueCodeableConcept":{{"coding":[)"
                            R"({{"system":"urn:x","code":"1"}},{}]}}}})",
                            male)),
            "true");
  EXPECT_EQ(ask(R"({"name":"codeableConcept","valueCodeableConcept":{"coding":[)"
                R"({"system":"urn:x","code":"1"}]}})"),
            "false");
  EXPECT_EQ(ask(R"({"name":"codeableConcept","valueCodeableConcept":{"text":"x"}})"),
            "422 required");
  EXPECT_EQ(ask(R"({"name":"coding","valueCoding":{"system":"urn:x"}})"), "422 required");
}

TEST(ValidateCode, OfCodeSystems) {
  Server server;
  ASSERT_EQ(server.put("/fhir/CodeSystem/c", colours("c")).status, 201);
  const auto ask = [&](std::string_view query) {
    const Answered answered = server.get(fmt::format("/fhir/CodeSystem/{}", query));
    return answered.status == 200 ? value_of(answered.json(), "result") : answered.refusal();
  };
  EXPECT_EQ(ask("c/$validate-code?code=crimson"), "true");
  EXPECT_EQ(ask("c/$validate-code?code=green"), "false");
  EXPECT_EQ(ask("$validate-code?url=http://hl7.org/fhir/item-type&code=group"), "true");
  EXPECT_EQ(ask("$validate-code?url=http://hl7.org/fhir/item-type&code=question"), "false");
  EXPECT_EQ(ask("$validate-code?url=http://hl7.org/fhir/item-type&code=question&abstract=true"),
            "true");
  EXPECT_EQ(ask("$validate-code?url=http://unitsofmeasure.org&code=mg/dL"), "true");
  EXPECT_EQ(ask("$validate-code?url=http://unitsofmeasure.org&code=milligram"), "false");
  EXPECT_EQ(ask("$validate-code?url=urn:x:colours&code=red"), "400 not-supported");
  EXPECT_EQ(ask("$validate-code?code=red"), "400 required");
}

TEST(Lookup, GivesNameDisplayDesignationsAndProperties) {
  Server server;
  const auto look = [&](std::string_view query) {
    return server.get(
        fmt::format("/fhir/CodeSystem/$lookup?system="
                    "http://terminology.hl7.org/CodeSystem/v3-RoleCode&{}",
                    query));
  };
  const Answered mother = look("code=MTH");
  const Document json = mother.json();
  EXPECT_EQ(value_of(json, "name"), "v3.RoleCode");
  EXPECT_EQ(value_of(json, "display"), "mother");
  EXPECT_EQ(value_of(json, "version"), "2018-08-12");
  EXPECT_THAT(mother.body, HasSubstr(R"({"name":"code","valueCode":"parent"},)"
                                     R"({"name":"value","valueCode":"PRN"})"));
  EXPECT_THAT(mother.body, HasSubstr(R"({"name":"code","valueCode":"definition"})"));
  const Answered only = look("code=MTH&property=parent");
  EXPECT_THAT(only.body, testing::Not(HasSubstr("definition")));
  EXPECT_THAT(only.body, HasSubstr("PRN"));
  EXPECT_EQ(look("code=NOBODY").refusal(), "404 not-found");
  EXPECT_EQ(look("code=MTH&version=1").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/CodeSystem/$lookup?code=MTH").refusal(), "400 required");
  EXPECT_EQ(server.get("/fhir/CodeSystem/$lookup?system=http://loinc.org&code=0-0").refusal(),
            "400 not-supported");
}

TEST(Subsumes, TellsHowTwoCodesStand) {
  Server server;
  ASSERT_EQ(server.put("/fhir/CodeSystem/c", colours("c")).status, 201);
  const auto ask = [&](std::string_view query) {
    const Answered answered = server.get(fmt::format("/fhir/CodeSystem/{}", query));
    return answered.status == 200 ? value_of(answered.json(), "outcome") : answered.refusal();
  };
  constexpr std::string_view role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
  EXPECT_EQ(ask(fmt::format("$subsumes?system={}&codeA=PRN&codeB=MTH", role)), "subsumes");
  EXPECT_EQ(ask(fmt::format("$subsumes?system={}&codeA=MTH&codeB=PRN", role)), "subsumed-by");
  EXPECT_EQ(ask("c/$subsumes?codeA=red&codeB=crimson"), "subsumes");
  EXPECT_EQ(ask("c/$subsumes?codeA=red&codeB=blue"), "not-subsumed");
  EXPECT_EQ(ask("c/$subsumes?codeA=red&codeB=red"), "equivalent");
  EXPECT_EQ(ask("c/$subsumes?codeA=red&codeB=green"), "404 not-found");
  EXPECT_EQ(ask("c/$subsumes?codeA=red"), "400 required");
  EXPECT_EQ(ask("$subsumes?codeA=red&codeB=blue"), "400 required");
  const Answered coded =
      server.post("/fhir/CodeSystem/$subsumes",
                  parameters(fmt::format(
                      R"({{"name":"codingA","valueCoding":{{"system":"{0}","code":"MTH"}}}},)"
                      R"({{"name":"codingB","valueCoding":{{"system":"{0}","code":"FTH"}}}})",
                      role)));
  EXPECT_EQ(value_of(coded.json(), "outcome"), "not-subsumed");
}

TEST(Translate, FollowsConceptMaps) {
  Server server;
  const auto ask = [&](std::string_view query) {
    return server.get(fmt::format("/fhir/ConceptMap/$translate?{}", query));
  };
  constexpr std::string_view female =
      "system=http://hl7.org/fhir/administrative-gender&code=female";
  const Answered found =
      ask(fmt::format("url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v2&{}", female));
  EXPECT_EQ(value_of(found.json(), "result"), "true");
  EXPECT_THAT(found.body,
              HasSubstr(R"({"name":"match","part":[{"name":"equivalence","valueCode":"equal"},)"
                        R"({"name":"concept","valueCoding":{"system":)"
                        R"("http://terminology.hl7.org/CodeSystem/v2-0001","code":"F")"));
  const Answered none = ask("system=urn:x&code=1");
  EXPECT_EQ(value_of(none.json(), "result"), "false");
  EXPECT_NE(value_of(none.json(), "message"), "");
  EXPECT_EQ(ask(fmt::format("url=urn:x&{}", female)).refusal(), "404 not-found");
  const std::string map =
      R"({"resourceType":"ConceptMap","id":"m","status":"draft","group":[{"source":"urn:a",)"
      R"("target":"urn:b","element":[{"code":"1","target":[{"code":"one","equivalence":"wider"}]}]}]})";
  ASSERT_EQ(server.put("/fhir/ConceptMap/m", map).status, 201);
  EXPECT_THAT(server.get("/fhir/ConceptMap/m/$translate?system=urn:a&code=1").body,
              HasSubstr(R"("valueCode":"wider")"));
  EXPECT_THAT(server.get("/fhir/ConceptMap/m/$translate?system=urn:b&code=one&reverse=true").body,
              HasSubstr(R"("valueCode":"narrower")"));
}

TEST(Capabilities, NameTheOperationsAndTheCodeSystems) {
  Server server;
  const Answered statement = server.get("/fhir/metadata");
  for (const char* operation :
       {"ValueSet-expand", "ValueSet-validate-code", "CodeSystem-validate-code",
        "CodeSystem-lookup", "CodeSystem-subsumes", "ConceptMap-translate"}) {
    const std::string text =
        fmt::format(R"("definition":"http://hl7.org/fhir/OperationDefinition/{}")", operation);
    const std::size_t at = statement.body.find(text);
    EXPECT_NE(at, Bytes::npos) << operation;
    EXPECT_EQ(statement.body.find(text, at + 1), Bytes::npos) << operation << " twice";
  }
  const Answered terminology = server.get("/fhir/metadata?mode=terminology");
  ASSERT_EQ(terminology.status, 200);
  EXPECT_EQ(terminology.json().at("resourceType"), "TerminologyCapabilities");
  EXPECT_GT(terminology.json().size("codeSystem"), 1000U);
  EXPECT_EQ(server.post("/fhir/TerminologyCapabilities", terminology.body).status, 201);
  EXPECT_EQ(server.get("/fhir/metadata?mode=normative").refusal(), "400 not-supported");
}

}  // namespace
}  // namespace holdfast::api
