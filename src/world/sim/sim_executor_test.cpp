#include "world/sim/sim_executor.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "world/queue.h"

namespace holdfast {
namespace {

TEST(SimExecutor, JobsOfOneExecutorKeepTheirOrderAndNeverRunInsidePost) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  std::string log;
  for (char letter = 'a'; letter <= 'e'; ++letter) {
    executor.post([&log, letter] { log.push_back(letter); });
  }
  EXPECT_EQ(log, "");
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
  EXPECT_EQ(log, "abcde");
  EXPECT_EQ(scheduler.steps(), 5U);
}

TEST(SimExecutor, TheSeedDecidesBetweenExecutors) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimScheduler scheduler(seed);
    SimExecutor one(scheduler);
    SimExecutor two(scheduler);
    std::string log;
    one.post([&] { log += "a"; });
    one.post([&] { log += "b"; });
    two.post([&] { log += "1"; });
    two.post([&] { log += "2"; });
    scheduler.run();
    orders.insert(log);
  }
  EXPECT_EQ(orders.size(), 6U) << "every interleaving";
}

TEST(SimExecutor, TimersFireInTimeAndTimeLeapsToThem) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  std::string log;
  const auto note = [&](char letter, Instant due) {
    executor.post_at(due, [&log, &scheduler, letter, due] {
      EXPECT_GE(scheduler.now(), due);
      log.push_back(letter);
    });
  };
  note('c', Instant{3'000'000'000});
  note('a', Instant{1'000'000'000});
  note('b', Instant{2'000'000'000});
  note('z', never);
  EXPECT_EQ(scheduler.run_for(milliseconds(1'500)), RunEnd::satisfied);
  EXPECT_EQ(log, "a");
  EXPECT_EQ(scheduler.now(), Instant{1'500'000'000});
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
  EXPECT_EQ(log, "abc");
  EXPECT_LT(scheduler.now(), Instant{3'001'000'000});
}

TEST(SimExecutor, TimersOfOneMomentFireInAnOrderOfTheSeed) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimScheduler scheduler(seed);
    SimExecutor executor(scheduler);
    std::string log;
    executor.post_at(Instant{5}, [&] { log += "a"; });
    executor.post_at(Instant{5}, [&] { log += "b"; });
    scheduler.run();
    orders.insert(log);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"ab", "ba"}));
}

TEST(SimScheduler, SaysWhyARunEnded) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  bool done = false;
  executor.post([&] { done = true; });
  executor.post([&] { scheduler.stop(); });
  executor.post([] {});
  executor.post([] {});
  EXPECT_EQ(scheduler.run_until([&] { return done; }), RunEnd::satisfied);
  EXPECT_EQ(scheduler.run(), RunEnd::stopped);
  EXPECT_EQ(scheduler.run(1), RunEnd::too_long);
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
}

Task<int> nested(SimExecutor& executor, int depth, std::shared_ptr<int> held) {
  co_await executor.sleep(milliseconds(1));
  if (depth == 0) {
    co_await executor.sleep(seconds(3'600));
  } else {
    co_return 1 + co_await nested(executor, depth - 1, held);
  }
  co_return 0;
}

Task<void> outer(SimExecutor& executor, std::shared_ptr<int> held) {
  EXPECT_EQ(co_await nested(executor, 5, held), 5);
}

TEST(SimExecutor, KillingDestroysWaitingCoroutinesWithAllTheyOwn) {
  SimScheduler scheduler(1);
  const auto held = std::make_shared<int>(7);
  SimExecutor executor(scheduler);
  for (int i = 0; i < 10; ++i) {
    executor.spawn(outer(executor, held));
  }
  scheduler.run_for(seconds(1));
  executor.spawn(outer(executor, held));  // has not begun when the crash comes
  executor.post([kept = held] {});
  EXPECT_GT(held.use_count(), 10);
  executor.kill();
  EXPECT_EQ(held.use_count(), 1);
  executor.spawn(outer(executor, held));
  executor.post([] { ADD_FAILURE() << "a dead executor runs nothing"; });
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
}

TEST(SimExecutor, WhatEndsByItselfIsDestroyedByItself) {
  SimScheduler scheduler(1);
  const auto held = std::make_shared<int>(7);
  SimExecutor executor(scheduler);
  for (int i = 0; i < 3; ++i) {
    executor.spawn(outer(executor, held));
  }
  EXPECT_EQ(scheduler.run(), RunEnd::idle);
  EXPECT_EQ(held.use_count(), 1);
}

// Its destructor uses what was spawned before it.
struct Speaks {
  std::string& log;
  std::string word;
  ~Speaks() { log += word; }
};
Task<void> hold(SimExecutor& executor, std::string& log, std::string word) {
  const Speaks speaks{log, std::move(word)};
  co_await executor.sleep(seconds(1));
}

TEST(SimExecutor, TheYoungestIsDestroyedFirst) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  std::string log;
  for (const char* word : {"a", "b", "c"}) {
    executor.spawn(hold(executor, log, word));
  }
  scheduler.run_for(milliseconds(1));
  executor.kill();
  EXPECT_EQ(log, "cba");
}

Task<int> count_on(SimExecutor& there, SimExecutor& here) {
  co_await there.turn();
  EXPECT_EQ(there.scheduler().current(), &there);
  co_await here.turn();
  EXPECT_EQ(here.scheduler().current(), &here);
  co_return 42;
}

TEST(SimExecutor, ACoroutineMovesBetweenExecutors) {
  SimScheduler scheduler(1);
  SimExecutor one(scheduler);
  SimExecutor two(scheduler);
  EXPECT_EQ(run_task(one, count_on(two, one)), 42);
}

Task<void> produce(Queue<int>& queue, Executor& from, int first, int count, int& refused) {
  for (int i = 0; i < count; ++i) {
    const bool taken = co_await queue.push(from, first + i);
    refused += taken ? 0 : 1;
  }
}

Task<void> consume(Queue<int>& queue, std::vector<int>& got, std::size_t bound) {
  for (;;) {
    const std::vector<int> some = co_await queue.pop_all();
    if (some.empty()) {
      co_return;
    }
    EXPECT_LE(some.size(), bound);
    got.insert(got.end(), some.begin(), some.end());
  }
}

TEST(Queue, KeepsTheOrderOfEachSenderAndItsBound) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimScheduler scheduler(seed);
    SimExecutor one(scheduler);
    SimExecutor two(scheduler);
    SimExecutor receiver(scheduler);
    Queue<int> queue(receiver, 3);
    std::vector<int> got;
    int refused = 0;
    one.spawn(produce(queue, one, 0, 20, refused));
    two.spawn(produce(queue, two, 100, 20, refused));
    one.spawn(produce(queue, one, 200, 20, refused));
    receiver.spawn(consume(queue, got, 3));
    ASSERT_EQ(scheduler.run(), RunEnd::idle);
    ASSERT_EQ(got.size(), 60U);
    for (const int first : {0, 100, 200}) {
      std::vector<int> mine;
      for (const int item : got) {
        if (item >= first && item < first + 100) {
          mine.push_back(item);
        }
      }
      ASSERT_TRUE(std::ranges::is_sorted(mine));
      ASSERT_EQ(mine.size(), 20U);
    }
    EXPECT_EQ(refused, 0);
    queue.close();
    ASSERT_EQ(scheduler.run(), RunEnd::idle);
  }
}

TEST(Queue, ClosingRefusesSendersAndLetsTheReceiverFinish) {
  SimScheduler scheduler(1);
  SimExecutor executor(scheduler);
  Queue<int> queue(executor, 2);
  int refused = 0;
  std::vector<int> got;
  executor.spawn(produce(queue, executor, 0, 5, refused));
  scheduler.run();
  EXPECT_EQ(queue.size(), 2U);
  queue.close();
  scheduler.run();
  EXPECT_EQ(refused, 3);
  EXPECT_TRUE(run_task(executor, consume(queue, got, 2)));
  EXPECT_EQ(got, (std::vector<int>{0, 1}));
}

Task<void> answer(SimExecutor& executor, Answer<std::string>& to) {
  co_await executor.sleep(milliseconds(1));
  to.set("yes");
}
Task<std::string> ask(SimExecutor& here, SimExecutor& there) {
  Answer<std::string> reply(here);
  there.spawn(answer(there, reply));
  std::string got = co_await reply;
  EXPECT_EQ(here.scheduler().current(), &here);
  co_return got;
}

TEST(Answer, ArrivesOnTheExecutorOfWhoWaits) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimScheduler scheduler(seed);
    SimExecutor one(scheduler);
    SimExecutor two(scheduler);
    EXPECT_EQ(run_task(one, ask(one, two)), "yes");
  }
}

TEST(Budget, IsNeverOverdrawnAndGetsEverythingBack) {
  Budget budget(100);
  auto half = budget.reserve(60);
  ASSERT_TRUE(half.has_value());
  EXPECT_FALSE(budget.reserve(41).has_value());
  EXPECT_FALSE(budget.reserve(UINT64_MAX).has_value());
  {
    const auto rest = budget.reserve(40);
    ASSERT_TRUE(rest.has_value());
    EXPECT_EQ(budget.used(), 100U);
  }
  EXPECT_EQ(budget.used(), 60U);
  Budget::Share moved = std::move(*half);
  half.reset();
  EXPECT_EQ(budget.used(), 60U);
  moved = Budget::Share();
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace holdfast
