#include "day/compare.h"

#include <gtest/gtest.h>

namespace holdfast::day {
namespace {

Board board_with_one() {
  Board board;
  board.apply(Opens{{{"D7-O1", "diagnostic-order"},
                     "Full blood count for Ada Cole",
                     "D7-P1",
                     "result",
                     "Practitioner/d7-dr1"}});
  return board;
}

Found right() {
  Found found;
  found.id = "t1";
  found.key = {"D7-O1", "diagnostic-order"};
  found.patient = "D7-P1";
  found.state = "result";
  found.owner = "Practitioner/d7-dr1";
  found.lists = {found.owner};
  return found;
}

/// The only difference.
std::string difference(const std::vector<Found>& found) {
  const Comparison compared = compare(board_with_one(), found);
  EXPECT_EQ(compared.differences.size(), 1U);
  return compared.differences.empty() ? std::string() : compared.differences.front();
}

TEST(Compare, WhatIsAsItMustBeHasNoDifference) {
  const Comparison compared = compare(board_with_one(), {right()});
  EXPECT_TRUE(compared.as_expected());
  EXPECT_EQ(compared.pathways.at("diagnostic-order").open, 1U);
  EXPECT_EQ(compared.owners.at("Practitioner/d7-dr1"), 1U);
}

TEST(Compare, WhatIsLostIsNamedWithWhatWasExpected) {
  EXPECT_EQ(
      difference({}),
      "Full blood count for Ada Cole (D7-O1, diagnostic-order): expected open in 'result' with "
      "Practitioner/d7-dr1, found nothing");
}

TEST(Compare, WhatIsLessUrgentThanItMustBeIsNamed) {
  Board board = board_with_one();
  board.apply(Becomes{{"D7-O1", "diagnostic-order"}, "result", "stat"});
  Found urgent = right();
  urgent.priority = "urgent";
  const Comparison compared = compare(board, {urgent});
  ASSERT_EQ(compared.differences.size(), 1U);
  EXPECT_TRUE(compared.differences.front().ends_with("(Task/t1), urgent instead of stat"))
      << compared.differences.front();
  urgent.priority = "stat";
  EXPECT_TRUE(compare(board, {urgent}).as_expected());
}

TEST(Compare, WhatIsOpenTwiceIsNamed) {
  EXPECT_NE(difference({right(), right()}).find("found 2 items"), std::string::npos);
}

TEST(Compare, WhatWasClosedBehindItsBackIsNamed) {
  Found found = right();
  found.state = "acknowledged";
  found.open = false;
  EXPECT_NE(difference({found}).find("found closed as 'acknowledged' (Task/t1)"),
            std::string::npos);
}

TEST(Compare, AnotherOwnerOrNoneIsNamed) {
  Found found = right();
  found.owner = "team:oversight";
  EXPECT_NE(difference({found}).find("found open in 'result' with team:oversight"),
            std::string::npos);
  found.owner = "";
  EXPECT_NE(difference({found}).find("with nobody"), std::string::npos);
}

TEST(Compare, AnotherPatientIsNamed) {
  Found found = right();
  found.patient = "D7-P2";
  EXPECT_NE(difference({found}).find("of patient D7-P2 instead of D7-P1"), std::string::npos);
}

TEST(Compare, AnOpenItemIsOnItsOwnersWorkListAndOnNoOther) {
  Found found = right();
  found.lists = {};
  EXPECT_NE(difference({found}).find("on no work-list"), std::string::npos);
  found.lists = {"Practitioner/d7-dr1", "team:results"};
  EXPECT_NE(difference({found}).find("on the work-list of Practitioner/d7-dr1 and team:results"),
            std::string::npos);
}

TEST(Compare, WhatIsOpenAndShouldNotBeIsNamedWhatIsClosedIsNot) {
  Found extra = right();
  extra.key = {"X1", "referral"};
  const Comparison open = compare(board_with_one(), {right(), extra});
  ASSERT_EQ(open.differences.size(), 1U);
  EXPECT_NE(open.differences.front().find("referral of patient D7-P1 (X1): expected nothing"),
            std::string::npos);
  extra.open = false;
  EXPECT_TRUE(compare(board_with_one(), {right(), extra}).as_expected());
}

TEST(Compare, WhoeverIsConfiguredIsTakenWhereNobodyIsNamed) {
  Board board;
  board.apply(Opens{{{"D7-P1", "order-request"}, "request to cancel", "D7-P1", "open", ""}});
  Found found = right();
  found.key = {"D7-P1", "order-request"};
  found.state = "open";
  found.lists = {};
  EXPECT_TRUE(compare(board, {found}).as_expected());
}

}  // namespace
}  // namespace holdfast::day
