// What must hold of duties, on a record without journal: docs/PATHWAYS.md.
#include <gtest/gtest.h>

#include "decide/follow.h"
#include "decide/test_hospital.h"

namespace holdfast::decide {
namespace {

TEST(Follow, AReferralOpensExactlyOneItemInItsOwnEntry) {
  Hospital hospital;
  const Outcome outcome = hospital.run(command(Hospital::referral("r1")));
  ASSERT_EQ(outcome.made.size(), 1U);
  const Item item = hospital.item_about("ServiceRequest/r1");
  EXPECT_EQ(item.pathway, "referral");
  EXPECT_EQ(item.state, "received");
  EXPECT_EQ(item.status, "requested");
  EXPECT_EQ(item.owner, "CareTeam/eyes");
  EXPECT_EQ(item.patient, "Patient/p1");
  // Five working days from Monday, 30 November 2026.
  ASSERT_TRUE(item.due.has_value());
  EXPECT_EQ(to_instant(*item.due).substr(0, 10), "2026-12-07");
  // The same again, and a change of it: no second one.
  hospital.run(command(Hospital::referral("r1")));
  hospital.run(command(Hospital::referral("r1", R"(,"priority":"urgent")")));
  EXPECT_EQ(hospital.about("ServiceRequest/r1").size(), 1U);
  hospital.expect_sound();
}

TEST(Follow, AnOrderThatNoPathwayKnowsIsSomebodysAllTheSame) {
  Hospital hospital;
  hospital.run(command(
      update("ServiceRequest", "x",
             R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"})")));
  const Item item = hospital.item_about("ServiceRequest/x");
  EXPECT_EQ(item.pathway, "unclassified");
  EXPECT_EQ(item.owner, "team:request-desk");
  // A proposal is no order.
  hospital.run(command(
      update("ServiceRequest", "y",
             R"("status":"active","intent":"proposal","subject":{"reference":"Patient/p1"})")));
  EXPECT_TRUE(hospital.about("ServiceRequest/y").empty());
  hospital.expect_sound();
}

TEST(Follow, AnOwnerThatIsNotThereIsNoOwner) {
  Hospital hospital;
  Operation lost = Hospital::referral("r1");
  lost.body.replace(lost.body.find("CareTeam/eyes"), 13, "CareTeam/none");
  hospital.run(command(lost));
  EXPECT_EQ(hospital.item_about("ServiceRequest/r1").owner, "team:referrals");
  hospital.expect_sound();
}

TEST(Follow, AppointmentsMoveItAndDoNotCloseIt) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  hospital.run(hospital.put(id, {Hospital::state("received", "awaiting-booking")}));
  EXPECT_EQ(hospital.item(id).status, "accepted");
  hospital.run(
      command(Hospital::appointment("a1", "ServiceRequest/r1", "booked", "2026-12-10T10:00:00Z")));
  EXPECT_EQ(hospital.item(id).state, "booked");
  EXPECT_EQ(to_instant(*hospital.item(id).due).substr(0, 10), "2026-12-11");
  const Version before = hospital.version(id);
  hospital.run(
      command(Hospital::appointment("a1", "ServiceRequest/r1", "booked", "2026-12-10T10:00:00Z")));
  EXPECT_EQ(hospital.version(id), before) << "the same again is no change";
  hospital.run(
      command(Hospital::appointment("a1", "ServiceRequest/r1", "noshow", "2026-12-10T10:00:00Z")));
  EXPECT_EQ(hospital.item(id).state, "clinical-review");
  hospital.run(
      command(Hospital::appointment("a2", "ServiceRequest/r1", "booked", "2026-12-20T10:00:00Z")));
  hospital.run(command(
      Hospital::appointment("a2", "ServiceRequest/r1", "fulfilled", "2026-12-20T10:00:00Z")));
  EXPECT_EQ(hospital.item(id).state, "attended");
  EXPECT_TRUE(hospital.item(id).is_open());
  hospital.expect_sound();
}

TEST(Follow, AnActThatThePathwayDoesNotKnowIsRefusedWithThoseItKnows) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  const std::string why =
      hospital.refusal(hospital.put(id, {Hospital::state("received", "attended")}));
  EXPECT_NE(why.find("'received'"), std::string::npos) << why;
  EXPECT_NE(why.find("'awaiting-booking' (accept it)"), std::string::npos) << why;
  EXPECT_NE(
      hospital.refusal(hospital.put(id, {{R"("status":"requested")", R"("status":"completed")"}})),
      "");
  EXPECT_EQ(hospital.item(id).state, "received");
  // Nor without saying which version was read.
  Command blind = hospital.put(id, {Hospital::state("received", "awaiting-booking")});
  blind.operations.front().if_match.reset();
  EXPECT_NE(hospital.refusal(std::move(blind)).find("If-Match"), std::string::npos);
  // Nor what the item rests on.
  EXPECT_NE(hospital.refusal(hospital.put(id, {{"Patient/p1", "Patient/p2"}})).find("for"),
            std::string::npos);
  EXPECT_NE(hospital.refusal(hospital.put(id, {{"CareTeam/eyes", "CareTeam/none"}})), "");
  hospital.expect_sound();
}

