#include "journal/writer.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "journal/test_journal.h"
#include "world/sim/sim_disk.h"

namespace holdfast::journal {
namespace {

std::uint64_t count(const SimDisk& disk, DiskCall call) {
  return disk.counts().by_call[static_cast<std::size_t>(call)];
}

TEST(Writer, CommitsABatchWithOneWriteAndOneSync) {
  SimDisk disk(1);
  TestJournal journal(disk);
  journal.create_and_open();
  const std::uint64_t writes = count(disk, DiskCall::write);
  const std::uint64_t syncs = count(disk, DiskCall::sync);
  const std::uint64_t folders = count(disk, DiskCall::sync_directory);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(journal.append("command"));
  }
  ASSERT_TRUE(journal.commit());
  EXPECT_EQ(count(disk, DiskCall::write), writes + 1);
  EXPECT_EQ(count(disk, DiskCall::sync), syncs + 1);
  EXPECT_EQ(count(disk, DiskCall::sync_directory), folders);
  EXPECT_EQ(journal.commands().size(), 20U);
}

TEST(Writer, ShowsNothingBeforeItIsCommitted) {
  MemoryDisk disk;
  TestJournal journal(disk);
  journal.create_and_open();
  const auto appended = journal.append("command");
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->position, Position{1});
  EXPECT_EQ(journal.opened.reader->durable(), Position{0});
  EXPECT_EQ(journal.opened.reader->read({1}).error().code, Code::not_found);
  EXPECT_EQ(journal.opened.writer->durable().position, Position{0});
  EXPECT_EQ(journal.opened.writer->last().position, Position{1});
  ASSERT_TRUE(journal.commit());
  EXPECT_EQ(journal.opened.writer->durable().hash, appended->hash);
  EXPECT_EQ(journal.opened.reader->read({1})->header.hash, appended->hash);
}

TEST(Writer, GivesThePositionsOfADiscardedBatchAgain) {
  MemoryDisk disk;
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"first"});
  ASSERT_TRUE(journal.append("dropped"));
  journal.opened.writer->discard();
  journal.write({"second"});
  EXPECT_EQ(journal.commands(), (std::vector<Bytes>{"first", "second"}));
}

TEST(Writer, EachRecordSaysWhatWasDurableBeforeItsBatch) {
  MemoryDisk disk;
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1", "2"});
  journal.write({"3", "4", "5"});
  journal.write({"6"});
  const std::uint64_t expected[] = {0, 0, 2, 2, 2, 5};
  for (std::uint64_t position = 1; position <= 6; ++position) {
    EXPECT_EQ(journal.opened.reader->read({position})->header.durable_through.value,
              expected[position - 1]);
  }
}

TEST(Writer, NeverSplitsABatchOverSegments) {
  MemoryDisk disk;
  TestJournal journal(disk);
  journal.create_and_open();
  SimRandom random(5);
  for (int round = 0; round < 60; ++round) {
    const std::size_t size = random.below(3'000);
    const std::uint64_t entries = 1 + random.below(4);
    for (std::uint64_t i = 0; i < entries; ++i) {
      const Bytes command(size, 'x');
      if (!journal.opened.writer->fits(command.size(), 4)) {
        ASSERT_TRUE(journal.commit());
      }
      ASSERT_TRUE(journal.append(command));
    }
    ASSERT_TRUE(journal.commit());
  }
  const auto segments = journal.opened.segments->all();
  EXPECT_GT(segments.size(), 5U);
  std::set<std::uint64_t> first_durable;
  for (const Segment& segment : segments) {
    // The first record of a segment starts a batch: all before it is durable.
    const auto record = journal.opened.reader->read(segment.first);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->header.durable_through.value, segment.first.value - 1);
  }
  EXPECT_TRUE(journal.scrub()->damage.empty());
}

