// world/sim/sim_disk_fault_test.cpp: faults that are asked for happen, are counted, and do no more.
#include "world/sim/sim_disk.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "world/sim/test_sim_disk.h"

namespace holdfast {
namespace {

using testing::open_file;
using testing::read_all;
using testing::seeds;
using testing::write_durable;
using testing::write_new;

TEST(SimDisk, FailedSyncLeavesPagesCleanButNotDurable) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", "old");
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(0, "new").has_value());
    disk.plan(disk.calls() + 1, DiskFault::io_error);
    testing::expect_code(run_to_end(file->sync()), Code::io);
    ASSERT_EQ(disk.counts().failed_syncs, 1U);
    ASSERT_EQ(disk.unsynced_bytes(), 0U) << "the kernel counts the pages as clean";
    ASSERT_EQ(read_all(disk, "file"), "new") << "and shows them still";
    ASSERT_TRUE(run_to_end(file->sync()).has_value()) << "a second sync claims success";
    disk.crash(random);
    lost += read_all(disk, "file") == "old" ? 1 : 0;
  }
  EXPECT_GT(lost, seeds / 5) << "and yet the bytes are gone";
  EXPECT_LT(lost, seeds);
}

TEST(SimDisk, ForgettingCleanPagesShowsWhatTheMediumHas) {
  int shown_old = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    write_durable(disk, "file", std::string(2 * sector_bytes, 'a'));
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(0, "lost").has_value());
    disk.plan(disk.calls() + 1, DiskFault::io_error);
    ASSERT_FALSE(run_to_end(file->sync()).has_value());
    ASSERT_TRUE(file->write(sector_bytes, "dirty").has_value());
    disk.forget_clean_pages();
    const std::string now = read_all(disk, "file");
    ASSERT_EQ(now.substr(sector_bytes, 5), "dirty") << "dirty pages are not dropped";
    shown_old += now.starts_with("aaaa") ? 1 : 0;
  }
  EXPECT_GT(shown_old, seeds / 5);
}

TEST(SimDisk, FailedDirectorySyncIsTheSameTrap) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_new(disk, "file", "content");
    disk.plan(disk.calls() + 1, DiskFault::io_error);
    ASSERT_FALSE(run_to_end(disk.sync_directory("")).has_value());
    ASSERT_TRUE(run_to_end(disk.sync_directory("")).has_value());
    disk.crash(random);
    lost += read_all(disk, "file") == "missing" ? 1 : 0;
  }
  EXPECT_GT(lost, seeds / 5);
}

TEST(SimDisk, AKilledProcessLosesNothingButItsOpenFiles) {
  SimDisk disk(1);
  auto file = disk.open("file", OpenMode::create_new).value();
  ASSERT_TRUE(file->write(0, "unsynced").has_value());
  disk.restart_process();
  EXPECT_FALSE(file->write(0, "x").has_value());
  EXPECT_FALSE(run_to_end(file->sync()).has_value());
  EXPECT_EQ(read_all(disk, "file"), "unsynced");
  EXPECT_EQ(disk.unsynced_bytes(), sector_bytes) << "still not on the medium";
  EXPECT_EQ(disk.durable_bytes("file"), std::nullopt);
}

TEST(SimDisk, AFullDiskRefusesAndRecovers) {
  SimDisk disk(1, nullptr, {.capacity_bytes = 4 * page_bytes});
  auto file = disk.open("file", OpenMode::create_new).value();
  ASSERT_TRUE(file->write(0, std::string(3 * page_bytes, 'a')).has_value());
  EXPECT_EQ(disk.free_bytes().value(), page_bytes);
  testing::expect_code(file->write(3 * page_bytes, std::string(2 * page_bytes, 'b')),
                       Code::no_space);
  ASSERT_TRUE(file->write(0, std::string(page_bytes, 'c')).has_value()) << "needs no new page";
  ASSERT_TRUE(file->truncate(page_bytes).has_value());
  ASSERT_TRUE(file->write(page_bytes, std::string(3 * page_bytes, 'd')).has_value());
  EXPECT_EQ(disk.free_bytes().value(), 0U);
  EXPECT_EQ(disk.counts().no_space, 1U);
}

