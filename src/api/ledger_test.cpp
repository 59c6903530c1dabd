// $ledger: opened = closed + open
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {
namespace {

using Lines = std::vector<std::string>;
const std::vector<std::string_view> sums{"opened", "closed", "open", "reopened", "before"};

/// Two days with referrals and one order that no pathway knows; one referral closed and one opened
/// again.
class Ledger : public testing::Test {
 protected:
  Ledger() {
    close(server.refer("r1"));
    const std::string again = server.refer("r2");
    close(again);
    EXPECT_EQ(server.act(again, "reopen", {text_parameter("reason", "a mistake")}).status, 200);
    server.advance(seconds(86'400));
    server.refer("r3");
    server.write("ServiceRequest/x",
                 R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"})");
  }
  void close(const std::string& id) {
    const Answered done = server.act(
        id, "close",
        {text_parameter("act", "end"), R"("name":"reason","valueCoding":{"code":"34"})"});
    EXPECT_EQ(done.status, 200) << done.body;
  }
  Document get(const std::string& target) {
    const Answered answered = server.get(target);
    EXPECT_EQ(answered.status, 200) << answered.body;
    return answered.json();
  }
  ItemServer server;
};

TEST_F(Ledger, OpenedIsClosedAndOpenOfEachDay) {
  const Document json = get("/fhir/$ledger");
  EXPECT_EQ(values(json, "balanced", "valueBoolean"), "true ");
  EXPECT_EQ(
      groups(json, "row",
             {"pathway", "organisation", "day", "opened", "closed", "open", "reopened", "before"}),
      (Lines{"referral local 2026-01-01 2 1 1 1 0", "referral local 2026-01-02 1 0 1 0 0",
             "unclassified local 2026-01-02 1 0 1 0 0"}));
  EXPECT_EQ(groups(json, "total", sums), Lines{"4 1 3 1 0"});
  EXPECT_EQ(groups(json, "pathway", {"name", "opened", "open"}),
            (Lines{"referral 3 2", "unclassified 1 1"}));
  EXPECT_EQ(values(json, "open-by-owner", "valueUnsignedInt"), "3 ");
}

TEST_F(Ledger, IsNarrowedAndPaged) {
  EXPECT_EQ(groups(get("/fhir/$ledger?pathway=referral&from=2026-01-02"), "total", sums),
            Lines{"1 0 1 0 0"});
  EXPECT_EQ(groups(get("/fhir/$ledger?to=2026-01-01"), "row", {"day"}), Lines{"2026-01-01"});
  EXPECT_EQ(groups(get("/fhir/$ledger?organisation=RXH"), "total", sums), Lines{"0 0 0 0 0"});
  EXPECT_EQ(server.get("/fhir/$ledger?from=yesterday").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/$ledger?from=2026-01-02&to=2026-01-01").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/$ledger?after=nowhere").refusal(), "400 value");
  EXPECT_EQ(server.get("/fhir/$ledger?day=1").refusal(), "400 not-supported");
  Lines days;
  std::string next = "/fhir/$ledger?_count=1&_format=json";
  for (int page = 0; !next.empty(); ++page) {
    ASSERT_LT(page, 3);
    const Document json = get(next);
    EXPECT_EQ(groups(json, "total", sums), Lines{"4 1 3 1 0"}) << "of all pages";
    const Lines rows = groups(json, "row", {"pathway", "day"});
    days.insert(days.end(), rows.begin(), rows.end());
    next = values(json, "next", "valueUri");
    if (!next.empty()) {
      next.pop_back();
      next = next.substr(21);
    }
  }
  EXPECT_EQ(days, (Lines{"referral 2026-01-01", "referral 2026-01-02", "unclassified 2026-01-02"}));
}

TEST(LedgerOfNothing, IsBalanced) {
  Server server;
  EXPECT_EQ(values(server.get("/fhir/$ledger").json(), "balanced", "valueBoolean"), "true ");
}

}  // namespace
}  // namespace holdfast::api
