#include "world/sim/sim_executor.h"

#include <utility>

namespace holdfast {

SimScheduler::SimScheduler(std::uint64_t seed) : random_(seed) {}

SimScheduler::~SimScheduler() { check(executors_.empty(), "executors go before their scheduler"); }

void SimScheduler::release_due() {
  while (!timers_.empty() && std::get<0>(timers_.begin()->first) <= now_.ns) {
    auto due = timers_.extract(timers_.begin());
    due.mapped().executor->ready_.push_back(std::move(due.mapped().job));
  }
}

SimExecutor* SimScheduler::choose() {
  std::uint64_t waiting = 0;
  for (const SimExecutor* executor : executors_) {
    waiting += executor->ready_.empty() ? 0U : 1U;
  }
  if (waiting == 0) {
    return nullptr;
  }
  std::uint64_t skip = waiting == 1 ? 0 : random_.below(waiting);
  for (SimExecutor* executor : executors_) {
    if (!executor->ready_.empty() && skip-- == 0) {
      return executor;
    }
  }
  return nullptr;
}

bool SimScheduler::step() {
  check(current_ == nullptr, "a job may not run the scheduler");
  release_due();
  SimExecutor* chosen = choose();
  if (chosen == nullptr) {
    if (timers_.empty() || std::get<0>(timers_.begin()->first) == never.ns) {
      return false;
    }
    now_.ns = std::get<0>(timers_.begin()->first);
    release_due();
    chosen = choose();
  }
  now_.ns += static_cast<std::int64_t>(1 + random_.below(step_ns_max));
  ++steps_;
  note(static_cast<std::uint64_t>(now_.ns));
  note(chosen->number_);
  Job job = std::move(chosen->ready_.front());
  chosen->ready_.pop_front();
  current_ = chosen;
  job();
  job = nullptr;  // what it holds goes while it still counts as running here
  current_ = nullptr;
  return true;
}

RunEnd SimScheduler::run_until(const std::function<bool()>& done, std::uint64_t steps_max) {
  stop_asked_ = false;
  for (std::uint64_t count = 0;; ++count) {
    if (stop_asked_) {
      return RunEnd::stopped;
    }
    if (done()) {
      return RunEnd::satisfied;
    }
    if (count == steps_max) {
      return RunEnd::too_long;
    }
    if (!step()) {
      return RunEnd::idle;
    }
  }
}

RunEnd SimScheduler::run(std::uint64_t steps_max) {
  return run_until([] { return false; }, steps_max);
}

RunEnd SimScheduler::run_for(Duration span, std::uint64_t steps_max) {
  const Instant until = now_ + span;
  const auto nothing_due = [&] {
    release_due();
    for (const SimExecutor* executor : executors_) {
      if (!executor->ready_.empty()) {
        return now_ >= until;
      }
    }
    return timers_.empty() || std::get<0>(timers_.begin()->first) > until.ns;
  };
  const RunEnd end = run_until(nothing_due, steps_max);
  if (end == RunEnd::satisfied && now_ < until) {
    now_ = until;
  }
  return end;
}

void SimScheduler::add_timer(SimExecutor& executor, Instant when, Job job) {
  const std::uint64_t tie = random_.next();
  timers_.emplace(TimerKey{when.ns, tie, timers_made_++}, Timer{&executor, std::move(job)});
}

void SimScheduler::remove_timers(const SimExecutor& executor) {
  std::vector<Job> dropped;  // their destructors may add timers elsewhere: not while we look
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    if (timer->second.executor == &executor) {
      dropped.push_back(std::move(timer->second.job));
      timer = timers_.erase(timer);
    } else {
      ++timer;
    }
  }
}

SimExecutor::SimExecutor(SimScheduler& scheduler)
    : scheduler_(scheduler), number_(++scheduler.executors_made_) {
  scheduler_.executors_.push_back(this);
}

SimExecutor::~SimExecutor() {
  kill();
  std::erase(scheduler_.executors_, this);
}

void SimExecutor::post(Job job) {
  if (alive_) {
    ready_.push_back(std::move(job));
  }
}

void SimExecutor::post_at(Instant when, Job job) {
  if (alive_) {
    scheduler_.add_timer(*this, when, std::move(job));
  }
}

void SimExecutor::kill() {
  check(scheduler_.current_ != this, "an executor cannot be killed by its own job");
  alive_ = false;
  std::deque<Job> dropped = std::exchange(ready_, {});
  dropped.clear();
  scheduler_.remove_timers(*this);
  destroy_spawned();
}

}  // namespace holdfast