TEST(Writer, TakesAnEntryThatFillsASegmentAndRefusesALargerOne) {
  MemoryDisk disk;
  TestJournal journal(disk, segment_bytes_min);
  journal.create_and_open();
  const std::size_t most = capacity_bytes(segment_bytes_min) - seal_bytes - 8;
  journal.write({Bytes(10, 'x'), Bytes(most + 4, 'y')});  // 4 of outcome make it exact
  EXPECT_EQ(journal.append(Bytes(most + 5, 'z')).error().code, Code::too_large);
  EXPECT_EQ(journal.append(Bytes(record_bytes_max, 'z')).error().code, Code::too_large);
  EXPECT_EQ(journal.commands().size(), 2U);
  // No room for a seal: the next segment's header proves as much.
  ASSERT_FALSE(journal.opened.writer->sealed());
  ASSERT_TRUE(journal.seal());
  EXPECT_TRUE(journal.opened.writer->sealed());
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.opened.report.rewritten, 0U);
  EXPECT_TRUE(journal.scrub()->damage.empty());
}

TEST(Writer, SealsOnceAndProvesTheLastBatch) {
  SimDisk disk(1);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1", "2"});
  ASSERT_TRUE(journal.seal());
  const std::uint64_t calls = disk.calls();
  ASSERT_TRUE(journal.seal());
  EXPECT_EQ(disk.calls(), calls) << "nothing is left to say";
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.opened.report.rewritten, 0U);
  EXPECT_TRUE(journal.opened.writer->sealed());
  journal.write({"3"});
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.opened.report.rewritten, 1U);
  EXPECT_EQ(journal.commands().size(), 3U);
}

TEST(Writer, IsDeadForEverAfterAFailedSync) {
  SimDisk disk(1);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1"});
  ASSERT_TRUE(journal.append("2"));
  disk.plan(disk.calls() + 2, DiskFault::io_error);
  const auto committed = journal.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, Code::unavailable);
  EXPECT_NE(committed.error().what.find("errno 5"), std::string::npos) << committed.error().what;
  const std::uint64_t calls = disk.calls();
  EXPECT_EQ(journal.append("3").error().code, Code::unavailable);
  EXPECT_EQ(journal.commit().error().code, Code::unavailable);
  EXPECT_EQ(journal.seal().error().code, Code::unavailable);
  EXPECT_EQ(disk.calls(), calls) << "it never touches the disk again";
  EXPECT_EQ(journal.commands(), std::vector<Bytes>{"1"}) << "reads go on";
}

TEST(Writer, RefusesOnAFullDiskReadsGoOnAndItHealsByItself) {
  SimDiskOptions options;
  options.capacity_bytes = 5 * (16U << 10U);
  SimDisk disk(1, nullptr, options);
  TestJournal journal(disk);
  journal.create_and_open();
  ASSERT_TRUE(journal.prepare());
  EXPECT_FALSE(journal.opened.writer->wants_preparation());
  std::uint64_t written = 0;
  Result<void> prepared;
  while (prepared && written < 1'000) {
    const auto appended = journal.append(Bytes(1'000, 'x'));
    ASSERT_TRUE(appended);
    ASSERT_TRUE(journal.commit());
    ++written;
    if (journal.opened.writer->wants_preparation()) {
      prepared = journal.prepare();
    }
  }
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, Code::no_space);
  const auto refused = journal.append("refused");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::no_space);
  EXPECT_FALSE(journal.opened.writer->failure());
  EXPECT_EQ(journal.commands().size(), written) << "reads go on";
  EXPECT_TRUE(journal.seal()) << "what is there can still be sealed";
  EXPECT_EQ(journal.prepare().error().code, Code::no_space);
  // A restart on the full disk loses nothing.
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.commands().size(), written);
  EXPECT_EQ(journal.prepare().error().code, Code::no_space);
  EXPECT_EQ(journal.append("refused").error().code, Code::no_space);
  // Space returns.
  options.capacity_bytes *= 4;
  disk.set_options(options);
  ASSERT_TRUE(journal.prepare());
  journal.write({"after"});
  EXPECT_EQ(journal.commands().size(), written + 1);
  EXPECT_TRUE(journal.scrub()->damage.empty());
}

