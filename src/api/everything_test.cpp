// Everything of one patient, and nothing of another.
// https://hl7.org/fhir/R4/operation-patient-everything.html
#include <gtest/gtest.h>

#include <set>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string resource(std::string_view type, std::string_view id, std::string_view more = {}) {
  return fmt::format(R"({{"resourceType":"{}","id":"{}"{}{}}})", type, id, more.empty() ? "" : ",",
                     more);
}

std::string refers(std::string_view element, std::string_view to) {
  return fmt::format(R"("{}":{{"reference":"{}"}})", element, to);
}

std::string observation(std::string_view id, std::string_view patient, std::string_view more = {}) {
  return resource("Observation", id,
                  fmt::format(R"("status":"final","code":{{"text":"x"}},{}{}{})",
                              refers("subject", patient), more.empty() ? "" : ",", more));
}

void put(Server& server, std::string_view address, const std::string& body) {
  const Answered done = server.put(fmt::format("/fhir/{}", address), Bytes(body));
  ASSERT_TRUE(done.status == 201 || done.status == 200) << address << ": " << done.body;
}

/// "Type/id" of each entry, an included one with a plus.
std::vector<std::string> entries_of(const Document& bundle) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < bundle.size("entry"); ++i) {
    const auto at = [&](std::string_view path) {
      return bundle.at(fmt::format("entry.{}.{}", i, path));
    };
    names.push_back(fmt::format("{}/{}{}", at("resource.resourceType"), at("resource.id"),
                                at("search.mode") == "include" ? "+" : ""));
    EXPECT_EQ(at("fullUrl"), fmt::format("http://localhost:8080/fhir/{}/{}",
                                         at("resource.resourceType"), at("resource.id")));
  }
  return names;
}

using Names = std::vector<std::string>;

Names everything(Server& server, const std::string& address) {
  const Answered answered = server.get("/fhir/" + address);
  EXPECT_EQ(answered.status, 200) << answered.body;
  return entries_of(answered.json());
}

/// Two patients, who share a practitioner; what refers on and on; what refers across.
void fill(Server& server) {
  put(server, "Organization/top", resource("Organization", "top"));
  put(server, "Organization/ward",
      resource("Organization", "ward", refers("partOf", "Organization/top")));
  put(server, "Practitioner/dr", resource("Practitioner", "dr"));
  put(server, "Practitioner/idle", resource("Practitioner", "idle"));
  put(server, "Location/bed",
      resource("Location", "bed", refers("managingOrganization", "Organization/ward")));
  put(server, "Patient/a",
      resource("Patient", "a", R"("generalPractitioner":[{"reference":"Practitioner/dr"}])"));
  put(server, "Patient/b",
      resource("Patient", "b", R"("generalPractitioner":[{"reference":"Practitioner/dr"}])"));
  put(server, "Encounter/e",
      resource(
          "Encounter", "e",
          R"("status":"finished","class":{"code":"AMB"},"period":{"start":"2020-01-01","end":"2020-02-01"},)" +
              refers("subject", "Patient/a") +
              R"(,"location":[{"location":{"reference":"Location/bed"}}],)"
              R"("diagnosis":[{"condition":{"reference":"Condition/c"}},{"condition":{"reference":"Condition/other"}}])"));
  put(server, "Condition/c", resource("Condition", "c", refers("subject", "Patient/a")));
  put(server, "Condition/other", resource("Condition", "other", refers("subject", "Patient/b")));
  put(server, "Observation/1",
      observation("1", "Patient/a",
                  R"("effectiveDateTime":"2020-01-15",)" + refers("encounter", "Encounter/e")));
  put(server, "Observation/2",
      observation("2", "Patient/a",
                  R"("effectiveDateTime":"2021-06-01","focus":[{"reference":"Patient/b"}])"));
  put(server, "Observation/3", observation("3", "Patient/b", refers("device", "Device/d")));
}

TEST(Everything, OfAPatientIsTheCompartmentAndWhatItRefersToOnce) {
  Server server;
  fill(server);
  const Answered answered = server.get("/fhir/Patient/a/$everything");
  EXPECT_EQ(entries_of(answered.json()),
            (Names{"Patient/a", "Encounter/e", "Condition/c", "Observation/1", "Observation/2",
                   "Organization/top+", "Organization/ward+", "Practitioner/dr+", "Location/bed+"}))
      << "and nothing of Patient/b, to whom Observation/2 and the encounter refer";
  EXPECT_EQ(answered.json().at("total"), "5");
  EXPECT_EQ(answered.json().at("link.0.url"), "http://localhost:8080/fhir/Patient/a/$everything");
  EXPECT_FALSE(answered.json().has("link.1"));
  EXPECT_EQ(everything(server, "Patient/b/$everything"),
            (Names{"Patient/b", "Condition/other", "Observation/3", "Practitioner/dr+"}));
  // The patient comes first however often it was changed.
  put(server, "Patient/a", resource("Patient", "a", R"("active":true)"));
  EXPECT_EQ(everything(server, "Patient/a/$everything").front(), "Patient/a");
}

