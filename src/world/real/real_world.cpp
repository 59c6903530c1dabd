#include "world/real/real_world.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast {
namespace {

// Reading and checking take about a fifth of what a large write costs all in all.
constexpr std::size_t io_threads_per_bulk = 4;

std::vector<std::unique_ptr<RealExecutor>> make_executors(std::string_view name,
                                                          std::size_t count) {
  check(count > 0, "sessions need an executor");
  std::vector<std::unique_ptr<RealExecutor>> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(std::make_unique<RealExecutor>(fmt::format("{}-{}", name, i)));
  }
  return made;
}

std::vector<Executor*> borrow(const std::vector<std::unique_ptr<RealExecutor>>& executors) {
  std::vector<Executor*> borrowed;
  for (const auto& executor : executors) {
    borrowed.push_back(executor.get());
  }
  return borrowed;
}

}  // namespace

RealWorld::RealWorld(std::unique_ptr<RealDisk> disk, std::size_t io_threads)
    : disk_(std::move(disk)),
      sequencer_("sequencer"),
      background_("background"),
      io_(make_executors("io", io_threads)),
      bulk_(make_executors("bulk", std::max<std::size_t>(1, io_threads / io_threads_per_bulk))),
      world_{clock_,      *disk_,        random_,    network_,
             borrow(io_), borrow(bulk_), sequencer_, background_} {}

RealWorld::~RealWorld() { stop(); }

void RealWorld::start() {
  sequencer_.start();
  background_.start();
  for (const auto* executors : {&bulk_, &io_}) {
    for (const auto& executor : *executors) {
      executor->start();
    }
  }
}

bool RealWorld::drain(Duration longest) {
  const Instant until = clock_.boot() + longest;
  bool ended = true;
  for (const auto* executors : {&io_, &bulk_}) {
    for (const auto& executor : *executors) {
      ended = executor->drain(until - clock_.boot()) && ended;
    }
  }
  ended = background_.drain(until - clock_.boot()) && ended;
  return sequencer_.drain(until - clock_.boot()) && ended;
}

void RealWorld::stop() {
  for (const auto* executors : {&io_, &bulk_}) {
    for (const auto& executor : *executors) {
      executor->stop();
    }
  }
  background_.stop();
  sequencer_.stop();
  for (const auto* executors : {&io_, &bulk_}) {
    for (const auto& executor : *executors) {
      executor->discard();
    }
  }
  background_.discard();
  sequencer_.discard();
}

}  // namespace holdfast
