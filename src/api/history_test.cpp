// History of one resource, of a type, of everything
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

std::string patient(int number, std::string_view id = "p1") {
  return fmt::format(R"({{"resourceType":"Patient","id":"{}","multipleBirthInteger":{}}})", id,
                     number);
}

std::string observation(std::string_view id) {
  return fmt::format(
      R"({{"resourceType":"Observation","id":"{}","status":"final","code":{{"text":"x"}}}})", id);
}

/// "Patient/p1:2" of each entry, as its etag and fullUrl say.
std::string versions(const Document& json) {
  std::string all;
  for (std::size_t i = 0; i < json.size("entry"); ++i) {
    const std::string url = json.at(fmt::format("entry.{}.fullUrl", i));
    const std::string tag = json.at(fmt::format("entry.{}.response.etag", i));
    all += url.substr(url.find("/fhir/") + 6) + ":" + tag.substr(3, tag.size() - 4) + " ";
  }
  return all;
}

std::string link(const Document& json, std::string_view relation) {
  for (std::size_t i = 0; i < json.size("link"); ++i) {
    if (json.at(fmt::format("link.{}.relation", i)) == relation) {
      const std::string url = json.at(fmt::format("link.{}.url", i));
      return url.substr(url.find("/fhir/"));
    }
  }
  return "";
}

TEST(History, ListsEveryVersionNewestFirst) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(2)).status, 200);
  ASSERT_EQ(server.remove("/fhir/Patient/p1").status, 204);
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(4)).status, 201);
  const Answered history = server.get("/fhir/Patient/p1/_history");
  ASSERT_EQ(history.status, 200) << history.body;
  const Document json = history.json();
  EXPECT_EQ(json.at("type"), "history");
  EXPECT_EQ(json.at("total"), "4");
  ASSERT_EQ(json.size("entry"), 4U);
  EXPECT_EQ(json.at("entry.0.resource.multipleBirthInteger"), "4");
  EXPECT_EQ(json.at("entry.0.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.0.fullUrl"), "http://localhost:8080/fhir/Patient/p1");
  EXPECT_FALSE(json.has("entry.1.resource"));
  EXPECT_EQ(json.at("entry.1.request.method"), "DELETE");
  EXPECT_EQ(json.at("entry.1.response.status"), "204 No Content");
  EXPECT_EQ(json.at("entry.1.response.etag"), "W/\"3\"");
  EXPECT_EQ(json.at("entry.2.response.status"), "200 OK");
  EXPECT_EQ(json.at("entry.2.request.url"), "Patient/p1");
  EXPECT_EQ(json.at("entry.3.resource.multipleBirthInteger"), "1");
  EXPECT_EQ(json.at("entry.3.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.3.response.lastModified"), json.at("entry.3.resource.meta.lastUpdated"));
}

TEST(History, NamesTheRequestThatMadeEachVersion) {
  Server server;
  const Answered created = server.post("/fhir/Patient", R"({"resourceType":"Patient"})");
  ASSERT_EQ(created.status, 201);
  const std::string id = created.json().at("id");
  ASSERT_EQ(server.put("/fhir/Patient/" + id, patient(1, id)).status, 200);
  const Document json = server.get("/fhir/Patient/" + id + "/_history").json();
  EXPECT_EQ(json.at("entry.1.request.method"), "POST");
  EXPECT_EQ(json.at("entry.1.request.url"), "Patient");
  EXPECT_EQ(json.at("entry.1.response.status"), "201 Created");
  EXPECT_EQ(json.at("entry.0.request.method"), "PUT");
  EXPECT_EQ(json.at("entry.0.request.url"), "Patient/" + id);
}

TEST(History, OfATypeAndOfEverythingIsInTheOrderOfTheJournal) {
  Server server;
  server.put("/fhir/Patient/a", patient(1, "a"));
  server.put("/fhir/Observation/o", observation("o"));
  server.put("/fhir/Patient/b", patient(2, "b"));
  server.put("/fhir/Patient/a", patient(3, "a"));
  server.remove("/fhir/Patient/b");
  const Document patients = server.get("/fhir/Patient/_history").json();
  EXPECT_EQ(versions(patients), "Patient/b:2 Patient/a:2 Patient/b:1 Patient/a:1 ");
  EXPECT_EQ(patients.at("total"), "4");
  const Document all = server.get("/fhir/_history").json();
  EXPECT_EQ(versions(all), "Patient/b:2 Patient/a:2 Patient/b:1 Observation/o:1 Patient/a:1 ");
  EXPECT_EQ(all.at("total"), "5");
  EXPECT_EQ(versions(server.get("/fhir/Patient/_history?_sort=_lastUpdated").json()),
            "Patient/a:1 Patient/b:1 Patient/a:2 Patient/b:2 ");
  const Document none = server.get("/fhir/Practitioner/_history").json();
  EXPECT_EQ(none.at("total"), "0");
  EXPECT_FALSE(none.has("entry"));
}

