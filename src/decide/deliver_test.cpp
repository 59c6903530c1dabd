// decide/deliver_test.cpp: what an entry owes to channels, what ends a duty, and that the outbox,
// its counts and the digest say the same, applied one after the other.
#include <algorithm>

#include <gtest/gtest.h>

#include "apply/test_record.h"
#include "views/facts.h"
#include "views/outbox.h"

namespace holdfast::decide {
namespace {

using apply::create;
using apply::remove;
using apply::TestRecord;
using apply::update;

Command owing(Command command, std::vector<Delivery> deliveries) {
  command.deliveries = std::move(deliveries);
  return command;
}

Delivery of(std::uint32_t operation, std::string channel = "gp", std::string lane = "") {
  return {std::move(channel), std::move(lane), operation, {}, {}};
}

Delivery again(std::string type, std::string id) {
  return {"gp", {}, {}, std::move(type), std::move(id)};
}

Command settling(DutyName duty, Settled settled, bool was_held = false,
                 const std::string& channel = "gp") {
  Command command = apply::command();
  command.settlements = {{channel, duty, settled, was_held, {}, {}, "AA"}};
  return command;
}

std::string subject(const std::string& id) {
  return R"("subject":{"reference":"Patient/)" + id + R"("})";
}

std::vector<views::NamedDuty> owed(TestRecord& record, const std::string& channel = "gp") {
  return views::read_duties(*record.view(), channel, {}, 100).value();
}

views::OutboxCounts counts(TestRecord& record, const std::string& channel = "gp") {
  return views::read_outbox_counts(*record.view(), channel).value();
}

void expect_sound(TestRecord& record) {
  const auto facts = views::digest_of_view(*record.view(), record.codec);
  ASSERT_TRUE(facts) << facts.error().what;
  EXPECT_EQ(facts->digest, record.state.digest);
}

TEST(Deliver, OwesWhatIsWrittenAndNothingElse) {
  TestRecord record;
  ASSERT_TRUE(record.run(
      owing(apply::command(create("Patient", "p1", apply::identifier("s", "1"), "identifier=s|1")),
            {of(0)})));
  ASSERT_EQ(owed(record).size(), 1U);
  EXPECT_EQ(owed(record)[0].name, (DutyName{Position{1}, 0}));
  EXPECT_EQ(owed(record)[0].duty, (views::Duty{RowId{1}, RowId{1}, "p1", false}));
  // It is there already: nothing is written, nothing is owed.
  const auto matched = record.run(
      owing(apply::command(create("Patient", "p2", apply::identifier("s", "1"), "identifier=s|1")),
            {of(0)}));
  ASSERT_TRUE(matched);
  EXPECT_FALSE(matched->changes());
  ASSERT_TRUE(record.run(owing(apply::command(remove("Patient", "p9")), {of(0)})));
  EXPECT_EQ(counts(record), (views::OutboxCounts{.owed = 1}));
  expect_sound(record);
}

TEST(Deliver, KnowsTheLaneOfWhatItOwes) {
  TestRecord record;
  ASSERT_TRUE(record.run(owing(
      apply::command(create("Observation", "o1", subject("p7")),
                     update("Patient", "p7", R"("link":[{"other":{"reference":"Patient/a"}}])"),
                     create("Organization", "x")),
      {of(0), of(1), of(2), of(2, "lab", "own")})));
  const auto duties = owed(record);
  ASSERT_EQ(duties.size(), 3U);
  EXPECT_EQ(duties[0].duty.lane, "p7");
  EXPECT_EQ(duties[1].duty.lane, "p7");
  EXPECT_EQ(duties[2].duty.lane, "");
  EXPECT_EQ(duties[0].duty.as_of, RowId{3}) << "what it refers to may come later in its entry";
  EXPECT_EQ(owed(record, "lab")[0].duty.lane, "own");
  EXPECT_EQ(views::read_channels(*record.view()).value(), (std::vector<std::string>{"gp", "lab"}));
  // A removal is owed in the lane of what was there.
  ASSERT_TRUE(record.run(owing(apply::command(remove("Observation", "o1")), {of(0)})));
  EXPECT_EQ(owed(record).back().duty.lane, "p7");
  expect_sound(record);
}

TEST(Deliver, SendsAgainWhatIsCurrent) {
  TestRecord record;
  ASSERT_TRUE(record.run(apply::command(create("Observation", "o1", subject("p7")))));
  ASSERT_TRUE(record.run(apply::command(update("Observation", "o1", subject("p8")))));
  ASSERT_TRUE(record.run(owing(apply::command(), {again("Observation", "o1")})));
  ASSERT_EQ(owed(record).size(), 1U);
  EXPECT_EQ(owed(record)[0].duty, (views::Duty{RowId{2}, RowId{2}, "p8", false}));
  for (const Delivery& bad : {again("Observation", "o2"), again("Nonsense", "o1")}) {
    EXPECT_EQ(record.run(owing(apply::command(), {bad})).error().code, Code::not_found);
  }
  expect_sound(record);
}

TEST(Deliver, ADutyEndsOnce) {
  TestRecord record;
  ASSERT_TRUE(record.run(
      owing(apply::command(create("Patient", "p1"), create("Patient", "p2")), {of(0), of(1)})));
  const DutyName first{Position{1}, 0};
  const DutyName second{Position{1}, 1};
  ASSERT_TRUE(record.run(settling(first, Settled::delivered)));
  for (const Settled settled :
       {Settled::delivered, Settled::held, Settled::released, Settled::dead}) {
    for (const bool was_held : {false, true}) {
      EXPECT_EQ(record.run(settling(first, settled, was_held)).error().code, Code::conflict);
      // Of one that is not held.
      if (was_held || settled == Settled::released) {
        EXPECT_EQ(record.run(settling(second, settled, was_held)).error().code, Code::conflict);
      }
    }
  }
  ASSERT_TRUE(record.run(settling(second, Settled::held)));
  EXPECT_EQ(record.run(settling(second, Settled::held)).error().code, Code::conflict);
  EXPECT_EQ(record.run(settling(second, Settled::held, true)).error().code, Code::conflict);
  EXPECT_EQ(record.run(settling(second, Settled::dead)).error().code, Code::conflict);
  EXPECT_EQ(record.run(settling(second, Settled::dead, true, "lab")).error().code, Code::conflict);
  EXPECT_EQ(counts(record), (views::OutboxCounts{.owed = 1, .held = 1, .delivered = 1}));
  EXPECT_TRUE(owed(record)[0].duty.held);
  expect_sound(record);
  ASSERT_TRUE(record.run(settling(second, Settled::released, true)));
  EXPECT_FALSE(owed(record)[0].duty.held);
  ASSERT_TRUE(record.run(settling(second, Settled::held)));
  ASSERT_TRUE(record.run(settling(second, Settled::dead, true)));
  EXPECT_EQ(counts(record), (views::OutboxCounts{.delivered = 1, .dead = 1, .released = 1}));
  const auto past = views::read_past(*record.view(), "gp", {}, 100).value();
  ASSERT_EQ(past.size(), 2U);
  EXPECT_EQ(past[0].settled, Settled::delivered);
  EXPECT_EQ(past[0].by, Position{2});
  EXPECT_EQ(past[1].settled, Settled::dead);
  EXPECT_EQ(past[1].lane, "p2");
  expect_sound(record);
}

TEST(Deliver, RefusesACommandThatContradictsItself) {
  TestRecord record;
  EXPECT_EQ(record.run(owing(apply::command(create("Patient", "p1")), {of(1)})).error().code,
            Code::structure);
  EXPECT_EQ(record
                .run(owing(apply::command(create("Patient", "p1"), create("Patient", "p2")),
                           {of(1), of(0)}))
                .error()
                .code,
            Code::structure);
  ASSERT_TRUE(record.run(owing(apply::command(create("Patient", "p1")), {of(0)})));
  Command twice = settling({Position{1}, 0}, Settled::delivered);
  twice.settlements.push_back(twice.settlements[0]);
  EXPECT_EQ(record.run(twice).error().code, Code::structure);
  // All of it or none: with a duty that is not there nothing of the Command happens.
  Command with = settling({Position{9}, 0}, Settled::dead);
  with.operations = {create("Task", "t1")};
  EXPECT_EQ(record.run(with).error().code, Code::conflict);
  EXPECT_EQ(record.body("Task", "t1"), "");
}

TEST(Deliver, AWindowIsReadInTheOrderOfTheJournal) {
  TestRecord record;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(record.run(owing(apply::command(create("Patient", "a" + std::to_string(i)),
                                                create("Patient", "b" + std::to_string(i))),
                                 {of(0), of(1)})));
  }
  std::optional<DutyName> after;
  std::vector<DutyName> seen;
  for (;;) {
    const auto some = views::read_duties(*record.view(), "gp", after, 3).value();
    if (some.empty()) {
      break;
    }
    for (const views::NamedDuty& one : some) {
      seen.push_back(one.name);
    }
    after = seen.back();
  }
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(Outbox, VerifyFindsRowsThatWereTamperedWith) {
  TestRecord record;
  ASSERT_TRUE(record.run(
      owing(apply::command(create("Patient", "p1"), create("Patient", "p2")), {of(0), of(1)})));
  ASSERT_TRUE(record.run(settling({Position{1}, 0}, Settled::delivered)));
  std::vector<std::pair<Bytes, Bytes>> rows;
  const auto cursor = record.view()->scan(views::Table::outbox, {}, {}, views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    rows.emplace_back(cursor->key(), cursor->value());
  }
  ASSERT_EQ(rows.size(), 3U);
  const auto differs = [&] {
    const auto facts = views::digest_of_view(*record.view(), record.codec);
    return !facts || facts->digest != record.state.digest;
  };
  for (const auto& [key, value] : rows) {
    // A lane and other patients (here none) follow from the body, and how often anything was
    // released is no fact.
    constexpr std::string_view owed_end("p2\0", 3);
    constexpr std::string_view past_end("p1");
    const std::size_t facts = value.size() - (value.ends_with(owed_end)   ? owed_end.size()
                                              : value.ends_with(past_end) ? past_end.size()
                                                                          : 1);
    for (std::size_t i = 0; i < facts; ++i) {
      Bytes bent = value;
      bent[i] = static_cast<char>(bent[i] ^ 1);
      const std::array bend{views::Write{views::Table::outbox, key, BytesView(bent)}};
      ASSERT_TRUE(record.kv.write(bend));
      EXPECT_TRUE(differs());
    }
    const std::array lose{views::Write{views::Table::outbox, key, std::nullopt}};
    ASSERT_TRUE(record.kv.write(lose));
    EXPECT_TRUE(differs());
    const std::array mend{views::Write{views::Table::outbox, key, BytesView(value)}};
    ASSERT_TRUE(record.kv.write(mend));
    EXPECT_FALSE(differs());
  }
}

}  // namespace
}  // namespace holdfast::decide