TEST(Writer, AFailedBatchLeavesNoTraceOnceAnotherTakesItsPlace) {
  SimDisk disk(1);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1"});
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(journal.append(Bytes(1'000, 'x')));
  }
  disk.plan(disk.calls() + 1, DiskFault::no_space);
  EXPECT_EQ(journal.commit().error().code, Code::no_space);
  EXPECT_EQ(journal.opened.writer->last().position, Position{1});
  journal.write({"2"});
  EXPECT_EQ(journal.commands(), (std::vector<Bytes>{"1", "2"}));
  EXPECT_TRUE(journal.scrub()->damage.empty()) << "the slack is zero again";
}

TEST(Writer, SealsOverWhatAFailedBatchLeft) {
  SimDisk disk(3);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1"});
  ASSERT_TRUE(journal.append(Bytes(5'000, 'x')));
  disk.plan(disk.calls() + 1, DiskFault::no_space);
  EXPECT_EQ(journal.commit().error().code, Code::no_space);
  ASSERT_TRUE(journal.seal());
  EXPECT_TRUE(journal.scrub()->damage.empty());
}

// Two executors of the simulator: whatever the order of their steps, the background makes segments
// while the sequencer commits.
class Concurrent {
 public:
  explicit Concurrent(std::uint64_t seed)
      : scheduler_(seed),
        sequencer_(scheduler_),
        background_(scheduler_),
        clock_(scheduler_, Time{TestJournal::start_ms}),
        disk_(seed, &scheduler_),
        random_(seed) {
    options_.segment_bytes = 16U << 10U;
    community_.bytes.fill('c');
  }

  void run() {
    const Writer::Parts parts{clock_, disk_, random_, sequencer_};
    auto created = run_task(sequencer_, create(parts, options_, community_));
    ASSERT_TRUE(created && *created);
    auto opened = run_task(sequencer_, open(parts, options_));
    ASSERT_TRUE(opened && *opened);
    opened_ = *std::move(*opened);
    ASSERT_TRUE(run_task(sequencer_, write_all()));
    ASSERT_EQ(opened_.reader->durable(), Position{entries});
    scheduler_.run();
    Scrub scrub(opened_.segments, disk_, Scrub::Slack::check_all);
    const auto report = scrub.run();
    ASSERT_TRUE(report && report->damage.empty());
    ASSERT_EQ(report->entries, entries);
    ASSERT_GT(opened_.segments->all().size(), 4U);
  }

 private:
  static constexpr std::uint64_t entries = 120;

  Task<void> write_all() {
    for (std::uint64_t i = 1; i <= entries; ++i) {
      const Bytes command(random_.below(1'500), 'x');
      Entry entry;
      entry.time = {TestJournal::start_ms + static_cast<std::int64_t>(i)};
      entry.command = command;
      entry.command_hash = sha256(command);
      entry.outcome_hash = sha256("");
      if (!opened_.writer->fits(command.size(), 0) || random_.chance(1, 3)) {
        const Result<void> committed = co_await opened_.writer->commit();
        check(committed.has_value(), "commits on a good disk");
      }
      check(opened_.writer->append(entry).has_value(), "appends on a good disk");
      if (opened_.writer->wants_preparation() && random_.chance(3, 4)) {
        background_.spawn(prepare());
      }
    }
    const Result<void> committed = co_await opened_.writer->commit();
    check(committed.has_value(), "commits on a good disk");
  }
  Task<void> prepare() {
    const Result<void> made = co_await opened_.writer->prepare();
    check(made.has_value(), "prepares on a good disk");
  }

  SimScheduler scheduler_;
  SimExecutor sequencer_;
  SimExecutor background_;
  SimClock clock_;
  SimDisk disk_;
  SimRandom random_;
  Options options_;
  Community community_;
  Opened opened_;
};

TEST(Writer, RollsWhileTheBackgroundPrepares) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Concurrent(seed).run();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace holdfast::journal
