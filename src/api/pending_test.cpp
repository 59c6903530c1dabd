// What is pending at discharge: for a patient, a stay, and a whole work-list
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"
#include "base/sanitized.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using List = std::vector<std::string>;

class PendingTest : public testing::Test {
 protected:
  PendingTest() {
    stay("before", "finished", "2025-11-01T10:00:00Z", "2025-11-05T10:00:00Z");
    server.advance(seconds(3600));  // 01:00
    stay("now", "in-progress", "2026-01-01T00:30:00Z", "");
    server.refer("early");
    server.refer("other", "", "CareTeam/eyes", "p2");
    server.advance(seconds(3600));  // 02:00
  }
  void stay(const std::string& id, const std::string& status, const std::string& from,
            const std::string& until, const std::string& class_code = "IMP") {
    server.write("Encounter/" + id,
                 R"("status":")" + status + R"(","class":{"code":")" + class_code +
                     R"("},"subject":{"reference":"Patient/p1"},"period":{"start":")" + from +
                     "\"" + (until.empty() ? "" : R"(,"end":")" + until + "\"") + "}");
  }
  void discharge() {
    stay("now", "finished", "2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z");
    server.advance(seconds(60));
    server.refer("late");
  }
  Document list(const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  static List shown(const Document& bundle) {
    List all;
    for (std::size_t i = 1; i < bundle.size("entry"); ++i) {
      all.push_back(bundle.at(fmt::format("entry.{}.resource.focus.reference", i)));
    }
    std::ranges::sort(all);
    return all;
  }
  static std::string words(const Document& bundle) {
    return bundle.at("entry.0.resource.issue.0.details.text");
  }
  static std::string link(const Document& bundle, std::string_view relation) {
    for (std::size_t i = 0; i < bundle.size("link"); ++i) {
      if (bundle.at(fmt::format("link.{}.relation", i)) == relation) {
        return bundle.at(fmt::format("link.{}.url", i)).substr(21);  // behind http://localhost:8080
      }
    }
    return {};
  }
  /// What the header says of single items: the Tasks, in their order.
  static List named(const Document& bundle) {
    List all;
    const std::string at = "entry.0.resource.extension.0.extension";
    for (std::size_t i = 0; i < bundle.size(at); ++i) {
      if (bundle.at(fmt::format("{}.{}.url", at, i)) == "item") {
        all.push_back(bundle.at(fmt::format("{}.{}.extension.0.valueReference.reference", at, i)));
      }
    }
    return all;
  }
  static List tasks(const Document& bundle) {
    List all;
    for (std::size_t i = 1; i < bundle.size("entry"); ++i) {
      all.push_back("Task/" + bundle.at(fmt::format("entry.{}.resource.id", i)));
    }
    return all;
  }
  ItemServer server;
};

TEST_F(PendingTest, OfAPatientIsWhatWasOpenBeforeTheDischarge) {
  EXPECT_EQ(shown(list("/fhir/Patient/p1/$pending")), List{}) << "opened behind the stay before";
  discharge();
  const Document after = list("/fhir/Patient/p1/$pending");
  EXPECT_EQ(shown(after), (List{"Encounter/before", "ServiceRequest/early"}))
      << "the letter of the stay before is owed still";
  EXPECT_EQ(after.at("total"), "2");
  EXPECT_THAT(words(after), HasSubstr("2 of 4 open items"));
  EXPECT_EQ(after.at("entry.2.resource.owner.reference"), "CareTeam/eyes");
  const std::string line = "entry.0.resource.extension.0.extension.4.extension";
  EXPECT_EQ(after.at(line + ".1.valueReference.reference"), "Encounter/now");
  EXPECT_EQ(after.at(line + ".2.valueBoolean"), "true");
  EXPECT_EQ(shown(list("/fhir/Patient/p2/$pending")), List{});
  EXPECT_THAT(words(list("/fhir/Patient/p2/$pending")), HasSubstr("has not been discharged"));
  EXPECT_EQ(server.get("/fhir/Patient/nobody/$pending").status, 404);
}

TEST_F(PendingTest, OfAStayThatGoesOnIsWhatWouldBe) {
  const Document would = list("/fhir/Encounter/now/$pending");
  EXPECT_EQ(shown(would), (List{"Encounter/before", "ServiceRequest/early"}));
  EXPECT_THAT(words(would), HasSubstr("has not ended. If it ended now, 2 open items"));
  EXPECT_EQ(shown(list("/fhir/Encounter/before/$pending")), List{});
  discharge();
  const Document ended = list("/fhir/Encounter/now/$pending");
  EXPECT_EQ(shown(ended), (List{"Encounter/before", "ServiceRequest/early"}))
      << "neither its letter nor what came later";
  EXPECT_THAT(words(ended), HasSubstr("ended at 2026-01-01T02:00:01"));
  stay("now", "entered-in-error", "2026-01-01T00:30:00Z", "2026-01-01T02:00:00Z");
  EXPECT_EQ(shown(list("/fhir/Encounter/now/$pending")), List{});
}

