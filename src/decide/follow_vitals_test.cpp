// What is one set of observations: however it comes, in whatever order; by which chart it is
// scored, and of whom there is no score.
#include <algorithm>

#include "decide/follow.h"
#include "decide/test_ward.h"

namespace holdfast::decide {
namespace {

/// One value by itself, as a monitor sends it.
Operation single(const std::string& id, std::string_view code, double value, std::string_view unit,
                 const std::string& at) {
  std::string members = quantity(code, value, unit);
  members = members.substr(1, members.size() - 2);
  return update("Observation", id,
                members + R"(,"status":"final","encounter":{"reference":"Encounter/e1"},)" +
                    R"("subject":{"reference":"Patient/adult"},"effectiveDateTime":")" + at + '"');
}
Operation awake(const std::string& id, const std::string& at) {
  return update("Observation", id,
                R"("code":{"coding":[{"system":"http://loinc.org","code":"80288-4"}]},"status":)"
                R"("final","encounter":{"reference":"Encounter/e1"},"effectiveDateTime":")" +
                    at +
                    R"(","valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct",)"
                    R"("code":"248234008"}]})");
}
/// All seven, a minute apart, from that minute of eight o'clock on, or of another hour.
std::vector<Operation> one_by_one(int minute, int respiration, int hour = 8) {
  const auto at = [&](int more) {
    return fmt::format("2026-11-30T{:02}:{:02}:00Z", hour, minute + more);
  };
  return {single("r", "9279-1", respiration, "/min", at(0)),
          single("s", "59408-5", 97, "%", at(1)),
          single("o", "3150-6", 21, "%", at(2)),
          single("b", "8480-6", 120, "mm[Hg]", at(3)),
          single("p", "8867-4", 70, "/min", at(4)),
          single("t", "8310-5", 37, "Cel", at(5)),
          awake("c", at(6))};
}

TEST(FollowVitals, ValuesThatComeOneByOneAreOneSet) {
  Ward ward;
  const auto all = one_by_one(40, 26);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(ward.observations().state, "first-set") << i;
    ward.run(command(all[i]));
  }
  EXPECT_EQ(ward.observations().state, "watched");
  EXPECT_EQ(ward.observations().urgency, "low-medium") << ward.reason(ward.observations());
  EXPECT_EQ(ward.of("deterioration").size(), 1U);
  EXPECT_EQ(ward.minutes_left(), 60 - 14) << "from when the last of them was taken, 08:46";
  ward.expect_sound();
}

TEST(FollowVitals, TheOrderInWhichTheyComeChangesNothing) {
  const auto all = one_by_one(40, 26);
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6};
  std::optional<Item> first;
  for (int turn = 0; turn < 24; ++turn) {
    Ward ward;
    for (const std::size_t i : order) {
      ward.run(command(all[i]));
    }
    const Item item = ward.observations();
    first = first ? first : item;
    EXPECT_EQ(item.urgency, first->urgency);
    EXPECT_EQ(item.due, first->due);
    std::ranges::rotate(order, order.begin() + 3);
    std::swap(order[static_cast<std::size_t>(turn) % 7], order[0]);
  }
}

TEST(FollowVitals, OneThatIsMissingIsNamedAndComesLate) {
  Ward ward;
  auto all = one_by_one(40, 26);
  const Operation temperature = all[5];
  all.erase(all.begin() + 5);
  for (const Operation& one : all) {
    ward.run(command(one));
  }
  EXPECT_EQ(ward.observations().state, "first-set");
  EXPECT_NE(ward.reason(ward.observations()).find("temperature is missing"), std::string::npos)
      << ward.reason(ward.observations());
  // The first value of the next round is there already: it is not whole, and hides nothing.
  ward.record.now.ms += 20 * 60'000;
  ward.run(command(single("p2", "8867-4", 71, "/min", "2026-11-30T09:10:00Z")));
  EXPECT_EQ(ward.observations().state, "first-set");
  ward.run(command(temperature));
  EXPECT_EQ(ward.observations().state, "watched");
  EXPECT_EQ(ward.observations().urgency, "low-medium");
}