TEST(Follow, ACloseNeedsItsReasonAndItsEvidence) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  hospital.run(hospital.put(id, {Hospital::state("received", "awaiting-booking")}));
  hospital.run(command(
      Hospital::appointment("a1", "ServiceRequest/r1", "fulfilled", "2026-12-10T10:00:00Z")));
  const auto discharge = [&](const std::string& more) {
    return hospital.put(id, {Hospital::state("attended", "discharged"), Hospital::with(more)});
  };
  const std::string reason = R"("statusReason":{"text":"seen, no treatment needed"})";
  const auto evidence = [](const std::string& what) {
    return R"("output":[{"type":{"text":"evidence"},"valueReference":{"reference":")" + what +
           R"("}}])";
  };
  EXPECT_NE(hospital.refusal(discharge(evidence("Appointment/a1"))).find("statusReason"),
            std::string::npos);
  EXPECT_NE(hospital.refusal(discharge(reason)).find("'evidence'"), std::string::npos);
  EXPECT_NE(
      hospital.refusal(discharge(reason + "," + evidence("Appointment/none"))).find("not there"),
      std::string::npos);
  hospital.run(discharge(reason + "," + evidence("Appointment/a1")));
  EXPECT_FALSE(hospital.item(id).is_open());
  EXPECT_EQ(hospital.item(id).status, "completed");
  // Twice, and an old version: neither is anything.
  EXPECT_NE(hospital.refusal(hospital.put(id, {Hospital::state("discharged", "attended")})), "");
  hospital.expect_sound();

  Hospital broken(Bug::close_without_evidence);
  broken.run(command(Hospital::referral("r1")));
  const std::string other = broken.about("ServiceRequest/r1").front();
  EXPECT_EQ(broken.refusal(broken.put(other, {Hospital::state("received", "not-to-treat")})), "")
      << "the planted bug is there, so the test above would see it";
}

TEST(Follow, AnOutcomeThatPlansMoreOpensItInTheSameEntry) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  hospital.run(
      command(Hospital::appointment("a1", "ServiceRequest/r1", "booked", "2026-12-01T10:00:00Z")));
  hospital.run(command(
      Hospital::appointment("a1", "ServiceRequest/r1", "fulfilled", "2026-12-01T10:00:00Z")));
  const Outcome outcome = hospital.run(
      hospital.put(id, {Hospital::state("attended", "succeeded"),
                        Hospital::with(R"("statusReason":{"text":"again in spring"})")}));
  EXPECT_EQ(outcome.made.size(), 2U);
  EXPECT_FALSE(hospital.item(id).is_open());
  std::vector<Item> open;
  for (const std::string& one : hospital.about("ServiceRequest/r1")) {
    if (hospital.item(one).is_open()) {
      open.push_back(hospital.item(one));
    }
  }
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].pathway, "follow-up");
  EXPECT_EQ(open[0].parent, "Task/" + id);
  EXPECT_EQ(open[0].owner, "CareTeam/eyes");
  hospital.expect_sound();
}

