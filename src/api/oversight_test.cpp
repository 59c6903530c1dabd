// $oversight: nothing lies where nobody looks
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using Lines = std::vector<std::string>;

TEST(Oversight, SeesEveryOwnerStateAndAge) {
  ItemServer server;
  server.refer("r1");
  server.advance(seconds(86'400));
  server.refer("r2");
  server.write("ServiceRequest/x",
               R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"})");
  const auto get = [&](const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  };
  server.pass(30);
  const Document json = get("/fhir/$oversight");
  EXPECT_EQ(groups(json, "total", {"open", "overdue", "escalated", "owners"}), Lines{"3 3 3 2"});
  EXPECT_EQ(groups(json, "owner", {"owner", "name", "open", "overdue", "escalated", "gone"}),
            (Lines{"CareTeam/eyes Eye clinic 2 2 2 ", "team:request-desk request desk 1 1 1 "}));
  EXPECT_EQ(groups(json, "state", {"pathway", "state", "open", "title"}),
            (Lines{"referral received 2 Received, waiting for triage",
                   "unclassified received 1 Received, not classified"}));
  EXPECT_EQ(groups(json, "oldest", {"pathway", "opened", "open"}),
            (Lines{"referral 2026-01-01 1", "unclassified 2026-01-02 1"}));
  EXPECT_THAT(groups(json, "overseer", {"overseer", "open"}),
              testing::IsSupersetOf(Lines{"team:oversight 3", "team:referral-manager 2"}));
  // Its links lead to what it counts.
  std::string items = groups(json, "oldest", {"items"}).front().substr(21);
  EXPECT_EQ(get(items + "&_summary=count").at("total"), "1") << items;
  const std::string list = groups(json, "owner", {"work-list"}).front().substr(21);
  EXPECT_EQ(get(list).at("total"), "2") << list;
  EXPECT_EQ(server.get("/fhir/$oversight?x=1").refusal(), "400 not-supported");
}

TEST(Oversight, OfAnEmptyRecordIsEmpty) {
  Server server;
  const Answered answered = server.get("/fhir/$oversight");
  EXPECT_EQ(answered.status, 200) << answered.body;
  EXPECT_EQ(groups(answered.json(), "total", {"open", "owners"}), Lines{"0 0"});
}

}  // namespace
}  // namespace holdfast::api
