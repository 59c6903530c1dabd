#include "world/real/real_executor.h"

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "world/queue.h"
#include "world/real/real_clock.h"
#include "world/real/real_random.h"

namespace holdfast {
namespace {

Task<void> tell_end(Task<void> task, std::promise<void>& ended) {
  co_await task;
  ended.set_value();
}

void run_on(Executor& executor, Task<void> task) {
  std::promise<void> ended;
  executor.spawn(tell_end(std::move(task), ended));
  ended.get_future().wait();
}

TEST(RealExecutor, JobsFromManyThreadsAllRunOneAtATimeInEachOnesOrder) {
  RealExecutor executor("test");
  constexpr int threads = 4;
  constexpr int jobs = 5'000;
  std::vector<int> last(threads, -1);  // touched by the executor only
  int ran = 0;
  std::promise<void> all;
  std::vector<std::jthread> posters;
  executor.start();
  for (int thread = 0; thread < threads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < jobs; ++i) {
        executor.post([&, thread, i] {
          EXPECT_EQ(last[static_cast<std::size_t>(thread)], i - 1);
          last[static_cast<std::size_t>(thread)] = i;
          if (++ran == threads * jobs) {
            all.set_value();
          }
        });
      }
    });
  }
  all.get_future().wait();
  executor.stop();
  EXPECT_EQ(ran, threads * jobs);
}

Task<void> sleep_in_order(Executor& executor, std::string& log, std::string word, Duration span) {
  const Instant until = executor.now() + span;
  co_await executor.sleep(span);
  EXPECT_GE(executor.now(), until);
  log += word;
}

TEST(RealExecutor, SleepersWakeInTheOrderOfTheirTimes) {
  RealExecutor executor("test");
  std::string log;
  executor.spawn(sleep_in_order(executor, log, "d", milliseconds(40)));
  executor.spawn(sleep_in_order(executor, log, "b", milliseconds(20)));
  executor.spawn(sleep_in_order(executor, log, "a", milliseconds(10)));
  executor.spawn(sleep_in_order(executor, log, "c", milliseconds(30)));
  executor.start();
  EXPECT_TRUE(executor.drain(seconds(30)));
  executor.stop();
  EXPECT_EQ(log, "abcd");
}

Task<void> hold_for_ever(Executor& executor, std::shared_ptr<int> held) {
  co_await executor.sleep(seconds(1'000'000));
  static_cast<void>(held);
}

TEST(RealExecutor, DiscardingDestroysWhatStillWaits) {
  const auto held = std::make_shared<int>(1);
  RealExecutor executor("test");
  executor.start();
  for (int i = 0; i < 10; ++i) {
    executor.spawn(hold_for_ever(executor, held));
  }
  EXPECT_FALSE(executor.drain(milliseconds(5)));
  executor.stop();
  executor.spawn(hold_for_ever(executor, held));
  executor.post([held] {});
  EXPECT_GT(held.use_count(), 10);
  executor.discard();
  EXPECT_EQ(held.use_count(), 1);
}

Task<void> travel(Executor& there, Executor& here) {
  const auto start = std::this_thread::get_id();
  co_await there.turn();
  EXPECT_NE(std::this_thread::get_id(), start);
  co_await here.turn();
  EXPECT_EQ(std::this_thread::get_id(), start);
}

TEST(RealExecutor, ACoroutineMovesBetweenThreads) {
  RealExecutor one("one");
  RealExecutor two("two");
  one.start();
  two.start();
  run_on(one, travel(two, one));
}

Task<void> produce(Queue<int>& queue, Executor& from, int count) {
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(co_await queue.push(from, i));
  }
}

Task<void> consume(Queue<int>& queue, std::size_t wanted) {
  std::size_t got = 0;
  long sum = 0;
  while (got < wanted) {
    for (const int item : co_await queue.pop_all()) {
      sum += item;
      ++got;
    }
  }
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(sum, 2L * 10'000 * 9'999 / 2);
}

TEST(Queue, CarriesEverythingBetweenThreads) {
  RealExecutor one("one");
  RealExecutor two("two");
  RealExecutor receiver("receiver");
  Queue<int> queue(receiver, 16);
  one.spawn(produce(queue, one, 10'000));
  two.spawn(produce(queue, two, 10'000));
  one.start();
  two.start();
  receiver.start();
  run_on(receiver, consume(queue, 20'000));
  EXPECT_TRUE(one.drain(seconds(30)));
  EXPECT_TRUE(two.drain(seconds(30)));
  for (RealExecutor* each : {&one, &two, &receiver}) {
    each->stop();
  }
}

Task<void> reply(Answer<int>& to, int value) {
  to.set(value);
  co_return;
}
Task<void> ask_often(Executor& here, Executor& there) {
  for (int i = 0; i < 5'000; ++i) {
    Answer<int> answer(here);
    there.spawn(reply(answer, i));
    EXPECT_EQ(co_await answer, i);
  }
}

TEST(Answer, CrossesThreadsEveryTime) {
  RealExecutor one("one");
  RealExecutor two("two");
  one.start();
  two.start();
  run_on(one, ask_often(one, two));
  one.stop();
  two.stop();
}

TEST(Budget, IsNeverOverdrawnByManyThreads) {
  Budget budget(10);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const auto share = budget.reserve(4);
        EXPECT_LE(budget.used(), 10U);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(RealClock, GoesForwardAndKnowsTheCentury) {
  const RealClock clock;
  const Instant before = clock.boot();
  EXPECT_LE(before, clock.boot());
  EXPECT_GT(clock.wall().ms, 1'735'689'600'000) << "after 2024";
  EXPECT_LT(clock.wall().ms, 4'102'444'800'000) << "before 2100";
  static_cast<void>(clock.synchronised());
}

TEST(RealRandom, GivesDifferentBytesToEveryThread) {
  RealRandom random;
  std::vector<std::vector<std::string>> drawn(4);
  std::vector<std::jthread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        mine.push_back(new_uuid(random));
      }
    });
  }
  threads.clear();
  std::vector<std::string> all;
  for (const auto& mine : drawn) {
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  std::string big(1'000, '\0');
  random.fill(big);
  EXPECT_LT(std::ranges::count(big, '\0'), 30);
}

}  // namespace
}  // namespace holdfast
