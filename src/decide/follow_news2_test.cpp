// Sets of observations: scored, partial, of patients without a score; what is owed next.
#include <algorithm>

#include <fmt/format.h>

#include "decide/follow.h"
#include "decide/test_ward.h"

namespace holdfast::decide {
namespace {

TEST(FollowNews2, ASetThatIsWholeSaysWhenTheNextIsOwed) {
  Ward ward;
  EXPECT_EQ(ward.observations().state, "first-set");
  EXPECT_EQ(ward.minutes_left(), 30);
  ward.run(command(panel("o1", {})));
  EXPECT_EQ(ward.observations().urgency, "zero");
  EXPECT_EQ(ward.minutes_left(), 12 * 60);
  EXPECT_TRUE(ward.of("deterioration").empty());
  Set worse;
  worse.pulse = 95;  // 1 point
  ward.run(command(panel("o2", worse)));
  EXPECT_EQ(ward.observations().urgency, "low");
  EXPECT_EQ(ward.minutes_left(), 6 * 60);
  EXPECT_NE(ward.reason(ward.observations()).find("NEWS2 1, low risk: pulse 1"), std::string::npos)
      << ward.reason(ward.observations());
  ward.expect_sound();
}

TEST(FollowNews2, AHighScoreCallsSomebodyOnceAndAHigherOneHurries) {
  Ward ward;
  Set one;
  one.respiration = 26;  // one parameter with 3 points
  ward.run(command(panel("o1", one)));
  EXPECT_EQ(ward.observations().urgency, "low-medium");
  ASSERT_EQ(ward.of("deterioration").size(), 1U);
  Item call = ward.of("deterioration").front();
  EXPECT_EQ(call.owner, "team:outreach");
  EXPECT_EQ(call.priority, "urgent");
  EXPECT_EQ(call.parent, "Task/" + ward.observations().id);
  one.saturation = 90;  // 3 more
  one.pulse = 115;      // 2 more
  ward.run(command(panel("o2", one)));
  EXPECT_EQ(ward.observations().urgency, "high");
  ASSERT_EQ(ward.of("deterioration").size(), 1U) << "one call, which is more urgent now";
  const Item hurried = ward.of("deterioration").front();
  EXPECT_EQ(hurried.priority, "stat");
  EXPECT_LT(hurried.due->ms, call.due->ms);
  // Better again: the call stays until somebody has come.
  ward.run(command(panel("o3", {})));
  EXPECT_EQ(ward.observations().urgency, "zero");
  EXPECT_TRUE(ward.of("deterioration").front().is_open());
  EXPECT_EQ(ward.of("deterioration").front().priority, "stat");
  ward.expect_sound();
}

TEST(FollowNews2, APartialSetHasNoScoreAndTheOneThatWasOwedStaysOwed) {
  Ward ward;
  const auto due = ward.observations().due;
  Set partial;
  partial.has_temperature = false;
  partial.respiration = 40;
  ward.run(command(panel("o1", partial)));
  EXPECT_EQ(ward.observations().state, "first-set");
  EXPECT_EQ(ward.observations().due, due);
  EXPECT_NE(ward.reason(ward.observations()).find("temperature is missing"), std::string::npos)
      << ward.reason(ward.observations());
}

// As wards send them: each by itself, in one Bundle or message; of two sets the newer counts.
TEST(FollowNews2, SeparateObservationsOfOneCommandAreOneSet) {
  Ward ward;
  const auto single = [](const std::string& id, std::string_view code, double value,
                         std::string_view unit, const std::string& at) {
    std::string members = quantity(code, value, unit);
    members = members.substr(1, members.size() - 2);
    return update("Observation", id,
                  members + R"(,"status":"final","encounter":{"reference":"Encounter/e1"},)" +
                      R"("subject":{"reference":"Patient/adult"},"effectiveDateTime":")" + at +
                      '"');
  };
  const std::string now = "2026-11-30T08:50:00Z";
  Operation awake = update(
      "Observation", "c",
      R"("code":{"coding":[{"system":"http://loinc.org","code":"80288-4"}]},"status":"final",)"
      R"("encounter":{"reference":"Encounter/e1"},"effectiveDateTime":")" +
          now +
          R"(","valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":)"
          R"("248234008"}]})");
  ward.run(command(single("r", "9279-1", 22, "/min", now), single("s", "59408-5", 97, "%", now),
                   single("o", "3150-6", 21, "%", now), single("b", "8480-6", 120, "mm[Hg]", now),
                   single("p", "8867-4", 70, "/min", now), single("t", "8310-5", 37, "Cel", now),
                   single("old", "8867-4", 140, "/min", "2026-11-30T04:00:00Z"), awake));
  EXPECT_EQ(ward.observations().urgency, "low") << ward.reason(ward.observations());
  EXPECT_EQ(ward.minutes_left(), 6 * 60 - 10) << "from when the set was taken";
  EXPECT_EQ(ward.version(ward.observations().id).value, 2U) << "one change";
}