// By a clock that is ahead of ours they belong together all the same, and count from now.
TEST(FollowVitals, AMonitorWhoseClockIsAheadIsScored) {
  Ward ward;
  for (const Operation& one : one_by_one(5, 26, 9)) {
    ward.run(command(one));
  }
  EXPECT_EQ(ward.observations().urgency, "low-medium") << ward.reason(ward.observations());
  EXPECT_EQ(ward.minutes_left(), 60);
}

TEST(FollowVitals, WhatWasTakenLongerApartIsNoSet) {
  Ward ward;
  auto all = one_by_one(20, 26);
  all[6] = awake("c", "2026-11-30T08:41:00Z");  // 21 minutes behind the first
  for (const Operation& one : all) {
    ward.run(command(one));
  }
  EXPECT_EQ(ward.observations().state, "first-set");
  ward.run(command(awake("c2", "2026-11-30T08:35:00Z")));
  EXPECT_EQ(ward.observations().state, "watched") << "within 15 minutes of the first";
}

TEST(FollowVitals, AnEarlierSetThatBecomesWholeLateSaysNothingOfNow) {
  Ward ward;
  const auto early = one_by_one(10, 30);
  for (std::size_t i = 0; i + 1 < early.size(); ++i) {
    ward.run(command(early[i]));
  }
  Set now;
  now.at = "2026-11-30T08:55:00Z";
  ward.run(command(panel("whole", now)));
  EXPECT_EQ(ward.observations().urgency, "zero");
  const Item before = ward.observations();
  ward.run(command(early.back()));
  EXPECT_EQ(ward.observations(), before);
}

TEST(FollowVitals, OfTwoWholeSetsOfOneWindowTheNewerCounts) {
  Ward ward;
  Set set;
  set.at = "2026-11-30T08:40:00Z";
  ward.run(command(panel("o1", set)));
  set.respiration = 26;
  set.at = "2026-11-30T08:50:00Z";
  ward.run(command(panel("o2", set)));
  const Item before = ward.observations();
  EXPECT_EQ(before.urgency, "low-medium");
  ward.run(command(single("late", "8867-4", 71, "/min", "2026-11-30T08:41:00Z")));
  EXPECT_EQ(ward.observations().urgency, "low-medium");
  EXPECT_EQ(ward.observations().due, before.due);
  // Written down late, and of the newer set as well: oxygen was given.
  ward.run(command(single("oxygen", "3150-6", 40, "%", "2026-11-30T08:41:00Z")));
  EXPECT_EQ(ward.observations().urgency, "medium") << ward.reason(ward.observations());
}

TEST(FollowVitals, AValueThatIsCorrectedCountsAsItIsNow) {
  Ward ward;
  for (const Operation& one : one_by_one(40, 26)) {
    ward.run(command(one));
  }
  Operation corrected = single("r", "9279-1", 16, "/min", "2026-11-30T08:40:00Z");
  ward.run(command(corrected));
  EXPECT_EQ(ward.observations().urgency, "zero") << ward.reason(ward.observations());
}

Operation order_of_scale_two(const std::string& by, const std::string& status = "active") {
  return update(
      "ServiceRequest", "scale",
      R"("status":")" + status +
          R"(","intent":"order","subject":{"reference":"Patient/adult"},"code":{"coding":)"
          R"([{"system":"http://snomed.info/sct","code":"1104321000000108"}]})" +
          (by.empty() ? "" : R"(,"requester":{"reference":")" + by + R"("})"));
}