TEST_F(PendingTest, NarrowsAWorkListAndChangesNoCount) {
  const std::string eyes = "/fhir/Task/$work-list?owner=CareTeam/eyes";
  EXPECT_EQ(shown(list(eyes + "&pending-at-discharge=1")), List{});
  discharge();
  const Document bundle = list(eyes + "&pending-at-discharge=1");
  EXPECT_EQ(shown(bundle), (List{"ServiceRequest/early"}));
  EXPECT_THAT(words(bundle), HasSubstr("owns 3 open items"));
  EXPECT_THAT(words(bundle), HasSubstr("The filter hides 2 of them"));
  EXPECT_EQ(bundle.at("total"), "1");
}

TEST_F(PendingTest, PagesGoThroughAllOfItWhateverHappensBetweenThem) {
  for (int i = 0; i < 60; ++i) {
    server.refer(fmt::format("r{}", i), i % 7 == 0 ? R"(,"priority":"urgent")" : "");
  }
  discharge();
  for (const std::string of : {"Patient/p1", "Encounter/now"}) {
    const std::string address = "/fhir/" + of + "/$pending";
    const Document first = list(address);
    EXPECT_EQ(shown(first).size(), 50U) << "unless asked for";
    EXPECT_EQ(first.at("total"), "62");
    EXPECT_EQ(link(list(address + "?_count=62"), "next"), "");
    EXPECT_EQ(shown(list(address + "?_count=1000")).size(), 62U);
    const Document none = list(address + "?_count=0");
    EXPECT_EQ(shown(none), List{});
    EXPECT_EQ(none.at("total"), "62");
    EXPECT_EQ(link(none, "next"), "");

    List all;
    for (std::string next = address + "?_count=25"; !next.empty();) {
      const Document page = list(next);
      EXPECT_EQ(page.at("total"), "62") << "of the whole list";
      EXPECT_THAT(words(page), HasSubstr("62 of 64 open items"));
      const List some = shown(page);
      EXPECT_EQ(named(page), tasks(page)) << "of the page";
      EXPECT_EQ(link(page, "self"), next);
      all.insert(all.end(), some.begin(), some.end());
      next = link(page, "next");
    }
    std::ranges::sort(all);
    EXPECT_EQ(all.size(), 62U);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    EXPECT_THAT(all, testing::Contains("ServiceRequest/r59"));
  }
  // The last that was shown closes: the next page is the same.
  const std::string address = "/fhir/Patient/p1/$pending?_count=25";
  const Document first = list(address);
  const List second = shown(list(link(first, "next")));
  const std::string last = first.at("entry.25.resource.id");
  ASSERT_EQ(server.act(last, "assign", {text_parameter("owner", "CareTeam/hearts")}).status, 200);
  ASSERT_EQ(
      server
          .act(last, "close",
               {text_parameter("act", "end"), R"("name":"reason","valueCoding":{"code":"34"})"})
          .status,
      200);
  EXPECT_EQ(shown(list(link(first, "next"))), second);
}

TEST_F(PendingTest, APageLinkIsOfOneListAlone) {
  server.refer("another");
  discharge();
  const std::string next = link(list("/fhir/Patient/p1/$pending?_count=1"), "next");
  const List rest = shown(list(next));
  ASSERT_EQ(rest.size(), 1U);
  const std::string token = next.substr(next.find("?_page="));
  EXPECT_EQ(server.get("/fhir/Patient/p2/$pending" + token).refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Encounter/now/$pending" + token).refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Task/$work-list" + token).refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Patient/p1/$pending?_page=forged").refusal(), "400 value");
  EXPECT_EQ(server.get(next + "&_count=2").refusal(), "400 not-supported");
  EXPECT_EQ(server.get("/fhir/Patient/p1/$pending?_count=many").refusal(), "400 value");
}

TEST_F(PendingTest, MoreThanCanBeLookedAtIsRefusedAndNotCutOff) {
  if (sanitized) {
    GTEST_SKIP() << "ten thousand items are for a build without sanitizers";
  }
  for (int of = 0; of < 33; ++of) {  // one is open already
    std::vector<std::string> entries;
    for (int i = 0; i < 303; ++i) {
      entries.push_back(fmt::format(
          R"({{"request":{{"method":"PUT","url":"ServiceRequest/m{0}"}},"resource":{{)"
          R"("resourceType":"ServiceRequest","id":"m{0}","status":"active","intent":"order",)"
          R"("subject":{{"reference":"Patient/p2"}}}}}})",
          of * 303 + i));
    }
    ASSERT_EQ(server.bundle("transaction", entries).status, 200);
  }
  EXPECT_EQ(server.get("/fhir/Patient/p2/$pending").status, 200) << "as many as that";
  server.refer("one-more", "", "CareTeam/eyes", "p2");
  const Answered refused = server.get("/fhir/Patient/p2/$pending");
  EXPECT_EQ(refused.refusal(), "403 too-costly");
  EXPECT_THAT(refused.body, HasSubstr("take them from the work-lists"));
}

TEST_F(PendingTest, AVisitIsNoStay) {
  stay("clinic", "finished", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "AMB");
  EXPECT_EQ(shown(list("/fhir/Patient/p1/$pending")), List{});
  stay("clinic", "finished", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "SS");
  EXPECT_THAT(shown(list("/fhir/Patient/p1/$pending")), testing::Contains("ServiceRequest/early"));
}

}  // namespace
}  // namespace holdfast::api
