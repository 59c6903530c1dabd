#include "node/node.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "journal/checkpoint.h"
#include "node/test_node.h"
#include "views/facts.h"

namespace holdfast::node {
namespace {

using apply::command;
using apply::create;
using apply::update;

TEST_F(NodeTest, WhatIsAcknowledgedIsReadableAtOnceAndAfterAPowerCut) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 20; ++i) {
    const std::string id = "p" + std::to_string(i);
    const auto committed = submit(command(create("Patient", id)));
    ASSERT_TRUE(committed) << committed.error().what;
    EXPECT_EQ(committed->position.value, static_cast<std::uint64_t>(i) + 1);
    const Moment moment = node->view();
    const auto current = views::read_current(*moment.reader, *fhir::type_id("Patient"), id);
    ASSERT_TRUE(current && *current);
  }
  const auto digest = node->view().state.digest;
  crash(Crash::power, 0);
  const auto report = open();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->head.value, 20U);
  EXPECT_EQ(report->replayed, 20U);
  EXPECT_EQ(node->view().state.digest, digest);
}

TEST_F(NodeTest, ReplayContinuesWhereTheViewStopped) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(submit(command(update("Patient", "p" + std::to_string(i % 7)))));
    scheduler.run_for(milliseconds(1));
  }
  const auto digest = node->view().state.digest;
  for (const std::size_t kept : {std::size_t{3}, std::size_t{10}, std::size_t{1000}}) {
    crash(Crash::process, kept);
    const auto report = open();
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_EQ(node->view().state.digest, digest);
    const auto facts = views::digest_of_view(*node->view().reader, node->codec());
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_EQ(facts->digest, digest);
  }
}

TEST_F(NodeTest, TheSameKeyGivesTheSameOutcomeAndChangesNothing) {
  ASSERT_TRUE(open());
  const Command first = keyed(command(create("Patient", "a")), "k1", "request");
  const auto once = submit(first);
  ASSERT_TRUE(once) << once.error().what;
  const auto again = submit(keyed(command(create("Patient", "b")), "k1", "request"));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->position, once->position);
  EXPECT_EQ(again->outcome, once->outcome);
  EXPECT_EQ(again->time, once->time);
  EXPECT_EQ(node->view().state.position.value, 1U);
  const auto other = submit(keyed(command(create("Patient", "c")), "k1", "other request"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::key_reused);
  crash(Crash::power, 0);
  ASSERT_TRUE(open());
  const auto later = submit(first);
  ASSERT_TRUE(later) << later.error().what;
  EXPECT_TRUE(later->repeated);
}

TEST_F(NodeTest, ManyAtOnceShareASync) {
  ASSERT_TRUE(open());
  constexpr int many = 64;
  std::vector<Command> commands;
  for (int i = 0; i < many; ++i) {
    commands.push_back(command(create("Patient", "p" + std::to_string(i))));
  }
  for (const auto& answer : submit_all(std::move(commands))) {
    EXPECT_TRUE(answer);
  }
  EXPECT_EQ(node->counts().entries, static_cast<std::uint64_t>(many));
  EXPECT_LT(node->counts().syncs, static_cast<std::uint64_t>(many) / 4);
}

TEST_F(NodeTest, ALargeCommandKeepsNothingWaitingThatCameBeforeIt) {
  ASSERT_TRUE(open());
  // All of them wait together while the first is made durable.
  const auto batches_with = [&](std::size_t operations) {
    const std::uint64_t before = node->counts().batches;
    std::vector<Command> commands;
    for (int i = 0; i < 20; ++i) {
      commands.push_back(command(update("Patient", "p" + std::to_string(i))));
    }
    Command large;
    for (std::size_t i = 0; i < operations; ++i) {
      large.operations.push_back(update("Observation", "o" + std::to_string(i)));
    }
    commands.insert(commands.begin() + 10, std::move(large));
    for (const auto& answer : submit_all(std::move(commands))) {
      EXPECT_TRUE(answer);
    }
    return node->counts().batches - before;
  };
  EXPECT_EQ(batches_with(256), 2U);
  EXPECT_EQ(batches_with(257), 3U);
}