TEST(FollowVitals, MoreThanIsReadIsSaidWithTheScore) {
  Ward ward;
  const auto flag = [](int n) {
    return update(
        "Flag", fmt::format("f{}", n),
        R"("status":"active","code":{"text":"falls"},"subject":{"reference":"Patient/adult"})");
  };
  for (int n = 0; n < 64; ++n) {
    ward.run(command(flag(n)));
  }
  ward.run(command(panel("o1", Set())));
  EXPECT_EQ(ward.record.body("Task", ward.observations().id).find("not all were read"),
            std::string::npos);
  ward.run(command(flag(64)));
  Set later;
  later.at = "2026-11-30T09:30:00Z";
  later.pulse = 95;
  ward.run(command(panel("o2", later)));
  EXPECT_NE(ward.record.body("Task", ward.observations().id)
                .find("more than 64 of Flag are on file of which not all were read"),
            std::string::npos)
      << ward.reason(ward.observations());
}

TEST(FollowVitals, ScaleTwoCountsOnlyWhereAPrescriberAsksForIt) {
  Ward ward;
  Set hypercapnic;
  hypercapnic.saturation = 90;
  hypercapnic.at = "2026-11-30T08:30:00Z";
  ward.run(command(panel("o1", hypercapnic)));
  EXPECT_EQ(ward.observations().urgency, "low-medium") << "3 points on scale 1";
  // A set that says so of itself chooses nothing.
  ward.run(command(create("Practitioner", "dr", R"("active":true)")));
  ward.run(command(order_of_scale_two("")));
  hypercapnic.at = "2026-11-30T08:31:00Z";
  ward.run(command(panel("o2", hypercapnic)));
  EXPECT_EQ(ward.observations().urgency, "low-medium") << "nobody stands for it";
  ward.run(command(order_of_scale_two("Practitioner/dr")));
  EXPECT_TRUE(ward.about("ServiceRequest/scale").empty()) << "a chart is no request to fulfil";
  hypercapnic.at = "2026-11-30T08:32:00Z";
  ward.run(command(panel("o3", hypercapnic)));
  EXPECT_EQ(ward.observations().urgency, "zero");
  EXPECT_NE(ward.reason(ward.observations()).find("scale 2, which ServiceRequest/scale asks for"),
            std::string::npos)
      << ward.record.body("Task", ward.observations().id);
  ward.run(command(order_of_scale_two("Practitioner/dr", "revoked")));
  hypercapnic.at = "2026-11-30T08:33:00Z";
  ward.run(command(panel("o4", hypercapnic)));
  EXPECT_EQ(ward.observations().urgency, "low-medium");
  ward.run(command(update("Flag", "f",
                          R"("status":"active","subject":{"reference":"Patient/adult"},"author":)"
                          R"({"reference":"Practitioner/dr"},"code":{"coding":[{"system":)"
                          R"("urn:holdfast:news2","code":"saturation-scale-2"}]})")));
  hypercapnic.at = "2026-11-30T08:34:00Z";
  ward.run(command(panel("o5", hypercapnic)));
  EXPECT_EQ(ward.observations().urgency, "zero");
}

Operation pregnancy(const std::string& id, std::string_view answer, const std::string& at) {
  return update("Observation", id,
                fmt::format(R"("status":"final","code":{{"coding":[{{"system":"http://loinc.org",)"
                            R"("code":"82810-3"}}]}},"subject":{{"reference":"Patient/adult"}},)"
                            R"("effectiveDateTime":"{}","valueCodeableConcept":{{"coding":)"
                            R"([{{"system":"http://loinc.org","code":"{}"}}]}})",
                            at, answer));
}

