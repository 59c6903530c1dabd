// However the replay is cut into chunks and layers, and whoever helps: the same rows as folding
// entry by entry gives, and the state that the node had.
#include "node/replay.h"

#include <map>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "node/test_node.h"
#include "views/facts.h"
#include "world/real/real_executor.h"

namespace holdfast::node {
namespace {

using Rows = std::map<std::pair<std::size_t, Bytes>, Bytes>;

Rows rows_of(views::Kv& kv) {
  Rows rows;
  const auto snapshot = kv.snapshot();
  for (std::size_t table = 0; table < views::table_count; ++table) {
    const auto cursor =
        snapshot->scan(static_cast<views::Table>(table), {}, {}, views::Direction::forward);
    for (; cursor->valid(); cursor->next()) {
      rows[{table, Bytes(cursor->key())}] = Bytes(cursor->value());
    }
  }
  return rows;
}

// So that it takes room in the journal, compressed too.
std::string hex_text(SimRandom& random, std::size_t bytes) {
  Bytes raw(bytes / 2, '\0');
  random.fill(raw);
  return to_hex(raw);
}

class ReplayTest : public NodeTest {
 protected:
  /// Updates, deletions and commands of several operations; each builds on the one before it. Then
  /// the machine stops, and the journal is opened without a node.
  void live(std::size_t text_bytes = 300) {
    ASSERT_TRUE(open());
    SimRandom random(4);
    for (int i = 0; i < 200; ++i) {
      const std::string id = "p" + std::to_string(i % 17);
      const std::string text = apply::identifier("urn:mrn", hex_text(random, text_bytes) + id);
      const bool remove = i % 11 == 10 && i % 17 != 0;
      const auto done = submit(
          remove ? apply::command(apply::remove("Patient", id))
                 : apply::command(apply::update("Patient", id, text), apply::update("Group", "g")));
      ASSERT_TRUE(done) << done.error().what;
    }
    state = node->view().state;
    crash(Crash::power, 0);
    open_journal(journal::Access::read_write);
  }

  void open_journal(journal::Access access) {
    World& world = machine.world();
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    journal::Options journal_options;
    journal_options.segment_bytes = options.segment_bytes;
    journal_options.access = access;
    auto journal = run_task(machine.sequencer(), journal::open(parts, journal_options));
    ASSERT_TRUE(journal && *journal);
    opened.emplace(*std::move(*journal));
  }

  /// One byte of the entry's payload changes on the disk.
  void rot(Position position) {
    const auto record = opened->reader->read(position);
    ASSERT_TRUE(record);
    bool found = false;
    const auto names = machine.world().disk.list("segments");
    ASSERT_TRUE(names);
    for (const std::string& name : *names) {
      const auto file = machine.world().disk.open("segments/" + name, OpenMode::write);
      ASSERT_TRUE(file);
      Bytes bytes(*(*file)->size(), '\0');
      ASSERT_TRUE((*file)->read(0, bytes));
      std::size_t at = bytes.find(record->raw);
      if (at != Bytes::npos) {
        found = true;
        at += static_cast<std::size_t>(record->command().data() - record->raw.data());
        const Bytes other(1, static_cast<char>(~bytes[at]));
        ASSERT_TRUE((*file)->write(at, other));
      }
    }
    ASSERT_TRUE(found);
  }

  Result<std::uint64_t> replay(views::Kv& into, std::uint64_t layer_bytes,
                               std::uint64_t chunk_bytes, ReplayHelpers helpers) {
    auto from = read_folded(*into.snapshot());
    EXPECT_TRUE(from);
    views::BodyCodec codec;
    Epochs epochs;
    Position told;
    Replay replay({.kv = into,
                   .codec = codec,
                   .epochs = epochs,
                   .progress = [&](Position at) { told = at; },
                   .helpers = helpers,
                   .layer_bytes = layer_bytes,
                   .chunk_bytes = chunk_bytes},
                  *std::move(from));
    auto replayed = replay.run(*opened->reader);
    end = replay.take();
    EXPECT_EQ(told, end.state.position);
    return replayed;
  }

