#include "world/sim/sim_world.h"

#include <gtest/gtest.h>

#include "world/disk_contract_testing.h"
#include "world/queue.h"

namespace holdfast {
namespace {

struct Machine {
  explicit Machine(std::uint64_t seed)
      : scheduler(seed), network(scheduler, seed), machine(scheduler, network, seed) {}
  SimScheduler scheduler;
  SimNetwork network;
  SimWorld machine;
};

// Appends numbers to a file, each synced before it is counted as acknowledged.
Task<void> append_forever(World& world, std::uint64_t& acknowledged) {
  auto file = world.disk.open("log", OpenMode::write);
  if (!file) {
    file = world.disk.open("log", OpenMode::create_new);
    const Result<void> named = co_await world.disk.sync_directory("");
    if (!file || !named) {
      co_return;
    }
  }
  for (std::uint64_t at = acknowledged;; ++at) {
    Bytes bytes;
    append_little(bytes, at + 1);
    const Result<void> written = (*file)->write(at * sizeof at, bytes);
    const Result<void> synced = co_await (*file)->sync();
    if (!written || !synced) {
      co_return;
    }
    acknowledged = at + 1;
  }
}

TEST(SimWorld, WhatWasAcknowledgedIsThereInEveryLifeAfterwards) {
  std::uint64_t total = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Machine here(seed);
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 5; ++life) {
      here.machine.sequencer().spawn(append_forever(here.machine.world(), acknowledged));
      here.scheduler.run_for(milliseconds(20));
      here.machine.crash(life % 2 == 0 ? Crash::power : Crash::process);
      here.machine.restart();
      const std::string log = testing::read_all(here.machine.disk(), "log");
      ASSERT_GE(log.size() / 8, acknowledged);
      for (std::uint64_t at = 0; at < acknowledged; ++at) {
        ASSERT_EQ(load_little<std::uint64_t>(log.data() + at * 8), at + 1) << seed;
      }
    }
    total += acknowledged;
  }
  EXPECT_GT(total, 1'000U) << "it did work";
}

TEST(SimWorld, ACrashAtEveryDiskCallKeepsWhatWasAcknowledged) {
  const std::uint64_t seed = 1;
  for (std::uint64_t call = 1; call < 60; ++call) {
    Machine here(seed);
    std::uint64_t acknowledged = 0;
    here.machine.disk().plan(call, DiskFault::power_cut);
    here.machine.sequencer().spawn(append_forever(here.machine.world(), acknowledged));
    ASSERT_EQ(here.scheduler.run(), RunEnd::stopped);
    ASSERT_TRUE(here.machine.disk().is_dark());
    here.machine.crash(Crash::power);
    here.machine.restart();
    ASSERT_EQ(here.machine.disk().counts().power_cuts, 1U);
    if (acknowledged > 0) {
      const std::string log = testing::read_all(here.machine.disk(), "log");
      ASSERT_GE(log.size() / 8, acknowledged);
      EXPECT_EQ(load_little<std::uint64_t>(log.data() + (acknowledged - 1) * 8), acknowledged);
    }
  }
}

TEST(SimWorld, TheSameSeedGivesTheSameTrace) {
  const auto play = [](std::uint64_t seed) {
    Machine here(seed);
    std::uint64_t acknowledged = 0;
    here.machine.sequencer().spawn(append_forever(here.machine.world(), acknowledged));
    here.scheduler.run_for(milliseconds(50));
    here.machine.crash(Crash::power);
    here.machine.restart();
    here.machine.sequencer().spawn(append_forever(here.machine.world(), acknowledged));
    here.scheduler.run_for(milliseconds(50));
    return std::pair(here.scheduler.trace(), acknowledged);
  };
  EXPECT_EQ(play(11), play(11));
  EXPECT_NE(play(11).first, play(12).first);
}

TEST(SimClock, LeapsWithoutTheBootClockNoticing) {
  SimScheduler scheduler(1);
  SimClock clock(scheduler, Time{1'000'000});
  EXPECT_EQ(clock.wall().ms, 1'000'000);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(clock.wall().ms, 1'005'000);
  clock.leap(seconds(-10));
  EXPECT_EQ(clock.wall().ms, 995'000);
  EXPECT_EQ(clock.boot(), Instant{5'000'000'000});
  EXPECT_TRUE(clock.synchronised());
  clock.set_synchronised(false);
  EXPECT_FALSE(clock.synchronised());
}

}  // namespace
}  // namespace holdfast