TEST(Follow, TimeEscalatesOnceEachStepAndClosesNothing) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  EXPECT_TRUE(hospital.pass(1).made.empty());
  EXPECT_EQ(hospital.pass(7).made.size(), 1U);
  EXPECT_EQ(hospital.item(id).overseers, std::vector<views::Owner>{"team:referral-manager"});
  EXPECT_TRUE(hospital.item(id).is_overdue());
  EXPECT_EQ(hospital.item(id).owner, "CareTeam/eyes") << "the owner stays";
  EXPECT_TRUE(hospital.pass(0).made.empty()) << "one alert an episode";
  for (const std::int64_t days : {180, 550, 3650}) {
    hospital.pass(days);
    EXPECT_TRUE(hospital.item(id).is_open());
    EXPECT_EQ(hospital.item(id).overseers,
              (std::vector<views::Owner>{"team:referral-manager", "team:oversight"}));
    EXPECT_EQ(
        views::read_work_list(*hospital.record.view(), views::List::owned, "CareTeam/eyes", {}, 10)
            ->size(),
        1U);
    EXPECT_EQ(views::read_work_list(*hospital.record.view(), views::List::overseen,
                                    "team:oversight", {}, 10)
                  ->size(),
              1U);
  }
  hospital.expect_sound();

  Hospital broken(Bug::age_out);
  broken.run(command(Hospital::referral("r1")));
  broken.pass(200);
  EXPECT_FALSE(broken.item_about("ServiceRequest/r1").is_open()) << "the planted bug is there";
}

// What comes late already lies before the place where the last Tick stopped looking.
TEST(Follow, WhatIsLateAlreadyWhenItComesIsSeenByTheNextTick) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r0")));
  hospital.pass(400);
  hospital.run(
      command(Hospital::referral("r1"),
              Hospital::appointment("a1", "ServiceRequest/r1", "booked", "2020-01-06T10:00:00Z")));
  EXPECT_FALSE(hospital.item_about("ServiceRequest/r1").is_overdue());
  EXPECT_EQ(hospital.pass(0).made.size(), 1U);
  EXPECT_TRUE(hospital.item_about("ServiceRequest/r1").is_overdue());
  hospital.expect_sound();
}

TEST(Follow, ADateToBeSeenByThatPassesIsAReview) {
  Hospital hospital;
  hospital.run(command(update(
      "ServiceRequest", "f1",
      R"("status":"active","intent":"order","subject":{"reference":"Patient/p1"},"occurrencePeriod":{"end":"2026-12-01"},)"
      R"("code":{"coding":[{"system":"http://snomed.info/sct","code":"390906007"}]})")));
  const Item planned = hospital.item_about("ServiceRequest/f1");
  EXPECT_EQ(planned.state, "planned");
  hospital.pass(100);
  const Item late = hospital.item(planned.id);
  EXPECT_EQ(late.state, "expired");
  EXPECT_TRUE(late.is_open());
  hospital.expect_sound();
}

TEST(Follow, WhatIsActiveAgainIsOwedAgain) {
  const auto withdraw = [](Hospital& hospital) {
    hospital.run(command(Hospital::referral("r1"),
                         create("Communication", "c1", R"("status":"completed")")));
    const std::string id = hospital.about("ServiceRequest/r1").front();
    hospital.run(hospital.put(
        id,
        {Hospital::state("received", "withdrawn"),
         Hospital::with(
             R"("statusReason":{"text":"asked for by the practice"},"output":[{"type":{"text":"evidence"},)"
             R"("valueReference":{"reference":"Communication/c1"}}])")}));
    hospital.run(command(Hospital::referral("r1", "", "revoked")));
    hospital.run(command(Hospital::referral("r1")));
    return hospital.item(id);
  };
  Hospital hospital;
  const Item again = withdraw(hospital);
  EXPECT_EQ(again.state, "received");
  EXPECT_EQ(again.reopened, 1U);
  hospital.expect_sound();
  Hospital broken(Bug::drop_reopening);
  EXPECT_EQ(withdraw(broken).state, "withdrawn") << "the planted bug";
}

TEST(Follow, AResultIsNormalOnlyWhereSomebodyJudgedEachValueSo) {
  const auto urgency = [](const std::string& value) {
    Hospital hospital;
    hospital.run(command(
        update(
            "Observation", "o",
            R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"})" + value),
        update(
            "DiagnosticReport", "d",
            R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"},"result":[{"reference":"Observation/o"}])")));
    hospital.expect_sound();
    for (const std::string& id : hospital.about("DiagnosticReport/d")) {
      if (hospital.item(id).parent.empty()) {
        return hospital.item(id).urgency;
      }
    }
    return std::string("nobody's");
  };
  const auto flagged = [](const std::string& code) {
    return R"(,"valueQuantity":{"value":1},"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":")" +
           code + R"("}]}])";
  };
  EXPECT_EQ(urgency(flagged("N")), "normal");
  EXPECT_EQ(urgency(flagged("H")), "abnormal");
  EXPECT_EQ(urgency(flagged("HH")), "critical");
  EXPECT_EQ(urgency(""), "abnormal") << "nobody has judged it";
  EXPECT_EQ(urgency(R"(,"valueString":"malignant cells")"), "abnormal");
}

