#include "world/real/real_disk.h"

#include <cstdlib>
#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "world/disk_contract_testing.h"

namespace holdfast {
namespace {

// A folder of its own for each test, gone at its end.
class RealDiskTest : public ::testing::Test {
 protected:
  RealDiskTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  ~RealDiskTest() override { std::filesystem::remove_all(root_); }
  std::string root_;
};

TEST_F(RealDiskTest, KeepsTheContractOfEveryDisk) {
  int number = 0;
  for (auto* check :
       {testing::check_reads_and_writes, testing::check_open_modes, testing::check_folders,
        testing::check_remove_and_rename, testing::check_paths}) {
    auto disk = RealDisk::open_root(root_ + "/" + std::to_string(++number), RootMode::create);
    ASSERT_TRUE(disk.has_value());
    check(**disk);
  }
}

TEST_F(RealDiskTest, TheRootMustExistUnlessItIsToBeMade) {
  testing::expect_code(RealDisk::open_root(root_ + "/new", RootMode::must_exist), Code::not_found);
  EXPECT_TRUE(RealDisk::open_root(root_ + "/new", RootMode::create).has_value());
  EXPECT_TRUE(RealDisk::open_root(root_ + "/new", RootMode::create).has_value());
  EXPECT_TRUE(RealDisk::open_root(root_ + "/new", RootMode::must_exist).has_value());
  testing::expect_code(RealDisk::open_root(root_ + "/a/b", RootMode::create), Code::not_found);
}

TEST_F(RealDiskTest, OneFolderIsLockedByOneAtATime) {
  auto first = RealDisk::open_root(root_, RootMode::must_exist).value();
  ASSERT_TRUE(first->lock().has_value());
  ASSERT_TRUE(first->lock().has_value()) << "again by its owner";
  {
    auto second = RealDisk::open_root(root_, RootMode::must_exist).value();
    testing::expect_code(second->lock(), Code::conflict);
  }
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto other = RealDisk::open_root(root_, RootMode::must_exist);
    ::_exit(other && !(*other)->lock() ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7) << "another process is kept out";
  first.reset();
  auto third = RealDisk::open_root(root_, RootMode::must_exist).value();
  EXPECT_TRUE(third->lock().has_value()) << "the lock goes with its owner";
}

TEST_F(RealDiskTest, WhatIsWrittenIsThereForTheNextProcess) {
  {
    auto disk = RealDisk::open_root(root_, RootMode::must_exist).value();
    testing::write_new(*disk, "file", "content");
    ASSERT_TRUE(run_to_end(disk->sync_directory("")).has_value());
  }
  auto disk = RealDisk::open_root(root_, RootMode::must_exist).value();
  EXPECT_EQ(testing::read_all(*disk, "file"), "content");
}

}  // namespace
}  // namespace holdfast