  views::State state;
  std::optional<journal::Opened> opened;
  Folded end;
};

TEST_F(ReplayTest, GivesTheSameRowsHoweverItIsCutAndWhoeverHelps) {
  live();
  views::MemKv one_by_one;
  const auto entries = replay(one_by_one, 1, 1, {});
  ASSERT_TRUE(entries) << entries.error().what;
  EXPECT_EQ(*entries, state.position.value);
  EXPECT_EQ(end.state, state);
  const Rows expected = rows_of(one_by_one);
  RealExecutor reading("reading");
  RealExecutor writing("writing");
  reading.start();
  writing.start();
  for (const std::uint64_t layer :
       {std::uint64_t{1}, std::uint64_t{20'000}, std::uint64_t{1} << 30}) {
    for (const std::uint64_t chunk :
         {std::uint64_t{1}, std::uint64_t{5'000}, std::uint64_t{1} << 30}) {
      for (const ReplayHelpers helpers :
           {ReplayHelpers{}, ReplayHelpers{&reading, nullptr}, ReplayHelpers{nullptr, &writing},
            ReplayHelpers{&reading, &writing}}) {
        views::MemKv fresh;
        const auto replayed = replay(fresh, layer, chunk, helpers);
        ASSERT_TRUE(replayed) << replayed.error().what;
        EXPECT_EQ(*replayed, *entries);
        EXPECT_EQ(end.state, state);
        EXPECT_TRUE(rows_of(fresh) == expected) << "layer " << layer << " chunk " << chunk;
        EXPECT_EQ(*replay(fresh, layer, chunk, helpers), 0U) << "there is nothing more";
        EXPECT_EQ(end.state, state);
      }
    }
  }
}

TEST_F(ReplayTest, FoldsWhatLiesBeforeAPlaceThatCannotBeRead) {
  live();
  const std::uint64_t last = state.position.value;
  const std::uint64_t broken = last * 2 / 3;
  rot(Position{broken});
  RealExecutor reading("reading");
  RealExecutor writing("writing");
  reading.start();
  writing.start();
  for (const ReplayHelpers helpers : {ReplayHelpers{}, ReplayHelpers{&reading, &writing}}) {
    views::MemKv kv_before;
    const auto replayed = replay(kv_before, 20'000, 5'000, helpers);
    ASSERT_FALSE(replayed);
    EXPECT_EQ(replayed.error().code, Code::corrupt);
    EXPECT_EQ(end.state.position.value, broken - 1);
    EXPECT_EQ(*views::read_state(*kv_before.snapshot()), end.state) << "what is said is written";
    const auto facts = views::digest_of_view(*kv_before.snapshot(), views::BodyCodec());
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_EQ(facts->digest, end.state.digest);
  }
  opened.reset();
  const auto report = open();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_FALSE(report->damage.empty());
  EXPECT_EQ(node->view().state.position.value, broken - 1);
  EXPECT_FALSE(node->view().behind.empty()) << "it must not say that the rest never was";
  EXPECT_EQ(node->health().reads_degraded, node->view().behind);
}

TEST_F(ReplayTest, ADamagedPlaceThatOpeningDoesNotMeetMakesTheNodeReadOnly) {
  live(4'000);
  // Sealed: opening reads its seal and no record of it.
  rot(Position{3});
  opened.reset();
  const auto report = open();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->head, state.position);
  ASSERT_EQ(report->damage.size(), 1U);
  EXPECT_NE(report->damage[0].find("position 3"), std::string::npos) << report->damage[0];
  EXPECT_EQ(node->view().state.position.value, 2U);
  EXPECT_FALSE(node->view().behind.empty());
  EXPECT_FALSE(node->health().writes_refused.empty());
  const auto refused = submit(apply::command(apply::update("Patient", "p1")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
}

// Seed 17437 of the simulator: replay reads up to the head, and the head is before what was lost.
TEST_F(ReplayTest, ADamagedLastEntryIsNotTakenForOneThatNeverWas) {
  live();
  ASSERT_TRUE(open());
  ASSERT_TRUE(run_task(machine.sequencer(), node->drain()));  // seals, which proves the last entry
  node.reset();
  rot(state.position);
  views::MemKv fresh;
  const auto again = run_task(machine.sequencer(), node::open(machine.world(), fresh, options));
  ASSERT_TRUE(again && *again);
  ASSERT_EQ((*again)->report.damage.size(), 1U);
  const Moment moment = (*again)->node->view();
  EXPECT_EQ(moment.state.position.value, state.position.value - 1);
  EXPECT_NE(moment.behind.find(fmt::format("position {}", state.position.value)),
            std::string_view::npos)
      << moment.behind;
  // A view that has got so far tells what is current.
  ASSERT_TRUE(open());
  EXPECT_EQ(node->view().state.position, state.position);
  EXPECT_TRUE(node->view().behind.empty());
  EXPECT_FALSE(node->health().writes_refused.empty());
}

// Seed 19939: what cannot be told from a tear is kept and reported where it can be. Where damage
// forbids to write, it must not vanish in silence.
TEST_F(ReplayTest, BehindDamageATornEndIsNotTakenForNothing) {
  live();
  ASSERT_TRUE(open());
  ASSERT_TRUE(run_task(machine.sequencer(), node->drain()));
  node.reset();
  ASSERT_TRUE(open());
  const auto more = submit(apply::command(apply::update("Patient", "late")));
  ASSERT_TRUE(more);
  crash(Crash::power, 0);
  open_journal(journal::Access::inspect);
  rot(Position{3});
  rot(more->position);
  opened.reset();
  const auto report = open();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_FALSE(node->health().writes_refused.empty());
  EXPECT_EQ(node->view().state.position.value, more->position.value - 1);
  EXPECT_NE(node->view().behind.find("is torn or has rotted"), std::string_view::npos)
      << node->view().behind;
  EXPECT_EQ(report->damage.size(), 2U) << "it is named in the log";
}

}  // namespace
}  // namespace holdfast::node