// The first time from the store, then from what was kept of it.
TEST(Everything, IsTheSameBytesEachTimeItIsRead) {
  Server server;
  fill(server);
  for (const std::string target :
       {"/fhir/Patient/a/$everything", "/fhir/Patient/a/$everything?_count=3",
        "/fhir/Encounter/e/$everything", "/fhir/Patient/$everything", "/fhir/Patient/a"}) {
    const Answered first = server.get(target);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(server.get(target).body, first.body) << target;
    EXPECT_GT(server.node().bodies().bytes(), 0U);
  }
  put(server, "Patient/a", resource("Patient", "a", R"("active":true)"));
  EXPECT_EQ(server.get("/fhir/Patient/a").json().at("active"), "true");
  EXPECT_EQ(server.get("/fhir/Patient/a/$everything").json().at("entry.0.resource.active"), "true");
}

TEST(Everything, ChoosesByTypeTimeAndDateOfCare) {
  Server server;
  fill(server);
  EXPECT_EQ(
      everything(server, "Patient/a/$everything?_type=Observation,Practitioner&_type=Location"),
      (Names{"Observation/1", "Observation/2", "Practitioner/dr+", "Location/bed+"}));
  EXPECT_EQ(
      everything(
          server,
          "Patient/a/$everything?start=2020-02-02&_type=Patient,Encounter,Condition,Observation"),
      (Names{"Patient/a", "Condition/c", "Observation/2"}))
      << "what has no date of care belongs to the patient at any time";
  EXPECT_EQ(
      everything(
          server,
          "Patient/a/$everything?start=2020-01-20&end=2020-12-31&_type=Encounter,Observation"),
      (Names{"Encounter/e"}));
  EXPECT_EQ(everything(server, "Patient/a/$everything?end=2019-12-31T00:00:00%2B01:00"),
            (Names{"Patient/a", "Condition/c", "Practitioner/dr+"}))
      << "what is not shown refers to nothing";
  server.advance(seconds(10));
  put(server, "Observation/4", observation("4", "Patient/a"));
  EXPECT_EQ(everything(server, "Patient/a/$everything?_since=2026-01-01T00:00:05Z"),
            (Names{"Observation/4"}));
  const Answered posted = server.post(
      "/fhir/Patient/a/$everything",
      R"({"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Observation"},)"
      R"({"name":"end","valueDate":"2020-12-31"}]})");
  EXPECT_EQ(entries_of(posted.json()), (Names{"Observation/1", "Observation/4"}));
  EXPECT_EQ(server.post("/fhir/Patient/a/$everything", "").status, 200);
  EXPECT_EQ(
      server.get("/fhir/Patient/a/$everything?_type=Practitioner&_since=2030").json().size("entry"),
      0U);
}

TEST(Everything, OfAnEncounterStaysWithItsPatient) {
  Server server;
  fill(server);
  EXPECT_EQ(everything(server, "Encounter/e/$everything"),
            (Names{"Encounter/e", "Observation/1", "Organization/top+", "Organization/ward+",
                   "Location/bed+", "Patient/a+", "Condition/c+"}))
      << "not Condition/other, which is Patient/b's";
  EXPECT_EQ(server.get("/fhir/Encounter/e/$everything?start=2020").refusal(), "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Encounter/none/$everything").refusal(), "404 not-found");
}

TEST(Everything, PagesShowOneMomentEachResourceOnce) {
  Server server;
  fill(server);
  for (const int count : {1, 2, 3, 4, 5, 8, 9, 10}) {
    const Names whole = everything(server, "Patient/a/$everything");
    Names paged;
    std::string next = fmt::format("/fhir/Patient/a/$everything?_count={}", count);
    for (int page = 0; !next.empty(); ++page) {
      const Document bundle = server.get(next).json();
      EXPECT_GT(bundle.size("entry"), 0U);
      EXPECT_LE(bundle.size("entry"), static_cast<std::size_t>(count));
      EXPECT_EQ(bundle.at("total"), "5");
      for (const std::string& name : entries_of(bundle)) {
        paged.push_back(name);
      }
      const std::string url = bundle.at("link.1.url");
      next = url.empty() ? "" : url.substr(url.find("/fhir/"));
      // What happens between pages is not seen.
      put(server, "Observation/1", observation("1", page % 2 == 0 ? "Patient/b" : "Patient/a"));
      put(server, "Practitioner/dr", resource("Practitioner", "dr", R"("active":true)"));
    }
    EXPECT_EQ(paged, whole) << count;
    put(server, "Observation/1",
        observation("1", "Patient/a",
                    R"("effectiveDateTime":"2020-01-15",)" + refers("encounter", "Encounter/e")));
  }
}

