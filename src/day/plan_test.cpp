#include "day/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "day/messages.h"
#include "day/rules.h"
#include "world/sim/sim_random.h"

namespace holdfast::day {
namespace {

PlanOptions options_of(std::uint64_t seed, Lines lines = Lines::fhir_and_v2) {
  PlanOptions options;
  options.seed = seed;
  options.begins = Time{1'796'083'200'000};  // 2026-12-01
  options.lines = lines;
  return options;
}

Plan plan_of(const PlanOptions& options) {
  SimRandom random(options.seed);
  return make_plan(options, random);
}

/// All that would be said to a server.
std::string text_of(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    text += std::to_string(step.minute) + step.kind + step.says;
    if (const auto* puts = std::get_if<Puts>(&step.does)) {
      for (const Put& put : *puts) {
        text += put.body;
      }
    } else if (const auto* message = std::get_if<Message>(&step.does)) {
      text += message->bytes;
    } else {
      const Act& act = std::get<Act>(step.does);
      text += act.duty.focus + act.patient + act.name;
    }
  }
  return text;
}

TEST(Plan, TheSameSeedIsTheSameDayByteForByte) {
  EXPECT_EQ(text_of(plan_of(options_of(7))), text_of(plan_of(options_of(7))));
  EXPECT_NE(text_of(plan_of(options_of(7))), text_of(plan_of(options_of(8))));
}

TEST(Plan, HasAsManyEventsAsAskedForInTheOrderOfTime) {
  const Plan plan = plan_of(options_of(7));
  EXPECT_EQ(plan.steps.size(), 600U);
  EXPECT_TRUE(std::ranges::is_sorted(plan.steps, {}, &Step::minute));
  EXPECT_LT(plan.steps.back().minute, 1440);
}

TEST(Plan, WithoutALineForMessagesSendsNone) {
  const Plan plan = plan_of(options_of(7, Lines::fhir));
  EXPECT_TRUE(std::ranges::none_of(
      plan.steps, [](const Step& step) { return std::holds_alternative<Message>(step.does); }));
}

TEST(Plan, EveryPrefixOfADayHasABoard) {
  // A run that is cut off anywhere is one: no step changes what was not opened before it.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = plan_of(options_of(seed));
    Board board;
    for (const Step& step : plan.steps) {
      board.apply(step.changes);
    }
    EXPECT_GT(board.duties().size(), 50U);
    EXPECT_TRUE(
        std::ranges::any_of(board.duties(), [](const auto& one) { return one.second.open; }));
    EXPECT_TRUE(
        std::ranges::any_of(board.duties(), [](const auto& one) { return !one.second.open; }));
  }
}

TEST(Plan, EveryDutyIsOfSomebodyWhoWasRegisteredBefore) {
  const Plan plan = plan_of(options_of(3));
  const std::set<std::string> known(plan.patients.begin(), plan.patients.end());
  const Board board = board_after(plan, plan.steps.size());
  for (const auto& [key, duty] : board.duties()) {
    EXPECT_TRUE(known.contains(duty.patient)) << key.focus;
  }
}

TEST(Plan, HasOfEverythingInALongDay) {
  PlanOptions options = options_of(1);
  options.events = 4000;
  std::set<std::string> kinds;
  const Plan plan = plan_of(options);
  for (const Step& step : plan.steps) {
    kinds.insert(step.kind);
  }
  for (const char* kind : {"admission",
                           "discharge",
                           "admission cancelled",
                           "discharge cancelled",
                           "referral",
                           "date booked",
                           "no-show",
                           "date called off",
                           "transfusion",
                           "handed over",
                           "laboratory order",
                           "imaging order",
                           "specimen",
                           "preliminary result",
                           "final result",
                           "corrected result",
                           "result without an order",
                           "message sent twice",
                           "cancellation",
                           "letter drafted",
                           "letter signed",
                           "blood request",
                           "theatre request",
                           "operation",
                           "merge",
                           "death",
                           "admission cancelled",
                           "staff",
                           "decision"}) {
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  }
}

TEST(Plan, FirstReferralIsOfSomebodyWhoseIdIsKnown) {
  const Watched watched = first_referral(plan_of(options_of(7)));
  EXPECT_TRUE(watched.patient.starts_with("Patient/d7-p")) << watched.patient;
}

TEST(Messages, FieldsAreWhereTheStandardPutsThem) {
  Messages messages("D7-");
  Person person;
  person.number = "D7-P1";
  person.family = "Cole";
  person.given = "Ada";
  person.birth = "1951-02-03";
  person.gender = "female";
  const Visit visit{"D7-V2", person, "IMP", Time{1'796'083'200'000}};
  const Message message = messages.visit("A01", visit, Time{1'796'083'200'000}, nullptr);
  EXPECT_TRUE(
      message.bytes.starts_with("MSH|^~\\&|SIMHOSPITAL|SIMTRUST|HOLDFAST|SIMTRUST|"
                                "20261201000000+0000||ADT^A01|D7-M1|P|2.4|"))
      << message.bytes;
  EXPECT_NE(message.bytes.find("\rPID|1||D7-P1^^^SIMTRUST^MR||Cole^Ada||19510203|F\r"),
            Bytes::npos);
  EXPECT_NE(message.bytes.find("||D7-V2^^^SIMTRUST^VN|"), Bytes::npos);
  EXPECT_TRUE(message.bytes.ends_with('\r'));
}

}  // namespace
}  // namespace holdfast::day
