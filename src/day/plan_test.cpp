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
                           "group",
                           "vital sign",
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
                           "set of observations",
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

TEST(Plan, SomebodyWhoDeterioratesIsHurriedAssessedOrStillWaitedFor) {
  PlanOptions options = options_of(1);
  options.events = 4000;
  options.days = 3;
  const Plan plan = plan_of(options);
  std::set<std::string> acts;
  std::set<std::string> calls;
  std::size_t hurried = 0;
  for (const Step& step : plan.steps) {
    if (const auto* act = std::get_if<Act>(&step.does)) {
      acts.insert(act->duty.pathway + " " + act->name);
    }
    for (const Change& change : step.changes) {
      const auto* becomes = std::get_if<Becomes>(&change);
      hurried += becomes && becomes->key.pathway == "deterioration" && !becomes->priority.empty();
      if (const auto* opens = std::get_if<Opens>(&change);
          opens && opens->duty.key.pathway == "deterioration") {
        calls.insert(opens->duty.priority);
      }
    }
  }
  EXPECT_GT(hurried, 0U);
  EXPECT_EQ(calls, (std::set<std::string>{"urgent", "asap", "stat"}));
  for (const char* act : {"deterioration assess", "deterioration withdraw", "deterioration reopen",
                          "observations stop", "observations charted-elsewhere"}) {
    EXPECT_TRUE(acts.contains(act)) << act;
  }
  EXPECT_TRUE(std::ranges::any_of(
      board_after(plan, plan.steps.size()).duties(),
      [](const auto& one) { return one.first.pathway == "deterioration" && one.second.open; }));
}

TEST(Plan, NobodyIsCalledForAChild) {
  PlanOptions options = options_of(5);
  options.events = 4000;
  const Plan plan = plan_of(options);
  std::set<std::string> children;
  for (const Step& step : plan.steps) {
    if (step.says.ends_with(", a child")) {
      for (const Change& change : step.changes) {
        EXPECT_NE(std::holds_alternative<Opens>(change) &&
                      std::get<Opens>(change).duty.key.pathway == "deterioration",
                  true);
        children.insert(step.says);
      }
    }
  }
  EXPECT_FALSE(children.empty());
}

TEST(People, NobodyBecomesSixteenInTheYearOfTheDay) {
  SimRandom random(3);
  bool child = false;
  for (int i = 0; i < 500; ++i) {
    const Person person = draw_person("D7-P1", 2026, random);
    const int age = 2026 - std::stoi(person.birth.substr(0, 4));
    EXPECT_TRUE(person.child ? age < 16 : age > 16) << person.birth;
    child = child || person.child;
  }
  EXPECT_TRUE(child);
}

TEST(Vitals, EverySetHasSevenReadingsAndEveryRiskASet) {
  std::set<Risk> risks;
  for (const VitalSet& set : vital_sets) {
    EXPECT_EQ(readings_of(set).size(), 7U);
    EXPECT_EQ(calls(set.risk), priority_of(set.risk) != "routine");
    EXPECT_TRUE(!calls(set.risk) || risk_of(priority_of(set.risk)) == set.risk);
    risks.insert(set.risk);
  }
  EXPECT_EQ(risks.size(), 5U);
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
  const Message set =
      messages.vitals(visit, "D7-OBS3", readings_of(vital_sets.front()), Time{1'796'083'200'000});
  EXPECT_NE(set.bytes.find("||D7-V2^^^SIMTRUST^VN|"), Bytes::npos);
  EXPECT_NE(set.bytes.find("\rOBX|1|NM|9279-1^Respiratory rate^LN||16|/min^^UCUM|||||F|||2026"),
            Bytes::npos)
      << set.bytes;
  EXPECT_NE(set.bytes.find("|80288-4^Level of consciousness^LN||248234008^Mentally alert^SCT|"),
            Bytes::npos);
}

}  // namespace
}  // namespace holdfast::day
