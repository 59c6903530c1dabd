// Task/$work-list: order, counts that no filter changes, pages that go on
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"
#include "api/work_list_link.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

/// A number of the header; "" where it is not there. The header is the first entry.
std::string counted(const Document& bundle, std::string_view name) {
  const std::string at = "entry.0.resource.extension.0.extension";
  for (std::size_t i = 0; i < bundle.size(at); ++i) {
    if (bundle.at(fmt::format("{}.{}.url", at, i)) == name) {
      return bundle.at(fmt::format("{}.{}.valueUnsignedInt", at, i));
    }
  }
  return {};
}
std::string counts(const Document& bundle) {
  return fmt::format("{} {} {} {}", counted(bundle, "open"), counted(bundle, "overdue"),
                     counted(bundle, "escalated"), counted(bundle, "hidden"));
}
/// What the Tasks are about, in their order.
std::vector<std::string> shown(const Document& bundle) {
  std::vector<std::string> all;
  for (std::size_t i = 1; i < bundle.size("entry"); ++i) {
    EXPECT_EQ(bundle.at(fmt::format("entry.{}.search.mode", i)), "match");
    all.push_back(bundle.at(fmt::format("entry.{}.resource.focus.reference", i)).substr(15));
  }
  return all;
}
std::string link(const Document& bundle, std::string_view relation) {
  for (std::size_t i = 0; i < bundle.size("link"); ++i) {
    if (bundle.at(fmt::format("link.{}.relation", i)) == relation) {
      return bundle.at(fmt::format("link.{}.url", i)).substr(21);  // behind http://localhost:8080
    }
  }
  return {};
}

using List = std::vector<std::string>;
constexpr const char* eyes = "/fhir/Task/$work-list?owner=CareTeam/eyes";

