// What items rest on: owners who leave, resources that would be deleted, patients who are merged.
#include <gtest/gtest.h>

#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

TEST(Follow, WhoeverLeavesLeavesNothingBehind) {
  const auto leave = update("CareTeam", "eyes", R"("status":"inactive")");
  Hospital hospital;
  for (int i = 0; i < 5; ++i) {
    hospital.run(command(Hospital::referral("r" + std::to_string(i))));
  }
  EXPECT_EQ(hospital.run(command(leave)).made.size(), 5U);
  EXPECT_EQ(hospital.item_about("ServiceRequest/r3").owner, "team:oversight");
  EXPECT_TRUE(
      views::read_work_list(*hospital.record.view(), views::List::owned, "CareTeam/eyes", {}, 10)
          ->empty());
  hospital.run(command(Hospital::referral("r9")));
  EXPECT_EQ(hospital.item_about("ServiceRequest/r9").owner, "team:referrals");
  hospital.expect_sound();

  Hospital removed;
  removed.run(command(Hospital::referral("r1")));
  removed.run(command(remove("CareTeam", "eyes")));
  EXPECT_EQ(removed.item_about("ServiceRequest/r1").owner, "team:oversight");

  Hospital broken(Bug::lose_owner);
  broken.run(command(Hospital::referral("r1")));
  broken.run(command(leave));
  EXPECT_EQ(broken.item_about("ServiceRequest/r1").owner, "CareTeam/eyes") << "the planted bug";
}

TEST(Follow, NothingThatAnOpenItemRestsOnIsDeleted) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  EXPECT_NE(hospital.refusal(command(remove("ServiceRequest", "r1"))).find("Task/" + id),
            std::string::npos);
  EXPECT_NE(hospital.refusal(command(remove("Patient", "p1"))), "");
  EXPECT_NE(hospital.refusal(command(remove("Task", id))), "");
  EXPECT_EQ(hospital.refusal(command(remove("Patient", "p2"))), "");
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat"),
                                 Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")}));
  EXPECT_NE(hospital.refusal(command(remove("Task", id))), "") << "a closed one is kept too";
  hospital.expect_sound();
}

TEST(Follow, OpenItemsGoWithTheirPatient) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  hospital.run(command(update(
      "Patient", "p1",
      R"("active":false,"link":[{"other":{"reference":"Patient/p2"},"type":"replaced-by"}])")));
  const Item item = hospital.item_about("ServiceRequest/r1");
  EXPECT_EQ(item.patient, "Patient/p2");
  EXPECT_EQ(hospital.record.body("Task", item.id).find("Patient/p1") == std::string::npos, false)
      << "why it is so stands in its statusReason";
  hospital.expect_sound();
}

// Whoever still uses the old record means the one who stands for it, however often it was merged.
TEST(Follow, WhatIsOpenedForAMergedPatientIsTheirsWhoStays) {
  Hospital hospital;
  const auto merged = [](const std::string& from, const std::string& into) {
    return command(update("Patient", from,
                          R"("active":false,"link":[{"type":"replaced-by","other":{"reference":)"
                          R"("Patient/)" +
                              into + R"("}}])"));
  };
  hospital.run(command(create("Patient", "p3")));
  hospital.run(merged("p1", "p2"));
  hospital.run(merged("p2", "p3"));
  hospital.run(command(Hospital::referral("r1")));  // of p1
  EXPECT_EQ(hospital.item_about("ServiceRequest/r1").patient, "Patient/p3");
  hospital.run(merged("p3", "p1"));  // a circle ends nothing
  hospital.run(command(Hospital::referral("r2")));
  EXPECT_TRUE(hospital.item_about("ServiceRequest/r2").is_open());
}

TEST(Follow, WhatOpensAgainIsNotWhoseWhoHasLeft) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat"),
                                 Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")}));
  hospital.run(command(update("CareTeam", "eyes", R"("status":"inactive")")));
  EXPECT_EQ(hospital.item(id).owner, "CareTeam/eyes") << "closed items stay as they were";
  hospital.run(hospital.put(id, {Hospital::state("not-to-treat", "received"),
                                 {R"("statusReason":{"coding":[{"code":"35"}]})",
                                  R"("statusReason":{"text":"asked for again"})"}}));
  EXPECT_EQ(hospital.item(id).owner, "team:oversight");
  hospital.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
