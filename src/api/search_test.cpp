// Search through the door: what search itself promises is tested in search/.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

void put_patient(Server& server, const std::string& id, const std::string& identifier) {
  const Answered done = server.put(
      "/fhir/Patient/" + id,
      fmt::format(R"({{"resourceType":"Patient","id":"{}","identifier":[{{"system":"urn:s",)"
                  R"("value":"{}"}}]}})",
                  id, identifier));
  ASSERT_LT(done.status, 300) << done.body;
}
void put_observation(Server& server, const std::string& id, const std::string& patient) {
  const Answered done = server.put(
      "/fhir/Observation/" + id,
      fmt::format(R"({{"resourceType":"Observation","id":"{}","status":"final","code":{{"text":)"
                  R"("x"}},"subject":{{"reference":"Patient/{}"}}}})",
                  id, patient));
  ASSERT_LT(done.status, 300) << done.body;
}
std::string ids(const Document& json) {
  std::string all;
  for (std::size_t i = 0; i < json.size("entry"); ++i) {
    all += json.at(fmt::format("entry.{}.resource.id", i)) + " ";
  }
  return all;
}
std::string link(const Document& json, std::string_view relation) {
  for (std::size_t i = 0; i < json.size("link"); ++i) {
    if (json.at(fmt::format("link.{}.relation", i)) == relation) {
      return json.at(fmt::format("link.{}.url", i));
    }
  }
  return {};
}
std::string target(const std::string& url) {
  return url.empty() ? url : url.substr(url.find("/fhir/"));
}

TEST(Search, FindsByAddressAndByForm) {
  Server server;
  put_patient(server, "a", "1");
  put_patient(server, "b", "2");
  const Answered found = server.get("/fhir/Patient?identifier=urn:s|2");
  ASSERT_EQ(found.status, 200) << found.body;
  const Document json = found.json();
  EXPECT_EQ(json.at("type"), "searchset");
  EXPECT_EQ(json.at("total"), "1");
  EXPECT_EQ(ids(json), "b ");
  EXPECT_EQ(json.at("entry.0.search.mode"), "match");
  EXPECT_EQ(json.at("entry.0.fullUrl"), "http://localhost:8080/fhir/Patient/b");
  EXPECT_TRUE(link(json, "self").starts_with("http://localhost:8080/fhir/Patient?identifier="));
  EXPECT_EQ(found.header("Holdfast-Position"), "2");
  const Answered form = server.send(Method::post, "/fhir/Patient/_search",
                                    {{"Content-Type", "application/x-www-form-urlencoded"}},
                                    "identifier=urn%3As%7C1");
  ASSERT_EQ(form.status, 200) << form.body;
  EXPECT_EQ(ids(form.json()), "a ");
}

TEST(Search, NothingFoundIsAnEmptyBundle) {
  Server server;
  const Document json = server.get("/fhir/Patient?_id=none").json();
  EXPECT_EQ(json.at("type"), "searchset");
  EXPECT_EQ(json.at("total"), "0");
  EXPECT_FALSE(json.has("entry"));
}

TEST(Search, UnknownParametersAreRefusedOrSaid) {
  Server server;
  put_patient(server, "a", "1");
  const Answered strict = server.get("/fhir/Patient?identifer=urn:s|1");
  EXPECT_EQ(strict.refusal(), "400 not-supported");
  EXPECT_NE(strict.json().at("issue.0.diagnostics").find("identifer"), std::string::npos);
  const Document lenient =
      server.get("/fhir/Patient?identifer=urn:s|1", {{"Prefer", "handling=lenient"}}).json();
  EXPECT_EQ(lenient.at("entry.0.search.mode"), "outcome");
  EXPECT_EQ(lenient.at("entry.0.resource.issue.0.severity"), "warning");
  EXPECT_NE(lenient.at("entry.0.resource.issue.0.diagnostics").find("identifer"),
            std::string::npos);
  EXPECT_EQ(lenient.at("entry.1.resource.id"), "a");
  EXPECT_EQ(link(lenient, "self").find("identifer"), std::string::npos);
}

TEST(Search, PagesShowOneMomentHoweverMuchIsWritten) {
  Server server;
  for (int i = 0; i < 10; ++i) {
    put_patient(server, fmt::format("p{}", i), "1");
  }
  std::string url = "/fhir/Patient?identifier=urn:s|1&_count=3&_total=accurate";
  std::string seen;
  for (int page = 0; !url.empty() && page < 10; ++page) {
    const Answered found = server.get(url);
    ASSERT_EQ(found.status, 200) << found.body;
    const Document json = found.json();
    EXPECT_EQ(json.at("total"), "10");
    seen += ids(json);
    url = target(link(json, "next"));
    put_patient(server, fmt::format("p{}", 9 - page), "1");  // moves it
    put_patient(server, fmt::format("new{}", page), "1");
    server.remove(fmt::format("/fhir/Patient/p{}", 5 + page));
  }
  EXPECT_EQ(seen, "p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 ");
}

