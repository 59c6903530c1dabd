// What must hold of duties, on a record without journal: docs/PATHWAYS.md.
#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "base/text.h"
#include "base/time.h"
#include "decide/follow.h"
#include "pathway/shipped.h"
#include "views/facts.h"
#include "views/items.h"

namespace holdfast::decide {
namespace {

using apply::command;
using apply::create;
using apply::remove;
using apply::TestRecord;
using apply::update;
using views::Item;

constexpr std::int64_t day_ms = 86'400'000;

/// A record that follows, with a patient and a team.
class Hospital {
 public:
  explicit Hospital(Bug planted = Bug::none) : record(planted) {
    record.pathways = pathway::shipped().get();
    record.now = Time{parse_date_time("2026-11-30T09:00:00Z")->from.ms};
    run(command(create("Patient", "p1"), create("Patient", "p2"),
                create("CareTeam", "eyes", R"("status":"active")"),
                create("Organization", "trust", R"("active":true)")));
  }

  Outcome run(Command one) {
    auto outcome = try_run(std::move(one));
    EXPECT_TRUE(outcome.has_value()) << outcome.error().what;
    return outcome ? *std::move(outcome) : Outcome{};
  }
  Result<Outcome> try_run(Command one) {
    one.key.bytes[0] = static_cast<char>(++keys_);
    one.key.bytes[1] = static_cast<char>(keys_ >> 8U);
    return record.run(std::move(one));
  }
  /// What the refusal says; empty where it is none.
  std::string refusal(Command one) {
    const auto outcome = try_run(std::move(one));
    return outcome ? std::string() : outcome.error().what;
  }

  /// A referral to the eyes' team.
  static Operation referral(const std::string& id, const std::string& more = "",
                            const std::string& status = "active") {
    return update(
        "ServiceRequest", id,
        R"("status":")" + status + R"(","intent":"order","subject":{"reference":"Patient/p1"},)" +
            R"("category":[{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}],)" +
            R"("performer":[{"reference":"CareTeam/eyes"}])" + more);
  }
  static Operation appointment(const std::string& id, const std::string& about,
                               const std::string& status, const std::string& start) {
    return update(
        "Appointment", id,
        R"("status":")" + status + R"(","basedOn":[{"reference":")" + about + R"("}],"start":")" +
            start +
            R"(","participant":[{"status":"accepted","actor":{"reference":"Patient/p1"}}])");
  }

  std::vector<std::string> about(const std::string& focus) {
    return *views::items_about(*record.view(), focus, views::Which::all, 100);
  }
  Item item_about(const std::string& focus) {
    const auto ids = about(focus);
    EXPECT_EQ(ids.size(), 1U) << focus;
    return ids.empty() ? Item{} : item(ids.front());
  }
  Item item(const std::string& id) {
    const auto found = views::find_item(*record.view(), id);
    EXPECT_TRUE(found && *found) << id;
    return found && *found ? **found : Item{};
  }
  Version version(const std::string& id) {
    return (*views::read_current(*record.view(), *fhir::type_id("Task"), id))->version;
  }

  /// PUT of the Task with texts replaced in what is there; each must be there.
  Command put(const std::string& id, std::vector<std::pair<std::string, std::string>> changes) {
    std::string body = record.body("Task", id);
    for (const auto& [from, to] : changes) {
      const std::size_t at = body.find(from);
      EXPECT_NE(at, std::string::npos) << from << " in " << body;
      if (at != std::string::npos) {
        body.replace(at, from.size(), to);
      }
    }
    Operation operation = update("Task", id);
    operation.if_match = version(id);
    operation.body = body;
    return command(operation);
  }
  static std::pair<std::string, std::string> state(const std::string& from, const std::string& to) {
    return {R"("code":")" + from + R"("}],"text")", R"("code":")" + to + R"("}],"text")"};
  }
  /// In front of "intent", which every item's Task has.
  static std::pair<std::string, std::string> with(const std::string& more) {
    return {R"("intent":"order")", R"("intent":"order",)" + more};
  }

  Outcome pass(std::int64_t days) {
    record.now.ms += days * day_ms;
    Command tick;
    tick.tick = Tick{Time{record.now.ms + record.step_ms}, 1000};
    return run(std::move(tick));
  }

  void expect_sound() {
    const auto facts = views::digest_of_view(*record.view(), record.codec);
    ASSERT_TRUE(facts.has_value()) << facts.error().what;
    EXPECT_EQ(facts->digest, record.state.digest);
    EXPECT_EQ(facts->last_row, record.state.last_row);
    std::uint64_t open = 0;
    const auto ledger = views::read_ledger(*record.view());
    for (const auto& row : *ledger) {
      EXPECT_GE(row.opened, row.closed);
      open += row.opened - row.closed;
    }
    std::uint64_t owned = 0;
    const auto owners = views::read_owners(*record.view());
    for (const auto& [owner, counts] : *owners) {
      owned += counts.open;
      EXPECT_EQ(
          views::read_work_list(*record.view(), views::List::owned, owner, {}, 10'000)->size(),
          counts.open);
    }
    EXPECT_EQ(open, owned) << "each open item is on exactly one owner's list";
  }

  TestRecord record;

 private:
  unsigned keys_ = 0;
};

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

TEST(Follow, WhatOpensAgainIsNotWhoseWhoHasLeft) {
  Hospital hospital;
  hospital.run(command(Hospital::referral("r1")));
  const std::string id = hospital.about("ServiceRequest/r1").front();
  hospital.run(hospital.put(id, {Hospital::state("received", "not-to-treat"),
                                 Hospital::with(R"("statusReason":{"coding":[{"code":"35"}]})")}));
  hospital.run(command(update("CareTeam", "eyes", R"("status":"inactive")")));
  EXPECT_EQ(hospital.item(id).owner, "CareTeam/eyes") << "closed items stay as they were";
  hospital.run(hospital.put(id, {Hospital::state("not-to-treat", "received")}));
  EXPECT_EQ(hospital.item(id).owner, "team:oversight");
  hospital.expect_sound();
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