TEST(History, PagesShowTheMomentOfTheFirstWhateverIsWrittenBetweenThem) {
  for (const std::string address :
       {"/fhir/Patient/p1/_history?_count=3", "/fhir/Patient/_history?_count=2",
        "/fhir/_history?_count=4", "/fhir/_history?_count=1&_sort=_lastUpdated"}) {
    Server server;
    for (int i = 1; i <= 7; ++i) {
      server.put("/fhir/Patient/p1", patient(i));
    }
    std::string url = address;
    std::string seen;
    for (int pages = 0; !url.empty() && pages < 10; ++pages) {
      const Document json = server.get(url).json();
      EXPECT_EQ(json.at("total"), "7") << url;
      for (std::size_t i = 0; i < json.size("entry"); ++i) {
        seen += json.at(fmt::format("entry.{}.resource.multipleBirthInteger", i));
      }
      url = link(json, "next");
      server.put("/fhir/Patient/p1", patient(100 + pages));
      server.advance(seconds(3600));
    }
    EXPECT_EQ(seen, address.ends_with("=_lastUpdated") ? "1234567" : "7654321") << address;
  }
}

TEST(History, SinceAndAtAreExactToTheMillisecond) {
  Server server;  // 2026-01-01T00:00:00Z
  server.put("/fhir/Patient/a", patient(1, "a"));
  server.put("/fhir/Patient/b", patient(1, "b"));
  server.advance(seconds(10));
  server.put("/fhir/Patient/a", patient(2, "a"));
  server.advance(seconds(10));
  server.remove("/fhir/Patient/b");
  const Document newest = server.get("/fhir/_history").json();
  const auto made = [&](int entry) {
    return newest.at(fmt::format("entry.{}.response.lastModified", entry));
  };
  ASSERT_EQ(versions(newest), "Patient/b:2 Patient/a:2 Patient/b:1 Patient/a:1 ");
  const auto asked = [&](const std::string& scope, const std::string& query) {
    return versions(server.get("/fhir/" + scope + "_history?" + query).json());
  };
  EXPECT_EQ(asked("", "_since=" + made(1)), "Patient/b:2 Patient/a:2 ");
  EXPECT_EQ(asked("Patient/a/", "_since=" + made(1)), "Patient/a:2 ");
  EXPECT_EQ(asked("Patient/", "_since=" + made(0)), "Patient/b:2 ");
  EXPECT_EQ(asked("Patient/", "_since=2027"), "");
  // At the very millisecond of a's second version its first is over, and b's first is current.
  EXPECT_EQ(asked("", "_at=" + made(1)), "Patient/a:2 Patient/b:1 ");
  EXPECT_EQ(asked("Patient/", "_at=" + made(1)), "Patient/a:2 Patient/b:1 ");
  EXPECT_EQ(asked("Patient/a/", "_at=" + made(1)), "Patient/a:2 ");
  EXPECT_EQ(asked("", "_at=2026-01-01T00:00:05Z"), "Patient/b:1 Patient/a:1 ");
  EXPECT_EQ(asked("", "_at=2026-01-01T00:00:15Z"), "Patient/a:2 Patient/b:1 ");
  EXPECT_EQ(asked("", "_at=2026-01-01"), "Patient/b:2 Patient/a:2 Patient/b:1 Patient/a:1 ");
  EXPECT_EQ(asked("", "_at=2025"), "");
  EXPECT_EQ(asked("", "_at=2027"), "Patient/b:2 Patient/a:2 ");
  EXPECT_EQ(server.get("/fhir/_history?_summary=count&_at=2027").json().at("total"), "2");
  // Page by page the same.
  std::string url = "/fhir/_history?_count=1&_at=2026-01-01T00:00:15Z";
  std::string seen;
  while (!url.empty()) {
    const Document json = server.get(url).json();
    seen += versions(json);
    url = link(json, "next");
  }
  EXPECT_EQ(seen, "Patient/a:2 Patient/b:1 ");
}