TEST_F(NodeTest, ACommandInABatchSeesTheOneBeforeIt) {
  ASSERT_TRUE(open());
  std::vector<Command> commands;
  for (int i = 0; i < 8; ++i) {
    commands.push_back(command(
        create("Patient", "p" + std::to_string(i), apply::identifier("s", "1"), "identifier=s|1")));
  }
  for (const auto& answer : submit_all(std::move(commands))) {
    EXPECT_TRUE(answer);
  }
  EXPECT_EQ(node->view().state.resources, 1U);
  EXPECT_EQ(node->counts().unchanged, 7U);
}

TEST_F(NodeTest, AfterAFailedSyncNothingMoreIsAcknowledged) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(submit(command(create("Patient", "before"))));
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::sync ? DiskFault::io_error : DiskFault::none;
  });
  const auto failed = submit(command(create("Patient", "lost")));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::unavailable);
  machine.disk().heal();
  const auto refused = submit(command(create("Patient", "after")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(node->health().fatal, Fatal::yes);
  // Reads go on, and show nothing of it.
  EXPECT_EQ(node->view().state.resources, 1U);
  crash(Crash::power, 0);
  ASSERT_TRUE(open());
  ASSERT_TRUE(submit(command(create("Patient", "after"))));
}

TEST_F(NodeTest, AFullDiskRefusesWritesAndHealsWhenThereIsSpace) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(submit(command(create("Patient", "before"))));
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::write ? DiskFault::no_space : DiskFault::none;
  });
  const auto refused = submit(command(create("Patient", "full")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::no_space) << refused.error().what;
  EXPECT_FALSE(node->health().writes_refused.empty());
  machine.disk().heal();
  scheduler.run_for(seconds(5));
  const auto healed = submit(command(create("Patient", "healed")));
  ASSERT_TRUE(healed) << healed.error().what;
  EXPECT_TRUE(node->health().writes_refused.empty());
  EXPECT_EQ(node->view().state.resources, 2U);
}

TEST_F(NodeTest, AFullStoreRefusesWritesBeforeMemoryGrowsAndCatchesUpByItself) {
  options.overlay_bytes_max = 64 << 10;
  ASSERT_TRUE(open());
  store.full = true;
  const std::string name = R"("name":[{"text":")" + Bytes(2000, 'a') + R"("}])";
  std::uint64_t taken = 0;
  Result<Committed> last = fail(Code::timeout, "none");
  for (int i = 0; i < 1000; ++i) {
    last = submit(command(create("Patient", "p" + std::to_string(i), name)));
    if (!last) {
      break;
    }
    ++taken;
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::no_space);
  EXPECT_LT(taken, 200U);
  EXPECT_EQ(node->view().state.resources, taken);
  store.full = false;
  scheduler.run_for(seconds(5));
  ASSERT_TRUE(submit(command(create("Patient", "after", name))));
  EXPECT_TRUE(node->health().writes_refused.empty());
  EXPECT_EQ(node->view().state.resources, taken + 1);
}

TEST_F(NodeTest, DrainLeavesNothingToReplay) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(submit(command(create("Patient", "p" + std::to_string(i)))));
  }
  const auto digest = node->view().state.digest;
  const auto drained = run_task(machine.sequencer(), node->drain());
  ASSERT_TRUE(drained && *drained);
  const auto refused = submit(command(create("Patient", "late")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  crash(Crash::power, 0);
  const auto report = open();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->replayed, 0U);
  EXPECT_EQ(node->view().state.digest, digest);
}

