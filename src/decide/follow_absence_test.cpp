// Owners who are away: they keep what is theirs, and their deputies see it, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decide/test_hospital.h"
#include "views/absences.h"

namespace holdfast::decide {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Owners = std::vector<views::Owner>;

std::string deputy(const std::string& who) {
  return R"("extension":[{"url":"urn:holdfast:deputy","valueReference":{"reference":")" + who +
         R"("}}])";
}
std::string away(const std::string& from, const std::string& until, const std::string& more = "") {
  return R"("notAvailable":[{"description":"on leave","during":{"start":")" + from +
         R"(","end":")" + until + R"("})" + more + "}]";
}

/// It is Monday, 30 November 2026, 09:00.
class Absent : public testing::Test {
 protected:
  Absent() {
    hospital.run(command(create("Practitioner", "dr"), create("Practitioner", "di"),
                         create("Practitioner", "dd"),
                         create("Practitioner", "gone", R"("active":false)")));
  }
  static Operation role(const std::string& id, const std::string& of, const std::string& more) {
    return update("PractitionerRole", id,
                  R"("practitioner":{"reference":"Practitioner/)" + of + R"("},)" + more);
  }
  static Operation referral(const std::string& id, const std::string& to = "Practitioner/dr") {
    Operation one = Hospital::referral(id);
    const std::string eyes = "CareTeam/eyes";
    one.body.replace(one.body.find(eyes), eyes.size(), to);
    return one;
  }
  Item refer(const std::string& id, const std::string& to = "Practitioner/dr") {
    hospital.run(command(referral(id, to)));
    return hospital.item_about("ServiceRequest/" + id);
  }
  /// A result that is wanted within an hour.
  Item refer_stat(const std::string& id) {
    hospital.run(command(update(
        "ServiceRequest", id,
        R"("status":"active","intent":"order","priority":"stat","subject":{"reference":"Patient/p1"},)"
        R"("category":[{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}],)"
        R"("performer":[{"reference":"Practitioner/dr"}])")));
    return hospital.item_about("ServiceRequest/" + id);
  }
  std::string body(const Item& item) { return hospital.record.body("Task", item.id); }
  Outcome tick(std::uint32_t items_max = 1000) {
    Command one;
    one.tick = Tick{Time{hospital.record.now.ms + hospital.record.step_ms}, items_max};
    return hospital.run(std::move(one));
  }
  void expect_sound() {
    hospital.expect_sound();
    const auto checked = views::check_items(*hospital.record.view(), hospital.record.codec);
    EXPECT_TRUE(checked.has_value()) << checked.error().what;
  }
  Hospital hospital;
};

TEST_F(Absent, WhatIsNewStaysTheirsAndTheDeputySeesIt) {
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-11-29", "2026-12-04"))));
  const Item item = refer("r1");
  EXPECT_EQ(item.owner, "Practitioner/dr");
  EXPECT_THAT(item.overseers, ElementsAre("Practitioner/di"));
  EXPECT_THAT(body(item), HasSubstr("Its owner Practitioner/dr is away, on leave: Practitioner/di "
                                    "oversees it"));
  const Item other = refer("r2", "CareTeam/eyes");
  EXPECT_THAT(other.overseers, IsEmpty());
  const Item by_role = refer("r3", "PractitionerRole/a");
  EXPECT_EQ(by_role.owner, "PractitionerRole/a");
  EXPECT_THAT(by_role.overseers, ElementsAre("Practitioner/di"));
  hospital.pass(5);  // the day of the end is part of it; behind it nothing is covered
  EXPECT_THAT(refer("r4").overseers, IsEmpty());
  expect_sound();
}

TEST_F(Absent, WhenItBeginsWhatIsTheirsIsSeenOnce) {
  const Item first = refer("r1");
  const Item second = refer("r2");
  EXPECT_THAT(first.overseers, IsEmpty());
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-12-01", "2026-12-20"))));
  EXPECT_THAT(tick().made, IsEmpty());
  EXPECT_THAT(hospital.item(first.id).overseers, IsEmpty()) << "it has not begun";
  EXPECT_EQ(hospital.pass(1).made.size(), 2U);
  EXPECT_THAT(hospital.item(first.id).overseers, ElementsAre("Practitioner/di"));
  EXPECT_EQ(hospital.item(first.id).owner, "Practitioner/dr");
  EXPECT_EQ(hospital.item(first.id).due, first.due);
  EXPECT_THAT(body(first), HasSubstr("is away"));
  EXPECT_EQ(*views::first_absence(*hospital.record.view()), std::nullopt);
  EXPECT_THAT(tick().made, IsEmpty()) << "once";
  // The same again, said anew: nobody is told twice.
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-12-01", "2026-12-21"))));
  EXPECT_TRUE(views::first_absence(*hospital.record.view())->has_value());
  EXPECT_THAT(tick().made, IsEmpty());
  expect_sound();
}

