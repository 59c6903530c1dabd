// world/sim/sim_executor.h: many executors on one thread, in an order that the seed fixes, on a
// clock that runs only while they do.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "world/executor.h"
#include "world/sim/sim_random.h"

namespace holdfast {

class SimExecutor;

/// Why a run ended.
enum class RunEnd : std::uint8_t {
  satisfied,  ///< what was waited for holds
  idle,       ///< nothing is left to do, now or at any time
  stopped,    ///< stop() was called
  too_long,   ///< the limit of steps was reached
};

/// Virtual time, and whose turn it is. One job of one executor is a step. Jobs of one executor
/// keep their order; between executors the seed decides, at every step. A step takes up to
/// step_ns_max of virtual time; when no executor has anything to do, time leaps to the next timer.
class SimScheduler {
 public:
  static constexpr std::uint64_t step_ns_max = 2'000;

  explicit SimScheduler(std::uint64_t seed);
  SimScheduler(const SimScheduler&) = delete;
  SimScheduler& operator=(const SimScheduler&) = delete;
  /// Executors go first.
  ~SimScheduler();

  [[nodiscard]] Instant now() const { return now_; }
  /// The executor whose job is running, or null between steps.
  [[nodiscard]] SimExecutor* current() const { return current_; }

  /// Runs one job; false when nothing is left to do.
  bool step();
  /// Runs until `done` (asked before each step), stop(), or `steps_max` steps.
  RunEnd run_until(const std::function<bool()>& done, std::uint64_t steps_max = 10'000'000);
  /// Runs until nothing is left to do.
  RunEnd run(std::uint64_t steps_max = 10'000'000);
  /// Runs what is due within `span`, and lets that time pass. `satisfied` when it has.
  RunEnd run_for(Duration span, std::uint64_t steps_max = 10'000'000);
  /// The run ends after the job that is running now.
  void stop() { stop_asked_ = true; }

  /// Adds a fact to the trace. Two runs of one seed have the same trace, or something in them does
  /// not come from the seed.
  void note(std::uint64_t fact) {
    trace_ ^= fact;
    trace_ = splitmix64_next(trace_);
  }
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  friend class SimExecutor;
  struct Timer {
    SimExecutor* executor;
    Job job;
  };
  /// When; then a number that the seed gives; then, should both be equal, the older one.
  using TimerKey = std::tuple<std::int64_t, std::uint64_t, std::uint64_t>;

  void release_due();
  SimExecutor* choose();
  void add_timer(SimExecutor& executor, Instant when, Job job);
  void remove_timers(const SimExecutor& executor);

  SimRandom random_;
  Instant now_{};
  SimExecutor* current_ = nullptr;
  bool stop_asked_ = false;
  std::vector<SimExecutor*> executors_;
  std::map<TimerKey, Timer> timers_;
  std::uint64_t timers_made_ = 0;
  std::uint64_t executors_made_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t trace_ = 0;
};

/// One executor. Destroying it, or kill(), is how a machine crashes: what waits is dropped, and the
/// frames of spawned tasks are destroyed with all they own. Objects that those frames refer to must
/// still be there; objects of other machines must not wait for an answer from this one.
class SimExecutor final : public Executor {
 public:
  explicit SimExecutor(SimScheduler& scheduler);
  ~SimExecutor() override;

  void post(Job job) override;
  void post_at(Instant when, Job job) override;
  [[nodiscard]] Instant now() const override { return scheduler_.now(); }

  /// From here on takes no job and runs none. Not from one of its own jobs.
  void kill();
  [[nodiscard]] bool alive() const { return alive_; }
  [[nodiscard]] SimScheduler& scheduler() { return scheduler_; }

 private:
  friend class SimScheduler;
  SimScheduler& scheduler_;
  const std::uint64_t number_;
  std::deque<Job> ready_;
  bool alive_ = true;
};

namespace detail {
template <class T>
Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> kept) {
  kept->emplace(co_await task);
}
inline Task<void> keep_end(Task<void> task, std::shared_ptr<bool> ended) {
  co_await task;
  *ended = true;
}
}  // namespace detail

/// Runs the world until `task`, spawned on `executor`, ends; nothing if the run ended before.
template <class T>
std::optional<T> run_task(SimExecutor& executor, Task<T> task,
                          std::uint64_t steps_max = 10'000'000) {
  const auto kept = std::make_shared<std::optional<T>>();
  executor.spawn(detail::keep<T>(std::move(task), kept));
  executor.scheduler().run_until([&] { return kept->has_value(); }, steps_max);
  return std::move(*kept);
}
/// The same; whether it ended.
inline bool run_task(SimExecutor& executor, Task<void> task, std::uint64_t steps_max = 10'000'000) {
  const auto ended = std::make_shared<bool>(false);
  executor.spawn(detail::keep_end(std::move(task), ended));
  executor.scheduler().run_until([&] { return *ended; }, steps_max);
  return *ended;
}

}  // namespace holdfast
