// decide/test_hospital.h: a record that follows, with patients and a team, for tests of what
// becomes of duties.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "base/text.h"
#include "base/time.h"
#include "pathway/shipped.h"
#include "views/facts.h"
#include "views/items.h"

namespace holdfast::decide {

using apply::command;
using apply::create;
using apply::remove;
using apply::TestRecord;
using apply::update;
using views::Item;

inline constexpr std::int64_t day_ms = 86'400'000;

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

}  // namespace holdfast::decide