TEST_F(Absent, ADayBeginsAtMidnightByTheLocalClock) {
  const Item item = refer("r1");
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2027-07-01", "2027-07-02"))));
  const auto begins = views::first_absence(*hospital.record.view());
  ASSERT_TRUE(begins->has_value());
  EXPECT_EQ(to_instant(**begins), "2027-06-30T23:00:00.000Z");
  hospital.record.now = parse_date_time("2027-06-30T22:30:00Z")->from;
  tick();
  EXPECT_THAT(hospital.item(item.id).overseers, Not(testing::Contains("Practitioner/di")));
  hospital.record.now = parse_date_time("2027-06-30T23:00:00Z")->from;
  tick();
  EXPECT_THAT(hospital.item(item.id).overseers, testing::Contains("Practitioner/di"));
  hospital.record.now = parse_date_time("2027-07-02T22:59:00Z")->from;
  EXPECT_THAT(refer("r2").overseers, ElementsAre("Practitioner/di"));
  hospital.record.now = parse_date_time("2027-07-02T23:00:00Z")->from;
  EXPECT_THAT(refer("r3").overseers, IsEmpty());
  expect_sound();
}

TEST_F(Absent, OneThatHasBegunWhenItIsSaidIsTakenUp) {
  const Item item = refer("r1");
  hospital.run(
      command(role("a", "dr", deputy("team:ward-7") + "," + away("2026-11-20", "2026-12-20"))));
  EXPECT_EQ(tick().made.size(), 1U);
  EXPECT_THAT(hospital.item(item.id).overseers, ElementsAre("team:ward-7"));
  hospital.run(command(remove("PractitionerRole", "a")));
  EXPECT_EQ(*views::first_absence(*hospital.record.view()), std::nullopt);
  expect_sound();
}

TEST_F(Absent, ManyAreCoveredInSeveralEntriesAndNoneIsPassedOver) {
  for (int i = 0; i < 5; ++i) {
    refer("r" + std::to_string(i));
  }
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-11-20", "2026-12-20"))));
  EXPECT_EQ(tick(2).made.size(), 2U);
  EXPECT_TRUE(views::first_absence(*hospital.record.view())->has_value());
  EXPECT_EQ(tick(2).made.size(), 2U);
  EXPECT_EQ(tick(2).made.size(), 1U);
  EXPECT_EQ(*views::first_absence(*hospital.record.view()), std::nullopt);
  expect_sound();
}

TEST_F(Absent, ADeputyIsSomebodyWhoIsThere) {
  const auto overseers_with = [&](const std::string& id, const std::string& more) {
    hospital.run(command(role("a", "dr", more)));
    return refer(id).overseers;
  };
  const std::string now = away("2026-11-29", "2026-12-20");
  EXPECT_THAT(overseers_with("r1", now), ElementsAre("team:oversight")) << "nobody is named";
  EXPECT_THAT(overseers_with("r2", deputy("Practitioner/gone") + "," + now),
              ElementsAre("team:oversight"));
  EXPECT_THAT(overseers_with("r3", deputy("Practitioner/dr") + "," + now),
              ElementsAre("team:oversight"))
      << "not himself";
  EXPECT_THAT(
      overseers_with("r4", deputy("Practitioner/di") + "," +
                               away("2026-11-29", "2026-12-20", "," + deputy("Practitioner/dd"))),
      ElementsAre("Practitioner/dd"))
      << "for this time";
  hospital.run(command(role("b", "di", deputy("Practitioner/dd") + "," + now)));
  EXPECT_THAT(overseers_with("r5", deputy("Practitioner/di") + "," + now),
              ElementsAre("Practitioner/dd"))
      << "the deputy's deputy";
  hospital.run(command(role("b", "di", deputy("Practitioner/dr") + "," + now)));
  EXPECT_THAT(overseers_with("r6", deputy("Practitioner/di") + "," + now),
              ElementsAre("team:oversight"))
      << "in a circle there is nobody";
  expect_sound();
}

TEST_F(Absent, ADeputyWhoGoesAwayIsFollowedByTheirs) {
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-11-29", "2026-12-20")),
              role("b", "di", deputy("Practitioner/dd") + "," + away("2026-12-02", "2026-12-04"))));
  const Item theirs = refer("r1");
  const Item own = refer("r2", "Practitioner/di");
  const Item elses = refer("r3", "CareTeam/eyes");
  EXPECT_THAT(theirs.overseers, ElementsAre("Practitioner/di"));
  EXPECT_THAT(hospital.pass(1).made, IsEmpty());
  EXPECT_EQ(hospital.pass(1).made.size(), 2U);
  EXPECT_THAT(hospital.item(theirs.id).overseers,
              ElementsAre("Practitioner/di", "Practitioner/dd"));
  EXPECT_THAT(body(theirs), HasSubstr("Practitioner/dd oversees it"));
  EXPECT_THAT(hospital.item(own.id).overseers, ElementsAre("Practitioner/dd"));
  EXPECT_THAT(hospital.item(elses.id).overseers, IsEmpty());
  EXPECT_THAT(tick().made, IsEmpty()) << "once";
  hospital.pass(5);
  EXPECT_THAT(hospital.item(theirs.id).overseers, testing::Contains("Practitioner/di"))
      << "who is back sees it still";
  expect_sound();
}

