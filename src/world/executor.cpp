#include "world/executor.h"

#include <utility>

namespace holdfast {
namespace detail {

// A link in an executor's list of the tasks spawned on it: in the list exactly as long as its
// frame lives, wherever the coroutine runs meanwhile.
struct Spawned {
  explicit Spawned(Executor& executor) : home(executor) {}
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;
  ~Spawned() {
    const std::scoped_lock lock(home.spawned_mutex_);
    (younger != nullptr ? younger->older : home.youngest_) = older;
    if (older != nullptr) {
      older->younger = younger;
    }
  }
  void link(std::coroutine_handle<> own_frame) {
    frame = own_frame;
    const std::scoped_lock lock(home.spawned_mutex_);
    older = home.youngest_;
    if (older != nullptr) {
      older->younger = this;
    }
    home.youngest_ = this;
  }

  Executor& home;
  std::coroutine_handle<> frame;
  Spawned* older = nullptr;
  Spawned* younger = nullptr;
};

}  // namespace detail

namespace {

// A detached coroutine: owns the Task it runs and destroys itself at its end.
struct Detached {
  struct promise_type {
    promise_type(Executor& home, Task<void>&) : spawned(home) {}
    Detached get_return_object() {
      const auto frame = std::coroutine_handle<promise_type>::from_promise(*this);
      spawned.link(frame);
      return {frame};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    detail::Spawned spawned;
  };
  std::coroutine_handle<> handle;
};

// Without the first argument the promise would not know its executor.
Detached run(Executor&, Task<void> task) { co_await task; }

}  // namespace

void Executor::spawn(Task<void> task) {
  const Detached detached = run(*this, std::move(task));
  post([handle = detached.handle] { handle.resume(); });
}

bool Executor::has_spawned() {
  const std::scoped_lock lock(spawned_mutex_);
  return youngest_ != nullptr;
}

void Executor::destroy_spawned() {
  for (;;) {
    std::coroutine_handle<> frame;
    {
      const std::scoped_lock lock(spawned_mutex_);
      if (youngest_ == nullptr) {
        return;
      }
      frame = youngest_->frame;
    }
    frame.destroy();
  }
}

}  // namespace holdfast