// Looking for what was current then must not keep others waiting: a page may end before it is full.
TEST(History, WithAtPagesOnThroughManyThatWereNotCurrent) {
  Server server;
  server.put("/fhir/Patient/a", patient(1, "a"));
  server.put("/fhir/Patient/b", patient(0, "b"));
  for (int i = 0; i < 2100; ++i) {
    server.put("/fhir/Patient/b", patient(i, "b"));
  }
  server.advance(seconds(10));
  std::string url = "/fhir/Patient/_history?_at=2026-01-01T00:00:09Z";
  std::string seen;
  std::size_t pages = 0;
  for (; !url.empty(); ++pages) {
    const Document json = server.get(url).json();
    seen += versions(json);
    url = link(json, "next");
  }
  EXPECT_EQ(seen, "Patient/b:2101 Patient/a:1 ");
  EXPECT_EQ(pages, 2U);
  EXPECT_EQ(server.get("/fhir/Patient/_history?_count=0&_at=2026-01-01T00:00:09Z").refusal(),
            "403 too-costly");
}

TEST(History, CountsWithoutShowing) {
  Server server;
  server.put("/fhir/Patient/p1", patient(1));
  server.put("/fhir/Patient/p1", patient(2));
  for (const char* query : {"_count=0", "_summary=count"}) {
    const Document json = server.get(fmt::format("/fhir/Patient/_history?{}", query)).json();
    EXPECT_EQ(json.at("total"), "2") << query;
    EXPECT_FALSE(json.has("entry"));
    EXPECT_EQ(link(json, "next"), "");
  }
}

TEST(History, ShowsTheAskedPartOfEachVersion) {
  Server server;
  server.put("/fhir/Patient/p1", patient(1));
  const Document json = server.get("/fhir/Patient/_history?_elements=gender").json();
  EXPECT_FALSE(json.has("entry.0.resource.multipleBirthInteger"));
  EXPECT_EQ(json.at("entry.0.resource.meta.tag.0.code"), "SUBSETTED");
  EXPECT_EQ(json.at("entry.0.response.etag"), "W/\"1\"");
}

TEST(History, RefusesForgedLinksAndThoseOfOtherAddresses) {
  Server server;
  for (int i = 1; i <= 3; ++i) {
    server.put("/fhir/Patient/p1", patient(i));
  }
  const std::string next = link(server.get("/fhir/Patient/_history?_count=1").json(), "next");
  ASSERT_EQ(server.get(next).status, 200);
  const std::size_t token = next.find("_page=") + 6;
  for (std::size_t at = token; at < next.size(); at += 5) {
    std::string forged = next;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(server.get(forged).refusal(), "400 value") << at;
  }
  EXPECT_EQ(server.get("/fhir/_history?" + next.substr(token - 6)).refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/p1/_history?" + next.substr(token - 6)).refusal(),
            "400 value");
  EXPECT_EQ(server.get(next + "&_count=2").refusal(), "400 not-supported");
  EXPECT_EQ(server.get(next + "&" + next.substr(token - 6)).refusal(), "400 value");
  const std::string search = link(server.get("/fhir/Patient?_count=1").json(), "next");
  EXPECT_EQ(search, "") << "one resource is one page";
}

TEST(History, RefusesWhatItDoesNotDo) {
  Server server;
  ASSERT_EQ(server.put("/fhir/Patient/p1", patient(1)).status, 201);
  const auto refused = [&](const std::string& query) {
    return server.get("/fhir/Patient/p1/_history?" + query).refusal();
  };
  EXPECT_EQ(refused("_since=yesterday"), "400 value");
  EXPECT_EQ(refused("_at=2026-02-30"), "400 value");
  EXPECT_EQ(refused("_count=x"), "400 value");
  EXPECT_EQ(refused("_sort=name"), "400 not-supported");
  EXPECT_EQ(refused("_list=1"), "400 not-supported");
  EXPECT_EQ(refused("_elements=colour"), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/absent/_history").refusal(), "404 not-found");
  EXPECT_EQ(server.get("/fhir/Pacient/_history").refusal(), "404 not-supported");
}

}  // namespace
}  // namespace holdfast::api