class WorkList : public testing::Test {
 protected:
  WorkList() {
    server.refer("late");
    server.advance(seconds(3600));
    server.refer("urgent", R"(,"priority":"urgent")");
    server.refer("stat", R"(,"priority":"stat")");
    server.refer("later");
    server.refer("other", "", "CareTeam/hearts");
  }
  Document list(const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  ItemServer server;
};

TEST_F(WorkList, ShowsTheMostUrgentFirstAndCountsTheWholeList) {
  const Document bundle = list(eyes);
  EXPECT_EQ(shown(bundle), (List{"stat", "urgent", "late", "later"}));
  EXPECT_EQ(counts(bundle), "4 0 0 0");
  EXPECT_EQ(bundle.at("type"), "searchset");
  EXPECT_EQ(bundle.at("total"), "4");
  EXPECT_EQ(bundle.at("entry.0.search.mode"), "outcome");
  EXPECT_EQ(bundle.at("entry.0.resource.issue.0.details.text"),
            "CareTeam/eyes owns 4 open items: 0 overdue, 0 escalated.");
  EXPECT_THAT(bundle.at("entry.1.fullUrl"), HasSubstr("http://localhost:8080/fhir/Task/"));
  EXPECT_EQ(link(bundle, "self"), eyes);
  EXPECT_EQ(link(bundle, "next"), "");
}

TEST_F(WorkList, AFilterHidesWhatItSaysAndChangesNoCount) {
  ASSERT_EQ(server
                .act(server.item_about("ServiceRequest/late"), "advance",
                     {text_parameter("act", "accept")})
                .status,
            200);
  server.pass(20);
  const std::string whole = "4 4 4 ";
  EXPECT_EQ(counts(list(eyes)), whole + "0");
  const Document booking = list(std::string(eyes) + "&state=awaiting-booking");
  EXPECT_EQ(counts(booking), whole + "3");
  EXPECT_EQ(booking.at("total"), "1");
  EXPECT_EQ(shown(booking), List{"late"});
  EXPECT_THAT(booking.at("entry.0.resource.issue.0.details.text"),
              HasSubstr("The filter hides 3 of them."));
  const Document none = list(std::string(eyes) + "&pathway=procedure");
  EXPECT_EQ(counts(none), whole + "4");
  EXPECT_EQ(shown(none), List{});
  const Document both = list(std::string(eyes) + "&pathway=referral&state=received");
  EXPECT_EQ(counts(both), whole + "1");
  EXPECT_EQ(shown(both), (List{"stat", "urgent", "later"}));
  EXPECT_EQ(counts(list(std::string(eyes) + "&_count=0")), whole + "0");
}

TEST_F(WorkList, PagesGoOnBehindTheLastPlaceWhateverHappensBetweenThem) {
  for (const std::string& filter : {std::string(), std::string("&state=received")}) {
    List all;
    std::string next = std::string(eyes) + filter + "&_count=1";
    while (!next.empty()) {
      const Document bundle = list(next);
      const List page = shown(bundle);
      all.insert(all.end(), page.begin(), page.end());
      EXPECT_EQ(counts(bundle), "4 0 0 0");
      EXPECT_EQ(bundle.at("total"), "4");
      next = link(bundle, "next");
    }
    EXPECT_EQ(all, (List{"stat", "urgent", "late", "later"})) << filter;
  }
  const Document first = list(std::string(eyes) + "&_count=2");
  // The last that was shown goes; the next page is the same.
  ASSERT_EQ(server
                .act(server.item_about("ServiceRequest/urgent"), "assign",
                     {text_parameter("owner", "CareTeam/hearts")})
                .status,
            200);
  const Document second = list(link(first, "next"));
  EXPECT_EQ(shown(second), (List{"late", "later"}));
  EXPECT_EQ(counts(second), "3 0 0 0");
  EXPECT_EQ(server.get("/fhir/Task/$work-list?_page=forged").refusal(), "400 value");
  EXPECT_EQ(server.get(link(first, "next") + "&owner=CareTeam/hearts").refusal(),
            "400 not-supported");
}

TEST_F(WorkList, IsAlsoOfThoseWhoWereToldThatSomethingIsLate) {
  EXPECT_EQ(counts(list("/fhir/Task/$work-list?owner=team:oversight&overseer=1")), "0 0 0 0");
  server.pass(20);
  const Document bundle = list("/fhir/Task/$work-list?owner=team:oversight&overseer=1&_count=3");
  EXPECT_EQ(counts(bundle), "5 5 5 0");
  EXPECT_EQ(shown(bundle).size(), 3U);
  EXPECT_EQ(shown(list(link(bundle, "next"))).size(), 2U);
  EXPECT_THAT(bundle.at("entry.0.resource.issue.0.details.text"),
              HasSubstr("team:oversight oversees 5 open items"));
}

TEST_F(WorkList, OfNobodyIsNoListWithNothingToDo) {
  EXPECT_EQ(server.get("/fhir/Task/$work-list").refusal(), "400 required");
  EXPECT_EQ(server.get("/fhir/Task/$work-list?owner=eyes").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/Task/$work-list?owner=Patient/p1").refusal(), "400 value");
  EXPECT_EQ(server.get(std::string(eyes) + "&pathway=referal").refusal(), "400 value");
  EXPECT_EQ(server.get(std::string(eyes) + "&state=lost").refusal(), "400 value");
  EXPECT_EQ(server.get(std::string(eyes) + "&overseer=maybe").refusal(), "400 value");
  EXPECT_EQ(server.get(std::string(eyes) + "&_sort=due").refusal(), "400 not-supported");
  EXPECT_EQ(
      list("/fhir/Task/$work-list?owner=CareTeam/eys").at("entry.0.resource.issue.1.details.text"),
      "There is no CareTeam/eys.");
  EXPECT_THAT(list("/fhir/Task/$work-list?owner=team:pathologie")
                  .at("entry.0.resource.issue.1.details.text"),
              HasSubstr("is that its name?"));
  EXPECT_FALSE(list("/fhir/Task/$work-list?owner=team:referrals").has("entry.0.resource.issue.1"));
}

TEST_F(WorkList, IsAnEntryOfABatchAndXml) {
  const Answered batch = server.bundle(
      "batch", {R"({"request":{"method":"GET","url":"Task/$work-list?owner=CareTeam/eyes"}})"});
  EXPECT_EQ(batch.json().at("entry.0.resource.total"), "4") << batch.body;
  const Answered xml = server.get(std::string(eyes) + "&_count=1&_format=xml");
  EXPECT_EQ(xml.status, 200);
  EXPECT_THAT(xml.body, HasSubstr("<total value=\"4\"/>"));
  EXPECT_THAT(xml.body, HasSubstr("&amp;_format=xml"));
}

// The same items by search: R4 has no parameters for when they are due, and for overseers.
TEST_F(WorkList, IsSearchedForByDueTimeAndOverseer) {
  const auto found = [&](const std::string& query) {
    return list("/fhir/Task?_summary=count&" + query).at("total");
  };
  EXPECT_EQ(found("due=lt2026-01-06"), "1") << "stat: one working day, from the 2nd on";
  EXPECT_EQ(found("due=ge2026-01-06&due=lt2026-01-07"), "1");
  EXPECT_EQ(found("due=gt2026-01-07"), "3");
  EXPECT_EQ(found("due:missing=true"), "0");
  EXPECT_EQ(found("overseer:identifier=urn:holdfast:team|oversight"), "0");
  server.pass(20);
  EXPECT_EQ(found("overseer:identifier=urn:holdfast:team|oversight"), "5");
  EXPECT_EQ(found("overseer:identifier=urn:holdfast:team|referral-manager&owner=CareTeam/eyes"),
            "4");
  EXPECT_EQ(list("/fhir/Task?_sort=due&_count=1&owner=CareTeam/eyes")
                .at("entry.0.resource.focus.reference"),
            "ServiceRequest/stat");
  EXPECT_THAT(server.get("/fhir/metadata").body,
              HasSubstr("urn:holdfast:SearchParameter:Task-overseer"));
}

TEST(WorkListLink, IsWhatItWasAndNobodyElses) {
  WorkListLink link;
  link.list = views::List::overseen;
  link.owner = "team:oversight";
  link.state = "received";
  link.count = 7;
  link.after = views::Place{2, INT64_MAX, Time{-5}, "abc"};
  const std::string secret(32, 's');
  const auto again = open_work_list_link(seal(link, secret), secret);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, link);
  EXPECT_EQ(open_work_list_link(seal(link, secret), std::string(32, 't')).error().code,
            Code::value);
}

}  // namespace
}  // namespace holdfast::api