TEST_F(NodeTest, EnoughBodiesMakeADictionaryThatIsJournaledAndFoundAgain) {
  options.segment_bytes = 16 << 20;
  crash(Crash::process, 0);
  ASSERT_TRUE(open());
  const Bytes same(3000, 'a');
  std::uint64_t n = 0;
  const auto dictionaries = [&] { return node->codec().newest() == nullptr ? 0 : 1; };
  for (int i = 0; i < 6000 && dictionaries() == 0; ++i) {
    Command many;
    for (int j = 0; j < 16; ++j) {
      ++n;
      many.operations.push_back(create("Patient", "p" + std::to_string(n),
                                       R"("name":[{"text":")" + std::to_string(n * 7919) + same +
                                           R"("}],)" + apply::identifier("s", std::to_string(n))));
    }
    ASSERT_TRUE(submit(std::move(many)));
    scheduler.run_for(milliseconds(2));
  }
  ASSERT_EQ(dictionaries(), 1);
  const auto number = node->codec().newest()->number();
  EXPECT_EQ(node->read_entry(Position{number}).error().code, Code::not_found) << "no command";
  ASSERT_TRUE(submit(command(create("Patient", "last", apply::identifier("s", "last")))));
  scheduler.run_for(milliseconds(100));
  const auto digest = node->view().state.digest;
  for (const std::size_t kept : {std::size_t{0}, std::size_t{100'000}}) {
    crash(Crash::power, kept);
    const auto report = open();
    ASSERT_TRUE(report) << report.error().what;
    ASSERT_EQ(dictionaries(), 1);
    EXPECT_EQ(node->codec().newest()->number(), number);
    const auto facts = views::digest_of_view(*node->view().reader, node->codec());
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_EQ(facts->digest, digest);
  }
}

TEST_F(NodeTest, AViewThatIsAheadOfTheJournalIsRefused) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(submit(command(create("Patient", "p1"))));
  views::State state = node->view().state;
  crash(Crash::power, 1000);
  state.position = Position{9};
  const Bytes row = views::encode(state);
  const std::array<views::Write, 1> writes{
      views::Write{views::Table::meta, views::state_key, BytesView(row)}};
  ASSERT_TRUE(kv.write(writes));
  const auto report = open();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::corrupt);
}

Command lab_message(const std::string& content, const std::string& id) {
  Command given = command(create("Patient", id));
  given.request_hash = sha256(content);
  given.message = Message{.neighbour = "lab",
                          .control_id = "M1",
                          .disposition = Disposition::applied,
                          .attempt = 1,
                          .others = 0,
                          .evidence = "b" + id,
                          .bytes = content,
                          .report = "report"};
  return given;
}

TEST_F(NodeTest, AMessageSentTwiceCountsOnce) {
  ASSERT_TRUE(open());
  // In one batch, later, and after a crash.
  const auto both = submit_all({lab_message("a", "p1"), lab_message("a", "p2")});
  ASSERT_TRUE(both[0]);
  ASSERT_TRUE(both[1]);
  EXPECT_FALSE(both[0]->repeated);
  EXPECT_TRUE(both[1]->repeated);
  EXPECT_EQ(both[1]->position, both[0]->position);
  crash(Crash::power, 0);
  ASSERT_TRUE(open());
  const auto again = submit(lab_message("a", "p3"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->outcome.results[0].id, "p1");
  EXPECT_EQ(node->view().state.resources, 1U);
  const auto entry = node->read_entry(again->position);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->first.message->bytes, "a");
  EXPECT_EQ(entry->first.message->report, "report");
  EXPECT_EQ(submit(lab_message("b", "p4")).error().code, Code::conflict);
}

TEST_F(NodeTest, AMessageThatChangesNoResourceIsAnEntryAllTheSame) {
  ASSERT_TRUE(open());
  Command refused = lab_message("a", "p1");
  refused.operations.clear();
  const auto first = submit(refused);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->position, Position{1});
  EXPECT_TRUE(submit(refused)->repeated);
}

TEST_F(NodeTest, ProofsVerifyAgainstTheSignedCheckpoint) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 13; ++i) {
    ASSERT_TRUE(submit(command(create("Patient", "p" + std::to_string(i)))));
  }
  const auto note = node->checkpoint();
  ASSERT_TRUE(note) << note.error().what;
  EXPECT_NE(note->find("\n13\n"), std::string::npos) << *note;
  const auto proof = node->inclusion_proof(Position{5}, 13);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(node->inclusion_proof(Position{5}, 14));
  EXPECT_FALSE(node->inclusion_proof(Position{0}, 13));
  EXPECT_TRUE(node->consistency_proof(5, 13));
}

TEST_F(NodeTest, ThePlantedEarlyReplyAcknowledgesWhatIsThenLost) {
  options.planted = Bug::reply_before_sync;
  ASSERT_TRUE(open());
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::sync ? DiskFault::io_error : DiskFault::none;
  });
  EXPECT_TRUE(submit(command(create("Patient", "p1"))));
  EXPECT_EQ(node->view().state.resources, 0U);
}

}  // namespace
}  // namespace holdfast::node
