#include "server/directory.h"

#include <gtest/gtest.h>

#include "journal/checkpoint.h"
#include "world/sim/sim_world.h"

namespace holdfast::server {
namespace {

class DirectoryTest : public testing::Test {
 protected:
  Result<void> create(DirectoryOptions options = {}) {
    options.segment_bytes = 64 << 10;
    auto made = run_task(machine_.sequencer(), create_directory(machine_.world(), options));
    return made ? *std::move(made) : Result<void>(fail(Code::timeout, "it never ended"));
  }
  Bytes read(const std::string& path) {
    auto file = machine_.disk().open(path, OpenMode::read);
    Bytes bytes(4096, '\0');
    bytes.resize(file ? (*file)->read(0, bytes).value_or(0) : 0);
    return bytes;
  }

  SimScheduler scheduler_{7};
  SimNetwork network_{scheduler_, 8};
  SimWorld machine_{scheduler_, network_, 9};
};

TEST_F(DirectoryTest, MakesKeysThatSignForTheCommunity) {
  DirectoryOptions options;
  options.community = "st-mary";
  ASSERT_TRUE(create(options));
  EXPECT_TRUE(check_directory(machine_.disk()));
  const auto key = journal::SigningKey::parse(read(std::string(checkpoint_key_path)));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->verifier().name(), "holdfast/st-mary");
  EXPECT_EQ(read(std::string(link_secret_path)).size(), link_secret_bytes);
}

TEST_F(DirectoryTest, RefusesAFolderWithSomethingInIt) {
  ASSERT_TRUE(machine_.disk().make_directory("letters"));
  const auto refused = create();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  ASSERT_TRUE(machine_.disk().remove("letters"));
  ASSERT_TRUE(create());
  const Bytes key = read(std::string(checkpoint_key_path));
  EXPECT_FALSE(create());
  EXPECT_EQ(read(std::string(checkpoint_key_path)), key);
}

TEST_F(DirectoryTest, RefusesNamesThatWouldBreakACheckpoint) {
  for (const char* name : {"", "two words", "a+b", "line\nbreak", "ü"}) {
    DirectoryOptions options;
    options.community = name;
    const auto refused = create(options);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Code::usage);
  }
  EXPECT_TRUE(machine_.disk().list("")->empty());
}

// A power cut at every single call: afterwards the directory is whole, or `init` run again makes it
// so. It is never taken for whole when it is not.
TEST_F(DirectoryTest, PowerCutAtAnyCallLeavesAWholeDirectoryOrAnUnfinishedOne) {
  std::uint64_t unfinished = 0;
  std::uint64_t whole = 0;
  for (std::uint64_t call = 1;; ++call) {
    SimScheduler scheduler(call);
    SimNetwork network(scheduler, call + 1);
    SimWorld machine(scheduler, network, call + 2);
    machine.disk().plan(call, DiskFault::power_cut);
    DirectoryOptions options;
    options.segment_bytes = 64 << 10;
    const auto made = run_task(machine.sequencer(), create_directory(machine.world(), options));
    const bool cut = machine.disk().is_dark();
    machine.crash(Crash::power);
    machine.disk().heal();  // a plan that was not reached
    machine.restart();
    const bool complete = check_directory(machine.disk()).has_value();
    if (!cut) {
      ASSERT_TRUE(made && *made);
      ASSERT_TRUE(complete);
      break;
    }
    complete ? ++whole : ++unfinished;
    if (!complete) {
      const auto again = run_task(machine.sequencer(), create_directory(machine.world(), options));
      ASSERT_TRUE(again && *again)
          << "call " << call << ": " << (again ? again->error().what : "it never ended");
    }
    ASSERT_TRUE(check_directory(machine.disk())) << "call " << call;
    const auto key_file = machine.disk().open(std::string(checkpoint_key_path), OpenMode::read);
    ASSERT_TRUE(key_file);
    Bytes key(4096, '\0');
    key.resize((*key_file)->read(0, key).value_or(0));
    ASSERT_TRUE(journal::SigningKey::parse(key)) << "call " << call;
  }
  EXPECT_GT(unfinished, 10U);
  EXPECT_LE(whole, 1U);  // the last call, if what it was to keep survived without it
}

}  // namespace
}  // namespace holdfast::server