TEST(FollowNews2, ASetThatIsWrittenDownLateChangesNothing) {
  Ward ward;
  Set high;
  high.respiration = 30;
  high.saturation = 88;
  high.pulse = 120;
  high.at = "2026-11-30T08:55:00Z";
  ward.run(command(panel("o1", high)));
  const Item before = ward.observations();
  EXPECT_EQ(before.urgency, "high");
  Set older;
  older.at = "2026-11-30T05:00:00Z";
  ward.run(command(panel("o2", older)));
  EXPECT_EQ(ward.observations(), before);
  Set newer;
  newer.at = "2026-11-30T08:58:00Z";
  ward.run(command(panel("o3", newer)));
  EXPECT_EQ(ward.observations().urgency, "zero");
  high.at = "2027-11-30T08:00:00Z";  // a clock that is wrong
  ward.run(command(panel("o4", high)));
  EXPECT_EQ(ward.observations().urgency, "high");
  newer.at = "2026-11-30T09:00:00Z";
  ward.run(command(panel("o5", newer)));
  EXPECT_EQ(ward.observations().urgency, "zero") << "it hides no set that comes after it";
}

// Whoever was scored by a set that was wrong is looked at again at once.
TEST(FollowNews2, ASetThatIsWithdrawnOwesAnotherAndHidesNone) {
  Ward ward;
  Set good;
  good.at = "2026-11-30T08:58:00Z";
  const auto panel_as = [&](const std::string& status) {
    Operation one = panel("o1", good);
    const std::size_t at = one.body.find("final");
    one.body.replace(at, 5, status);
    return one;
  };
  ward.run(command(panel_as("final")));
  EXPECT_EQ(ward.observations().urgency, "zero");
  ward.run(command(panel_as("entered-in-error")));
  EXPECT_EQ(ward.observations().state, "set-withdrawn");
  EXPECT_EQ(ward.minutes_left(), 30);
  Set true_one;
  true_one.respiration = 26;
  true_one.at = "2026-11-30T08:50:00Z";
  ward.run(command(panel("o2", true_one)));
  EXPECT_EQ(ward.observations().state, "watched");
  EXPECT_EQ(ward.observations().urgency, "low-medium") << "the newer one was withdrawn";
}

TEST(FollowNews2, OfAChildThereIsNoScore) {
  Ward ward;
  ward.run(command(update("Encounter", "e2",
                          R"("status":"in-progress","class":{"code":"IMP"},"subject":{"reference":)"
                          R"("Patient/child"})")));
  Set bad;
  bad.respiration = 40;
  Operation set = panel("o1", bad, "Encounter/e2");
  ward.run(command(set));
  const Item item = ward.item_about("Encounter/e2");
  EXPECT_EQ(item.urgency, "other");
  EXPECT_EQ(item.state, "watched");
  EXPECT_NE(ward.reason(item).find("no score below 16 years"), std::string::npos);
}

