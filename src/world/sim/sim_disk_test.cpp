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

TEST(SimDisk, KeepsTheContractOfEveryDisk) {
  for (auto* check :
       {testing::check_reads_and_writes, testing::check_open_modes, testing::check_folders,
        testing::check_remove_and_rename, testing::check_paths}) {
    SimDisk disk(1);
    check(disk);
  }
}

TEST(SimDisk, SyncedBytesSurviveEveryCrash) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", std::string(5'000, 'a'));
    disk.crash(random);
    ASSERT_EQ(read_all(disk, "file"), std::string(5'000, 'a')) << seed;
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(4'000, std::string(3'000, 'b')).has_value());
    ASSERT_TRUE(file->truncate(6'500).has_value());
    ASSERT_TRUE(run_to_end(file->sync()).has_value());
    disk.crash(random);
    ASSERT_EQ(read_all(disk, "file"), std::string(4'000, 'a') + std::string(2'500, 'b')) << seed;
  }
}

TEST(SimDisk, UnsyncedBytesMayVanishOrTear) {
  std::set<std::string> outcomes;  // one letter a sector
  for (std::uint64_t seed = 0; seed < 5 * seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", std::string(4 * sector_bytes, 'a'));
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(0, std::string(2 * sector_bytes, 'b')).has_value());
    ASSERT_TRUE(file->write(2 * sector_bytes, std::string(2 * sector_bytes, 'c')).has_value());
    disk.crash(random);
    const std::string left = read_all(disk, "file");
    ASSERT_EQ(left.size(), 4 * sector_bytes);
    std::string outcome;
    for (std::size_t at = 0; at < left.size(); at += sector_bytes) {
      ASSERT_EQ(left.substr(at, sector_bytes), std::string(sector_bytes, left[at]))
          << "a sector never tears";
      outcome.push_back(left[at]);
    }
    outcomes.insert(outcome);
  }
  EXPECT_EQ(outcomes.size(), 16U) << "each sector old or new, in every combination";
  EXPECT_TRUE(outcomes.contains("aaaa"));
  EXPECT_TRUE(outcomes.contains("bbcc"));
  EXPECT_TRUE(outcomes.contains("aacc"));
  EXPECT_TRUE(outcomes.contains("abac"));
}

TEST(SimDisk, ALaterWriteCarriesTheEarlierOneInItsSector) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", "....");
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(0, "1").has_value());
    ASSERT_TRUE(file->write(2, "2").has_value());
    disk.crash(random);
    outcomes.insert(read_all(disk, "file"));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"....", "1...", "1.2."}));
}

TEST(SimDisk, AnUnsyncedSizeIsOneThatTheFileHad) {
  std::set<std::size_t> sizes;
  bool zeros = false;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", std::string(100, 'a'));
    auto file = open_file(disk, "file");
    ASSERT_TRUE(file->write(100, std::string(100, 'b')).has_value());
    ASSERT_TRUE(file->truncate(50).has_value());
    ASSERT_TRUE(file->write(512, std::string(512, 'c')).has_value());
    disk.crash(random);
    const std::string left = read_all(disk, "file");
    sizes.insert(left.size());
    ASSERT_EQ(left.substr(0, 50), std::string(50, 'a'));
    if (left.size() == 1024) {
      zeros = zeros || left.substr(512) == std::string(512, '\0');
    }
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{100, 200, 50, 1024}));
  EXPECT_TRUE(zeros) << "the size may survive without the bytes";
}

TEST(SimDisk, NewFileVanishesWithoutDirectorySync) {
  int vanished = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_new(disk, "file", "synced content");
    disk.crash(random);
    const std::string left = read_all(disk, "file");
    ASSERT_TRUE(left == "missing" || left == "synced content") << left;
    vanished += left == "missing" ? 1 : 0;
  }
  EXPECT_GT(vanished, seeds / 5);
  EXPECT_LT(vanished, seeds);
}

TEST(SimDisk, AFolderThatWasNotSyncedTakesItsFilesWithIt) {
  int vanished = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    ASSERT_TRUE(disk.make_directory("folder").has_value());
    write_new(disk, "folder/file", "content");
    ASSERT_TRUE(run_to_end(disk.sync_directory("folder")).has_value());
    disk.crash(random);
    const std::string left = read_all(disk, "folder/file");
    ASSERT_TRUE(left == "missing" || left == "content") << left;
    vanished += left == "missing" ? 1 : 0;
  }
  EXPECT_GT(vanished, seeds / 5);
}

TEST(SimDisk, SyncedNamesSurviveEveryCrash) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "kept", "1");
    write_durable(disk, "removed", "2");
    write_durable(disk, "renamed", "3");
    ASSERT_TRUE(disk.remove("removed").has_value());
    ASSERT_TRUE(disk.rename("renamed", "kept").has_value());
    ASSERT_TRUE(run_to_end(disk.sync_directory("")).has_value());
    disk.crash(random);
    ASSERT_EQ(disk.list("").value(), testing::Names{"kept"});
    ASSERT_EQ(read_all(disk, "kept"), "3");
  }
}

TEST(SimDisk, ARenameWithinAFolderIsAtomic) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "current", "old");
    write_durable(disk, "next", "new");
    ASSERT_TRUE(disk.rename("next", "current").has_value());
    disk.crash(random);
    outcomes.insert(read_all(disk, "current") + " " + read_all(disk, "next"));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"old new", "new missing"}));
}

TEST(SimDisk, ARenameBetweenFoldersNeedsBothSyncs) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    ASSERT_TRUE(disk.make_directory("to").has_value());
    write_durable(disk, "file", "content");
    ASSERT_TRUE(disk.rename("file", "to/file").has_value());
    ASSERT_TRUE(run_to_end(disk.sync_directory("")).has_value());
    disk.crash(random);
    ASSERT_EQ(read_all(disk, "file"), "missing") << "its folder was synced";
    outcomes.insert(read_all(disk, "to/file"));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"missing", "content"}));
}

TEST(SimDisk, ARemovedFileMayComeBackUntilItsFolderIsSynced) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    SimRandom random(seed);
    write_durable(disk, "file", "content");
    ASSERT_TRUE(disk.remove("file").has_value());
    EXPECT_EQ(read_all(disk, "file"), "missing");
    disk.crash(random);
    outcomes.insert(read_all(disk, "file"));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"missing", "content"}));
}

}  // namespace
}  // namespace holdfast