TEST(FollowVitals, InPregnancyThereIsNoScoreAndTheItemSaysSo) {
  Ward ward;
  Set bad;
  bad.respiration = 30;
  bad.at = "2026-11-30T08:30:00Z";
  ward.run(command(pregnancy("p1", "LA15173-0", "2026-09-01")));
  ward.run(command(panel("o1", bad)));
  EXPECT_EQ(ward.observations().urgency, "other");
  EXPECT_NE(ward.reason(ward.observations()).find("no score in pregnancy"), std::string::npos);
  EXPECT_TRUE(ward.of("deterioration").empty());
  // Not any more.
  ward.run(command(pregnancy("p2", "LA26683-5", "2026-11-20")));
  bad.at = "2026-11-30T08:31:00Z";
  ward.run(command(panel("o2", bad)));
  EXPECT_EQ(ward.observations().urgency, "low-medium");
  // A diagnosis, and one that is over.
  const auto condition = [](const std::string& status) {
    return update("Condition", "c",
                  R"("subject":{"reference":"Patient/adult"},"onsetDateTime":"2026-11-25",)"
                  R"("clinicalStatus":{"coding":[{"code":")" +
                      status +
                      R"("}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":)"
                      R"("77386006"}]})");
  };
  ward.run(command(condition("active")));
  bad.at = "2026-11-30T08:32:00Z";
  ward.run(command(panel("o3", bad)));
  EXPECT_EQ(ward.observations().urgency, "other");
  ward.run(command(condition("resolved")));
  bad.at = "2026-11-30T08:33:00Z";
  ward.run(command(panel("o4", bad)));
  EXPECT_EQ(ward.observations().urgency, "low-medium");
}

TEST(FollowVitals, WhatWasSaidOfPregnancyLongAgoSaysNothing) {
  Ward ward;
  ward.run(command(pregnancy("p1", "LA15173-0", "2025-06-01")));
  // A diagnosis that nobody has ended.
  ward.run(command(update("Condition", "c",
                          R"("subject":{"reference":"Patient/adult"},"onsetDateTime":"2024-11-25",)"
                          R"("clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":)"
                          R"([{"system":"http://snomed.info/sct","code":"77386006"}]})")));
  ward.run(command(panel("o1", {})));
  EXPECT_EQ(ward.observations().urgency, "zero");
}

Operation value_of(const std::string& id, std::string_view code, std::string_view unit = "/min") {
  std::string members = quantity(code, 70, unit);
  return update("Observation", id, members.substr(1, members.size() - 2) + R"(,"status":"final")");
}
Operation report_of(const std::string& id, std::vector<std::string> values,
                    const std::string& more = "") {
  std::string results;
  for (const std::string& one : values) {
    results += (results.empty() ? "" : ",") + (R"({"reference":"Observation/)" + one + "\"}");
  }
  return update("DiagnosticReport", id,
                R"("status":"final","code":{"text":"Observations"},"subject":{"reference":)"
                R"("Patient/adult"})" +
                    more + (results.empty() ? "" : R"(,"result":[)" + results + "]"));
}

TEST(FollowVitals, AReportOfNothingButVitalSignsIsNobodysResultToRead) {
  Ward ward;
  const auto opens = [&](const std::string& id) {
    return !ward.about("DiagnosticReport/" + id).empty();
  };
  ward.run(command(value_of("p", "8867-4"), value_of("d", "8462-4", "mm[Hg]"),
                   report_of("vitals", {"p", "d"})));
  EXPECT_FALSE(opens("vitals")) << "pulse, and a pressure that has no points";
  ward.run(command(report_of("stored", {"p", "d"})));
  EXPECT_FALSE(opens("stored"));
  ward.run(command(panel("whole", {}), report_of("panel", {"whole"})));
  EXPECT_FALSE(opens("panel"));
  // One value more, and it is somebody's to read; whatever section it says that it is from.
  const std::string icu =
      R"(,"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0074",)"
      R"("code":"ICU"}]}])";
  ward.run(command(value_of("k", "2823-3", "mmol/L"), report_of("gas", {"p", "k"}, icu)));
  EXPECT_TRUE(opens("gas"));
  ward.run(command(value_of("w", "29463-7", "kg"), report_of("weight", {"w"})));
  EXPECT_TRUE(opens("weight")) << "none of the seven";
  ward.run(command(report_of("empty", {})));
  EXPECT_TRUE(opens("empty"));
  ward.run(command(report_of("missing", {"p", "nowhere"})));
  EXPECT_TRUE(opens("missing")) << "what is not there may be anything";
  ward.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