TEST(SimDisk, AFailedWriteLeavesAPrefix) {
  std::set<std::size_t> lengths;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    auto file = disk.open("file", OpenMode::create_new).value();
    disk.plan(disk.calls() + 1, DiskFault::io_error);
    testing::expect_code(file->write(0, "0123456789"), Code::io);
    const std::string left = read_all(disk, "file");
    ASSERT_TRUE(std::string("0123456789").starts_with(left));
    lengths.insert(left.size());
  }
  EXPECT_EQ(lengths.size(), 11U);
}

TEST(SimDisk, AfterAPlannedPowerCutNothingAnswersUntilTheCrash) {
  SimDisk disk(1);
  SimRandom random(1);
  write_durable(disk, "file", "content");
  auto file = open_file(disk, "file");
  disk.plan(disk.calls() + 1, DiskFault::power_cut);
  EXPECT_FALSE(file->write(0, "x").has_value());
  EXPECT_TRUE(disk.is_dark());
  const std::uint64_t calls = disk.calls();
  std::string into(7, '?');
  EXPECT_FALSE(file->read(0, into).has_value());
  EXPECT_FALSE(run_to_end(file->sync()).has_value());
  EXPECT_FALSE(disk.exists("file").has_value());
  EXPECT_FALSE(disk.open("new", OpenMode::create_new).has_value());
  EXPECT_FALSE(run_to_end(disk.sync_directory("")).has_value());
  EXPECT_EQ(disk.calls(), calls);
  disk.crash(random);
  EXPECT_FALSE(disk.is_dark());
  EXPECT_EQ(disk.list("").value(), testing::Names{"file"});
  const std::string left = read_all(disk, "file");
  EXPECT_TRUE(left == "content" || left == "xontent") << left;
}