TEST(Search, ALinkBelongsToItsAddressAndIsSigned) {
  Server server;
  for (int i = 0; i < 4; ++i) {
    put_patient(server, fmt::format("p{}", i), "1");
  }
  const std::string next =
      target(link(server.get("/fhir/Patient?identifier=urn:s|1&_count=1").json(), "next"));
  ASSERT_FALSE(next.empty());
  ASSERT_EQ(server.get(next).status, 200);
  const std::string token = next.substr(next.find('?'));
  EXPECT_EQ(server.get("/fhir/Observation" + token).refusal(), "400 value");
  std::string forged = next;
  forged[forged.size() - 20] = forged[forged.size() - 20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(server.get(forged).refusal(), "400 value");
  EXPECT_EQ(server.get(next + "&identifier=urn:s|2").refusal(), "400 not-supported");
}

TEST(Search, CountsWithoutResources) {
  Server server;
  put_patient(server, "a", "1");
  put_patient(server, "b", "1");
  for (const char* query : {"_summary=count", "_count=0"}) {
    const Document json = server.get(fmt::format("/fhir/Patient?{}", query)).json();
    EXPECT_EQ(json.at("total"), "2") << query;
    EXPECT_FALSE(json.has("entry")) << query;
  }
}

TEST(Search, GivesTheTotalWhenAskedOrWhenItIsSeenAnyway) {
  Server server;
  for (int i = 0; i < 5; ++i) {
    put_patient(server, fmt::format("p{}", i), "1");
  }
  EXPECT_EQ(server.get("/fhir/Patient").json().at("total"), "5");
  EXPECT_FALSE(server.get("/fhir/Patient?_total=none").json().has("total"));
  EXPECT_EQ(server.get("/fhir/Patient?_count=2&_total=accurate").json().at("total"), "5");
  const Document first = server.get("/fhir/Patient?_count=3").json();
  EXPECT_FALSE(first.has("total"));
  EXPECT_EQ(server.get(target(link(first, "next"))).json().at("total"), "5");
}

TEST(Search, LooksIntoThePatientsCompartment) {
  Server server;
  put_patient(server, "a", "1");
  put_observation(server, "o1", "a");
  put_observation(server, "o2", "b");
  put_observation(server, "o3", "a");
  EXPECT_EQ(ids(server.get("/fhir/Patient/a/Observation").json()), "o1 o3 ");
  const Document all = server.get("/fhir/Patient/a/*?_count=2").json();
  const Document rest = server.get(target(link(all, "next"))).json();
  EXPECT_EQ(ids(all) + ids(rest), "a o1 o3 ");
  const Answered form =
      server.send(Method::post, "/fhir/Patient/a/Observation/_search",
                  {{"Content-Type", "application/x-www-form-urlencoded"}}, "_id=o3");
  EXPECT_EQ(ids(form.json()), "o3 ");
}

std::string part(const Document& json, const std::string& name) {
  for (std::size_t i = 0; i < json.size("parameter"); ++i) {
    const std::string at = fmt::format("parameter.{}.", i);
    if (json.at(at + "name") != name) {
      continue;
    }
    for (const char* const type : {"String", "Integer", "Decimal", "Boolean"}) {
      if (json.has(at + "value" + type)) {
        return json.at(at + "value" + type);
      }
    }
  }
  return {};
}

TEST(Search, IsExplainedByWhatItDoes) {
  Server server;
  for (int i = 0; i < 4; ++i) {
    put_patient(server, fmt::format("p{}", i), i < 3 ? "1" : "2");
  }
  const Document json =
      server.get("/fhir/Patient/$explain?identifier=urn:s|1&identifier:missing=false&_count=2")
          .json();
  EXPECT_EQ(json.at("resourceType"), "Parameters");
  EXPECT_EQ(part(json, "query"),
            "http://localhost:8080/fhir/Patient?identifier=urn:s%7C1&identifier:missing=false"
            "&_count=2");
  EXPECT_EQ(part(json, "found"), "2");
  EXPECT_EQ(part(json, "more"), "true");
  EXPECT_EQ(part(json, "position"), "4");
  const std::string text = part(json, "text");
  EXPECT_NE(text.find("Patient?identifier=urn:s|1: 1 posting list(s); 3 in all; in "
                      "Patient.identifier\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("the first page has 2 resource(s), and there are more"), std::string::npos)
      << text;
  const Document form =
      server
          .send(Method::post, "/fhir/Patient/$explain",
                {{"Content-Type", "application/x-www-form-urlencoded"}}, "identifier=urn:s|2")
          .json();
  EXPECT_EQ(part(form, "found"), "1");
  EXPECT_EQ(part(server.get("/fhir/$explain?_type=Patient&_id=p1").json(), "found"), "1");
  EXPECT_EQ(server.get("/fhir/Patient/$explain?identifer=1").refusal(), "400 not-supported");
}

TEST(Search, GoesByWhatTheRecordSaysOfCodes) {
  Server server;
  put_patient(server, "a", "1");
  const auto put_set = [&](const char* code) {
    const Answered done = server.put(
        "/fhir/ValueSet/s",
        fmt::format(
            R"({{"resourceType":"ValueSet","id":"s","url":"urn:set","status":"active",)"
            R"("compose":{{"include":[{{"system":"urn:s","concept":[{{"code":"{}"}}]}}]}}}})",
            code));
    ASSERT_LT(done.status, 300) << done.body;
  };
  EXPECT_EQ(server.get("/fhir/Patient?identifier:in=urn:set").refusal(), "400 value");
  put_set("1");
  EXPECT_EQ(ids(server.get("/fhir/Patient?identifier:in=urn:set").json()), "a ");
  EXPECT_EQ(ids(server.get("/fhir/Patient?identifier:not-in=urn:set").json()), "");
  put_set("2");
  EXPECT_EQ(ids(server.get("/fhir/Patient?identifier:in=ValueSet/s").json()), "");
  EXPECT_EQ(ids(server.get("/fhir/Patient?identifier:not-in=urn:set").json()), "a ");
  EXPECT_EQ(server.get("/fhir/Patient?gender:below=http://snomed.info/sct|1").refusal(),
            "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient?identifier:above=1").refusal(), "400 value");
}

}  // namespace
}  // namespace holdfast::api
