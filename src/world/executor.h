// world/executor.h: runs coroutines and callbacks, one at a time, in its own thread of execution.
// Two things on the same executor never run at once; two executors may.
#pragma once

#include <coroutine>
#include <functional>
#include <mutex>

#include "base/ids.h"
#include "base/task.h"

namespace holdfast {

using Job = std::move_only_function<void()>;

namespace detail {
struct Spawned;
}

class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() { destroy_spawned(); }

  /// Runs `job` here later, never inside this call. From any thread.
  virtual void post(Job job) = 0;

  /// Runs `job` here at `when` (boot clock) or soon after. From this executor only.
  virtual void post_at(Instant when, Job job) = 0;

  /// The boot clock as this executor sees it.
  [[nodiscard]] virtual Instant now() const = 0;

  /// Runs `task` here; its frame lives until it ends or the executor does. From any thread.
  /// Whoever spawns sees to it that what the task refers to lives longer.
  void spawn(Task<void> task);

  struct Sleep {
    Executor& executor;
    Instant until;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      executor.post_at(until, [waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  /// `co_await executor.sleep(d)`: comes back after at least `d`. From this executor only.
  [[nodiscard]] Sleep sleep(Duration for_how_long) { return {*this, now() + for_how_long}; }

  struct Turn {
    Executor& executor;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      executor.post([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  /// `co_await executor.turn()`: continues on this executor, after what waits there already.
  /// From any thread: this is how a coroutine moves to another executor.
  [[nodiscard]] Turn turn() { return {*this}; }

 protected:
  /// Destroys the frames of the spawned tasks that have not ended, the youngest first, and with
  /// them all that they own. For an executor that runs nothing any more (stopped, or crashed), and
  /// whose jobs, which may hold handles of those frames, are gone.
  void destroy_spawned();
  /// Whether a spawned task has not ended. From any thread.
  [[nodiscard]] bool has_spawned();

 private:
  friend struct detail::Spawned;
  std::mutex spawned_mutex_;
  detail::Spawned* youngest_ = nullptr;
};

}  // namespace holdfast