TEST(FollowNews2, AStayThatIsOverOwesALetterAndNoObservations) {
  Ward ward;
  ward.run(command(panel("o1", {})));
  ward.run(command(stay("finished")));
  EXPECT_EQ(ward.observations().state, "stay-over");
  ASSERT_EQ(ward.of("letter").size(), 1U) << "both duties are about the stay";
  ward.run(command(panel("o2", {})));
  EXPECT_EQ(ward.observations().state, "stay-over");
  ward.run(command(stay("in-progress")));
  EXPECT_TRUE(ward.observations().is_open());
  EXPECT_EQ(ward.of("observations").size(), 1U);
  ward.expect_sound();
}

// Charted late, so that the call is owed sooner than a high score of now asks for.
TEST(FollowNews2, ACallThatIsOwedSoonerIsHurriedNoLessAndKeepsItsTime) {
  Ward ward;
  Set one;
  one.respiration = 26;
  one.at = "2026-11-30T08:15:00Z";
  ward.run(command(panel("o1", one)));
  const Item call = ward.of("deterioration").front();
  EXPECT_EQ(call.priority, "urgent");
  one.saturation = 90;
  one.pulse = 115;
  one.at = "2026-11-30T09:00:00Z";
  ward.run(command(panel("o2", one)));
  const Item hurried = ward.of("deterioration").front();
  EXPECT_EQ(hurried.priority, "stat");
  EXPECT_EQ(hurried.urgency, "high");
  EXPECT_EQ(hurried.due, call.due);
  ward.expect_sound();
}

TEST(FollowNews2, WhoHasDeterioratedIsOwedALetterToo) {
  Ward ward;
  Set bad;
  bad.respiration = 26;
  ward.run(command(panel("o1", bad)));
  ASSERT_EQ(ward.of("deterioration").size(), 1U);
  ward.run(command(stay("finished")));
  EXPECT_EQ(ward.of("letter").size(), 1U);
  EXPECT_TRUE(ward.of("deterioration").front().is_open());
  ward.expect_sound();
}

TEST(FollowNews2, WhatIsNoVitalSignMovesNothing) {
  Ward ward;
  ward.run(command(update(
      "Observation", "k",
      R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}]},)"
      R"("encounter":{"reference":"Encounter/e1"},"valueQuantity":{"value":4})")));
  EXPECT_EQ(ward.version(ward.observations().id).value, 1U);
}

// The limits for telephoning go by age: urea of 12 is for a child to be phoned, for an adult not.
TEST(FollowResults, LimitsForTelephoningGoByAge) {
  Ward ward;
  const auto report = [](const std::string& patient) {
    return command(
        update("Observation", "u-" + patient,
               R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":)"
               R"("22664-7"}]},"subject":{"reference":"Patient/)" +
                   patient +
                   R"("},"valueQuantity":{"value":12,"unit":"mmol/L","system":)"
                   R"("http://unitsofmeasure.org","code":"mmol/L"})"),
        update("DiagnosticReport", "d-" + patient,
               R"("status":"final","code":{"text":"urea"},"subject":{"reference":"Patient/)" +
                   patient + R"("},"result":[{"reference":"Observation/u-)" + patient + R"("}])"));
  };
  ward.run(report("adult"));
  EXPECT_EQ(ward.item_about("DiagnosticReport/d-adult").urgency, "abnormal");
  ward.run(report("child"));
  std::vector<std::string> pathways;
  for (const std::string& id : ward.about("DiagnosticReport/d-child")) {
    pathways.push_back(ward.item(id).pathway);
  }
  std::ranges::sort(pathways);
  EXPECT_EQ(pathways, (std::vector<std::string>{"critical-result", "diagnostic-order"}));
}

}  // namespace
}  // namespace holdfast::decide