TEST(SimDisk, RotFlipsOneBitOnTheMedium) {
  SimDisk disk(1);
  SimRandom random(1);
  EXPECT_FALSE(disk.rot(random).has_value());
  write_durable(disk, "file", std::string(1'000, 'a'));
  EXPECT_FALSE(disk.flip_bit("file", 1'000, 0));
  EXPECT_FALSE(disk.flip_bit("other", 0, 0));
  const auto rot = disk.rot(random);
  ASSERT_TRUE(rot.has_value());
  std::string expected(1'000, 'a');
  expected[rot->offset] = static_cast<char>(expected[rot->offset] ^ (1 << rot->bit));
  EXPECT_EQ(read_all(disk, "file"), expected);
  disk.crash(random);
  EXPECT_EQ(read_all(disk, "file"), expected);
  EXPECT_EQ(disk.counts().rotten_bits, 1U);
}

TEST(SimDisk, ADirtySectorHidesRotAndMendsIt) {
  SimDisk disk(1);
  SimRandom random(1);
  write_durable(disk, "file", "aaaa");
  auto file = open_file(disk, "file");
  ASSERT_TRUE(file->write(1, "b").has_value());
  ASSERT_TRUE(disk.flip_bit("file", 0, 0));
  EXPECT_EQ(read_all(disk, "file"), "abaa");
  ASSERT_TRUE(run_to_end(file->sync()).has_value());
  disk.crash(random);
  EXPECT_EQ(read_all(disk, "file"), "abaa");
}

TEST(SimDisk, RulesAndRatesFireAndAreCounted) {
  SimDisk disk(1);
  write_durable(disk, "file", "content");
  auto file = open_file(disk, "file");
  disk.set_rule([](const DiskCallInfo& info) {
    const bool hit = info.call == DiskCall::read && info.path == "file" && info.offset == 3;
    return hit ? DiskFault::io_error : DiskFault::none;
  });
  char byte = 0;
  EXPECT_TRUE(file->read(2, {&byte, 1}).has_value());
  testing::expect_code(file->read(3, {&byte, 1}), Code::io);
  EXPECT_EQ(disk.counts().io_errors, 1U);
  disk.set_rule(nullptr);
  disk.set_options({.read_errors_per_million = 500'000});
  for (int i = 0; i < 1'000; ++i) {
    static_cast<void>(file->read(0, {&byte, 1}));
  }
  EXPECT_NEAR(static_cast<double>(disk.counts().io_errors), 501, 100);
  disk.heal();
  EXPECT_TRUE(file->read(0, {&byte, 1}).has_value());
  EXPECT_EQ(disk.counts().by_call[static_cast<std::size_t>(DiskCall::read)], 1'003U);
}

Task<void> sync_into(File& file, std::string& log) {
  log += "begin ";
  const Result<void> synced = co_await file.sync();
  log += synced ? "synced " : "failed ";
}

Task<void> write_into(File& file, std::string& log) {
  log += file.write(600, "during").has_value() ? "written " : "refused ";
  co_return;
}

TEST(SimDisk, OthersRunDuringASyncAndWhatTheyWriteIsNotCovered) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  SimDisk disk(1, &scheduler);
  write_durable(disk, "file", "before");
  auto file = open_file(disk, "file");
  std::string log;
  ASSERT_TRUE(file->write(0, "BEFORE").has_value());
  executor.spawn(sync_into(*file, log));
  executor.spawn(write_into(*file, log));
  const Instant start = scheduler.now();
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
  EXPECT_EQ(log, "begin written synced ");
  EXPECT_GE((scheduler.now() - start).ns, disk.options().sync_min.ns);
  EXPECT_EQ(disk.durable_bytes("file"), "BEFORE");
  EXPECT_EQ(disk.unsynced_bytes(), sector_bytes);
}

TEST(SimDisk, ASyncThatAPowerCutInterruptsNeverEnds) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  SimDisk disk(1, &scheduler);
  SimRandom random(1);
  write_durable(disk, "file", "before");
  auto file = open_file(disk, "file");
  std::string log;
  disk.plan(disk.calls() + 2, DiskFault::power_cut);
  executor.spawn(sync_into(*file, log));
  executor.spawn(write_into(*file, log));
  EXPECT_EQ(scheduler.run(), RunEnd::stopped);
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
  EXPECT_EQ(log, "begin refused ");
  executor.kill();
  disk.crash(random);
  EXPECT_EQ(read_all(disk, "file").substr(0, 6), "before");
}

TEST(SimDisk, TheSameSeedGivesTheSameDisk) {
  const auto play = [](std::uint64_t seed) {
    SimDisk disk(seed, nullptr,
                 {.write_errors_per_million = 100'000, .sync_errors_per_million = 100'000});
    SimRandom random(seed);
    std::string all;
    for (int i = 0; i < 50; ++i) {
      const std::string path = "file" + std::to_string(random.below(5));
      auto file = disk.open(path, OpenMode::create_new);
      if (!file) {
        file = disk.open(path, OpenMode::write);
      }
      const std::uint64_t at = random.below(3'000);
      const std::string bytes(random.below(3'000), static_cast<char>('a' + i % 26));
      all += (*file)->write(at, bytes).has_value() ? 'w' : '-';
      if (random.chance(1, 3)) {
        all += run_to_end((*file)->sync()).has_value() ? 's' : '-';
        all += run_to_end(disk.sync_directory("")).has_value() ? 'd' : '-';
      }
      if (random.chance(1, 10)) {
        disk.crash(random);
      }
    }
    for (const std::string& path : disk.files()) {
      all += path + read_all(disk, path);
    }
    return all;
  };
  EXPECT_EQ(play(7), play(7));
  EXPECT_NE(play(7), play(8));
}

}  // namespace
}  // namespace holdfast