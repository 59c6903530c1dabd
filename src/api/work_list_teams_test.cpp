// Task/$work-list of a person with the lists of their roles, teams and organisations
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;
using List = std::vector<std::string>;

constexpr const char* mine = "/fhir/Task/$work-list?owner=Practitioner/dr&teams=1";

List shown(const Document& bundle) {
  List all;
  for (std::size_t i = 1; i < bundle.size("entry"); ++i) {
    all.push_back(bundle.at(fmt::format("entry.{}.resource.focus.reference", i)).substr(15));
  }
  return all;
}
/// "CareTeam/eyes 2" of each list, and what all come to.
List by_list(const Document& bundle) {
  List all;
  const std::string at = "entry.0.resource.extension.0.extension";
  for (std::size_t i = 0; i < bundle.size(at); ++i) {
    const std::string one = fmt::format("{}.{}", at, i);
    if (bundle.at(one + ".url") == "list") {
      all.push_back(bundle.at(one + ".extension.0.valueString") + " " +
                    bundle.at(one + ".extension.1.valueUnsignedInt"));
    } else if (bundle.at(one + ".url") == "open") {
      all.push_back("open " + bundle.at(one + ".valueUnsignedInt"));
    }
  }
  return all;
}

class Teams : public testing::Test {
 protected:
  Teams() {
    server.write("Practitioner/dr", R"("active":true)");
    server.write("Organization/trust", R"("active":true)");
    server.write("PractitionerRole/dr-eyes",
                 R"("active":true,"practitioner":{"reference":"Practitioner/dr"},)"
                 R"("organization":{"reference":"Organization/trust"})");
    server.write("PractitionerRole/other", R"("practitioner":{"reference":"Practitioner/di"})");
    team("eyes", "PractitionerRole/dr-eyes");
    team("hearts", "Practitioner/dr");
    team("night", "Practitioner/dr",
         R"(,"identifier":[{"system":"urn:holdfast:team","value":"referrals"}])");
    server.refer("own", "", "Practitioner/dr");
    server.advance(seconds(60));
    server.refer("role", "", "PractitionerRole/dr-eyes");
    server.refer("stat", R"(,"priority":"stat")", "CareTeam/eyes");
    server.refer("heart", "", "CareTeam/hearts");
    server.refer("trust", "", "Organization/trust");
    server.refer("named", "", "CareTeam/nobody");
    server.refer("theirs", "", "PractitionerRole/other");
  }
  void team(const std::string& id, std::string_view member, std::string_view more = "") {
    server.write("CareTeam/" + id, fmt::format(R"("status":"active","name":"{}","participant":[)"
                                               R"({{"member":{{"reference":"{}"}}}}]{})",
                                               id, member, more));
  }
  Document list(const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  ItemServer server;
};

TEST_F(Teams, OneListInOneOrderAndEachCounted) {
  const Document bundle = list(mine);
  EXPECT_EQ(shown(bundle).front(), "stat");
  List all = shown(bundle);
  std::ranges::sort(all);
  EXPECT_EQ(all, (List{"heart", "named", "own", "role", "stat", "trust"}));
  EXPECT_EQ(shown(bundle)[1], "own") << "due before those of a minute later";
  EXPECT_EQ(by_list(bundle), (List{"open 6", "Practitioner/dr 1", "PractitionerRole/dr-eyes 1",
                                   "Organization/trust 1", "CareTeam/hearts 1", "CareTeam/night 0",
                                   "team:referrals 1", "CareTeam/eyes 1"}));
  EXPECT_THAT(bundle.at("entry.0.resource.issue.0.details.text"),
              HasSubstr("Practitioner/dr, with 6 more lists, owns 6 open items"));
  EXPECT_EQ(bundle.at("total"), "6");
  EXPECT_EQ(by_list(list("/fhir/Task/$work-list?owner=Practitioner/dr")), (List{"open 1"}));
}

TEST_F(Teams, PagesGoOnOverAllListsAndMissNothing) {
  const List whole = shown(list(mine));
  List all;
  std::string next = std::string(mine) + "&_count=2";
  for (int page = 0; page < 5 && !next.empty(); ++page) {
    const Document bundle = list(next);
    for (std::string& one : shown(bundle)) {
      all.push_back(std::move(one));
    }
    next.clear();
    for (std::size_t i = 0; i < bundle.size("link"); ++i) {
      if (bundle.at(fmt::format("link.{}.relation", i)) == "next") {
        next = bundle.at(fmt::format("link.{}.url", i)).substr(21);
      }
    }
  }
  EXPECT_EQ(all, whole);
}

TEST_F(Teams, WhatIsSeenByTwoTeamsComesOnce) {
  const std::string id = server.item_about("ServiceRequest/theirs");
  server.pass(30);  // their manager and oversight see all that is late
  team("night", "Practitioner/dr",
       R"(,"identifier":[{"system":"urn:holdfast:team","value":"oversight"},)"
       R"({"system":"urn:holdfast:team","value":"referral-manager"}])");
  EXPECT_EQ(server.item(id).overseers.size(), 2U);
  const Document bundle = list(std::string(mine) + "&overseer=1");
  List all = shown(bundle);
  EXPECT_EQ(all.size(), 7U);
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  EXPECT_EQ(by_list(bundle).front(), "open 7");
}

TEST_F(Teams, WhoeverIsInItNoLongerDoesNotSeeIt) {
  server.write("CareTeam/hearts",
               R"("status":"active","participant":[{"member":{"reference":"Practitioner/dr"},)"
               R"("period":{"end":"2025-12-01"}}])");
  server.write(
      "CareTeam/night",
      R"("status":"suspended","participant":[{"member":{"reference":"Practitioner/dr"}}])");
  server.write("PractitionerRole/dr-eyes",
               R"("active":false,"practitioner":{"reference":"Practitioner/dr"})");
  EXPECT_EQ(by_list(list(mine)), (List{"open 1", "Practitioner/dr 1"}));
}

TEST_F(Teams, IsForAPerson) {
  EXPECT_EQ(server.get("/fhir/Task/$work-list?owner=CareTeam/eyes&teams=1").status, 400);
  EXPECT_EQ(server.get("/fhir/Task/$work-list?owner=Practitioner/dr&teams=yes").status, 400);
  EXPECT_EQ(
      by_list(list("/fhir/Task/$work-list?owner=PractitionerRole/dr-eyes&teams=1")),
      (List{"open 3", "PractitionerRole/dr-eyes 1", "Organization/trust 1", "CareTeam/eyes 1"}));
}

}  // namespace
}  // namespace holdfast::api