TEST(Follow, HistoryIsCountedAndOpensNothing) {
  auto files = pathway::shipped_files();
  for (auto& file : files) {
    if (file.name == "settings.toml") {
      file.text = "organisation = \"RXH\"\ncut_over = \"2026-11-01\"\n";
    }
  }
  const auto definitions = pathway::Definitions::read(std::move(files));
  ASSERT_TRUE(definitions.has_value()) << definitions.error().what;
  Hospital hospital;
  hospital.record.pathways = definitions->get();
  Command load = command(Hospital::referral("old", R"(,"authoredOn":"2020-01-01")"),
                         Hospital::referral("new", R"(,"authoredOn":"2026-11-20")"),
                         Hospital::referral("undated"));
  load.purpose = "historic-load";
  const Outcome outcome = hospital.run(std::move(load));
  EXPECT_TRUE(hospital.about("ServiceRequest/old").empty());
  EXPECT_EQ(hospital.about("ServiceRequest/new").size(), 1U);
  EXPECT_EQ(hospital.about("ServiceRequest/undated").size(), 1U);
  EXPECT_EQ(outcome.before, (std::vector<Before>{{"referral", "RXH", 1}}));
  const auto ledger = *views::read_ledger(*hospital.record.view());
  ASSERT_EQ(ledger.size(), 1U);
  EXPECT_EQ(ledger[0].before, 1U);
  EXPECT_EQ(ledger[0].opened, 2U);
  // The same without the word: a live order is never history.
  hospital.run(command(Hospital::referral("live", R"(,"authoredOn":"2020-01-01")")));
  EXPECT_EQ(hospital.about("ServiceRequest/live").size(), 1U);
  hospital.expect_sound();
}

TEST(Follow, WithoutPathwaysNothingIsAnItem) {
  TestRecord record;
  const std::string claim =
      R"("extension":[{"url":"urn:holdfast:item"}],"status":"requested","intent":"order")";
  const auto outcome = record.run(command(create("Task", "t", claim)));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, Code::invariant);
  EXPECT_TRUE(record.run(command(create("Task", "u", R"("status":"requested","intent":"order")")))
                  .has_value());
}

TEST(Follow, NobodyMakesAnItemByHand) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  Operation forged = create("Task", "forged");
  forged.body = hospital.record.body("Task", hospital.about("ServiceRequest/r1").front());
  EXPECT_NE(hospital.refusal(command(forged)).find("is no item"), std::string::npos);
  hospital.run(command(create("Task", "plain", R"("status":"requested","intent":"order")")));
  hospital.expect_sound();
}

}  // namespace
}  // namespace holdfast::decide