TEST(Everything, OfAllPatientsComesOneAfterTheOther) {
  Server server;
  fill(server);
  EXPECT_EQ(everything(server, "Patient/$everything"),
            (Names{"Patient/a", "Encounter/e", "Condition/c", "Observation/1", "Observation/2",
                   "Organization/top+", "Organization/ward+", "Practitioner/dr+", "Location/bed+",
                   "Patient/b", "Condition/other", "Observation/3"}))
      << "the practitioner of both once on the page";
  std::set<std::string> paged;
  std::string next = "/fhir/Patient/$everything?_count=5";
  while (!next.empty()) {
    const Document bundle = server.get(next).json();
    for (const std::string& name : entries_of(bundle)) {
      paged.insert(name);
    }
    const std::string url = bundle.at("link.1.url");
    next = url.empty() ? "" : url.substr(url.find("/fhir/"));
  }
  EXPECT_EQ(paged.size(), 12U);
}

TEST(Everything, OfAllPatientsEndsAPageThatFindsNothing) {
  Server server;
  constexpr int patients = 10'002;
  std::vector<std::string> entries;
  for (int i = 0; i < patients; ++i) {
    entries.emplace_back(
        R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})");
  }
  ASSERT_EQ(server.bundle("transaction", entries).status, 200);
  server.advance(seconds(10));
  put(server, "Patient/late", resource("Patient", "late"));
  const Document first = server.get("/fhir/Patient/$everything?_since=2026-01-01T00:00:05Z").json();
  EXPECT_EQ(first.size("entry"), 0U) << "it has looked at 10,001 and found none yet";
  const std::string url = first.at("link.1.url");
  ASSERT_NE(url, "");
  const Document second = server.get(url.substr(url.find("/fhir/"))).json();
  EXPECT_EQ(entries_of(second), (Names{"Patient/late"}));
  EXPECT_FALSE(second.has("link.1"));
}

TEST(Everything, RefusesWhatItDoesNotKnow) {
  Server server;
  fill(server);
  const auto refused = [&](const std::string& address) {
    return server.get("/fhir/" + address).refusal();
  };
  EXPECT_EQ(refused("Patient/none/$everything"), "404 not-found");
  EXPECT_EQ(refused("Patient/a/$everything?strat=2020"), "400 not-supported");
  EXPECT_EQ(refused("Patient/a/$everything?start=yesterday"), "400 value");
  EXPECT_EQ(refused("Patient/a/$everything?_since=x"), "400 value");
  EXPECT_EQ(refused("Patient/a/$everything?_type=Pacient"), "400 value");
  EXPECT_EQ(refused("Patient/a/$everything?_count=0"), "400 value");
  EXPECT_EQ(refused("Patient/a/$everything?_page=x"), "400 value");
  EXPECT_EQ(refused("Practitioner/dr/$everything"), "404 not-found");
  const std::string next =
      server.get("/fhir/Patient/a/$everything?_count=1").json().at("link.1.url");
  const std::string token = next.substr(next.find("?"));
  EXPECT_EQ(refused("Patient/b/$everything" + token), "400 value");
  EXPECT_EQ(refused("Patient" + token), "400 value") << "a link of $everything is none of a search";
  const std::string search = server.get("/fhir/Patient?_count=1").json().at("link.1.url");
  EXPECT_EQ(refused("Patient/$everything" + search.substr(search.find("?"))), "400 value");
  ASSERT_EQ(server.remove("/fhir/Patient/b").status, 204);
  EXPECT_EQ(refused("Patient/b/$everything"), "410 deleted");
  const Document batch =
      server
          .bundle("batch",
                  {R"({"request":{"method":"GET","url":"Patient/a/$everything?_count=2"}})"})
          .json();
  EXPECT_EQ(batch.size("entry.0.resource.entry"), 2U);
}

}  // namespace
}  // namespace holdfast::api