TEST_F(Absent, WhatADeputyOverseesOfSomebodyWhoIsBackNeedsNobodyElse) {
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-11-29", "2026-12-01")),
              role("b", "di", deputy("Practitioner/dd") + "," + away("2026-12-03", "2026-12-04"))));
  const Item theirs = refer("r1");
  hospital.pass(4);
  EXPECT_THAT(hospital.item(theirs.id).overseers,
              testing::Not(testing::Contains("Practitioner/dd")));
}

TEST_F(Absent, WhoeverIsThereInOneRoleIsThere) {
  hospital.run(command(role("a", "dr", away("2026-11-29", "2026-12-20")),
                       role("b", "dr", R"("active":true)")));
  EXPECT_THAT(refer("r1").overseers, IsEmpty());
  EXPECT_THAT(refer("r2", "PractitionerRole/a").overseers, ElementsAre("team:oversight"));
  hospital.run(command(role("b", "dr", R"("active":false)")));
  EXPECT_THAT(refer("r3").overseers, ElementsAre("team:oversight"));
}

TEST_F(Absent, MovingOnKeepsTheDeputyAndComingBackEndsIt) {
  hospital.run(
      command(role("a", "dr", deputy("Practitioner/di") + "," + away("2026-11-29", "2026-12-02"))));
  const Item item = refer("r1");
  hospital.run(hospital.put(item.id, {Hospital::state("received", "awaiting-booking")}));
  EXPECT_EQ(hospital.item(item.id).state, "awaiting-booking");
  EXPECT_THAT(hospital.item(item.id).overseers, ElementsAre("Practitioner/di"));
  hospital.record.now.ms += 4 * day_ms;
  hospital.run(hospital.put(item.id, {Hospital::state("awaiting-booking", "booked"),
                                      Hospital::with(R"("output":[{"type":{"text":"appointment"},)"
                                                     R"("valueString":"elsewhere"}])")}));
  EXPECT_THAT(hospital.item(item.id).overseers, IsEmpty());
  expect_sound();
}

TEST_F(Absent, ANightIsOneOnlyForWhatCannotWait) {
  hospital.run(
      command(role("a", "dr",
                   deputy("Practitioner/di") +
                       R"(,"availableTime":[{"daysOfWeek":["mon","tue","wed","thu","fri"],)"
                       R"("availableStartTime":"09:00:00","availableEndTime":"17:00:00"}])")));
  hospital.record.now = Time{parse_date_time("2026-12-01T02:00:00Z")->from.ms};
  EXPECT_THAT(refer("r1").overseers, IsEmpty()) << "due in days";
  const Item stat = refer_stat("k");
  ASSERT_EQ(stat.owner, "Practitioner/dr");
  EXPECT_THAT(stat.overseers, ElementsAre("Practitioner/di")) << "due at night";
  EXPECT_THAT(body(stat), HasSubstr("not on duty before it is due"));
  hospital.record.now = Time{parse_date_time("2026-12-01T10:00:00Z")->from.ms};
  EXPECT_THAT(refer("r2").overseers, IsEmpty());
  expect_sound();
}

TEST_F(Absent, WhoHasTheNightIsThereUntilTheMorning) {
  hospital.run(
      command(role("a", "dr",
                   deputy("Practitioner/di") +
                       R"(,"availableTime":[{"daysOfWeek":["mon"],)"
                       R"("availableStartTime":"20:00:00","availableEndTime":"08:00:00"}])")));
  hospital.record.now = Time{parse_date_time("2026-12-01T02:00:00Z")->from.ms};
  EXPECT_THAT(refer_stat("k1").overseers, IsEmpty()) << "it is Monday's shift";
  hospital.record.now = Time{parse_date_time("2026-12-01T08:00:00Z")->from.ms};
  EXPECT_THAT(refer_stat("k2").overseers, ElementsAre("Practitioner/di")) << "its end";
  hospital.record.now = Time{parse_date_time("2026-12-02T02:00:00Z")->from.ms};
  EXPECT_THAT(refer_stat("k3").overseers, ElementsAre("Practitioner/di")) << "none on Tuesday";
  expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
