#include "day/board.h"

#include <gtest/gtest.h>

#include "day/rules.h"

namespace holdfast::day {
namespace {

Duty order(std::string number, std::string patient, std::string owner) {
  return {{std::move(number), "diagnostic-order"},
          "an order",
          std::move(patient),
          "ordered",
          std::move(owner)};
}

TEST(Board, ADutyIsOpenUntilItsStateIsAClosedOne) {
  Board board;
  board.apply(Opens{order("O1", "P1", "Practitioner/a")});
  const DutyKey key{"O1", "diagnostic-order"};
  board.apply(Becomes{key, "result"});
  EXPECT_TRUE(board.find(key)->open);
  board.apply(Becomes{key, "acknowledged"});
  EXPECT_FALSE(board.find(key)->open);
  board.apply(Becomes{key, "result"});  // corrected
  EXPECT_TRUE(board.find(key)->open);
}

TEST(Board, APriorityStaysUntilAnotherIsSaid) {
  Board board;
  Duty duty = order("O1", "P1", "Practitioner/a");
  duty.priority = "urgent";
  board.apply(Opens{duty});
  const DutyKey key{"O1", "diagnostic-order"};
  board.apply(Becomes{key, "collected"});
  EXPECT_EQ(board.find(key)->priority, "urgent");
  board.apply(Becomes{key, "in-progress", "stat"});
  EXPECT_EQ(board.find(key)->priority, "stat");
}

TEST(Board, WhatIsOpenFollowsAMergedPersonAndWhatIsClosedStays) {
  Board board;
  board.apply(Opens{order("O1", "P1", "Practitioner/a")});
  board.apply(Opens{order("O2", "P1", "Practitioner/a")});
  board.apply(Becomes{{"O2", "diagnostic-order"}, "cancelled"});
  board.apply(Merged{"P1", "P2"});
  EXPECT_EQ(board.find({"O1", "diagnostic-order"})->patient, "P2");
  EXPECT_EQ(board.find({"O2", "diagnostic-order"})->patient, "P1");
}

TEST(Board, WhatALeaverHasOpenGoesToThoseWhoWatchOverAll) {
  Board board;
  board.apply(Opens{order("O1", "P1", "Practitioner/a")});
  board.apply(Opens{order("O2", "P1", "Practitioner/b")});
  board.apply(Left{"Practitioner/a"});
  EXPECT_EQ(board.find({"O1", "diagnostic-order"})->owner, fallback_team);
  EXPECT_EQ(board.find({"O2", "diagnostic-order"})->owner, "Practitioner/b");
}

TEST(Rules, NothingHeardAndNothingThatTimeDoesClosesAnOrder) {
  for (const auto heard :
       {Heard::specimen_taken, Heard::specimen_received, Heard::specimen_spoiled,
        Heard::preliminary, Heard::final_report, Heard::corrected, Heard::revoked}) {
    for (const std::string_view state :
         {"ordered", "collected", "in-progress", "interim", "result", "cancel-asked"}) {
      const auto to = state_after("diagnostic-order", state, heard);
      EXPECT_FALSE(to && is_closed("diagnostic-order", *to)) << state;
    }
  }
}

TEST(Rules, ObservationsAreOwedUntilTheStayIsOver) {
  EXPECT_EQ(state_after("observations", "first-set", Heard::set_scored), "watched");
  EXPECT_EQ(state_after("observations", "stopped", Heard::set_scored), std::nullopt);
  EXPECT_EQ(state_after("observations", "stay-over", Heard::set_scored), std::nullopt);
  for (const auto heard : {Heard::stay_over, Heard::stay_cancelled}) {
    EXPECT_EQ(state_after("observations", "watched", heard), "stay-over");
    EXPECT_EQ(state_after("deterioration", "to-assess", heard), std::nullopt);
  }
  EXPECT_TRUE(is_closed("observations", "stay-over"));
  EXPECT_EQ(state_after("observations", "stay-over", Heard::stay_goes_on), "watched");
}

TEST(Rules, AnActIsLegalOnlyWhereItsPathwaySaysSo) {
  EXPECT_EQ(state_by_act("diagnostic-order", "result", "acknowledge"), "acknowledged");
  EXPECT_EQ(state_by_act("diagnostic-order", "in-progress", "acknowledge"), std::nullopt);
  EXPECT_EQ(state_by_act("unclassified", "result", "acknowledge"), std::nullopt);
  // A state whose name is the end of another's is not that one.
  EXPECT_EQ(state_by_act("letter", "draft", "write"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::day
