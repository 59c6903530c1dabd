// world/bell.h: lets coroutines of one executor wait for something to happen there, or for a
// moment.
#pragma once

#include <coroutine>
#include <memory>
#include <utility>
#include <vector>

#include "world/executor.h"

namespace holdfast {

/// All of it from one executor. Whoever waits outlives its wait, and the Bell outlives all of them.
class Bell {
 public:
  explicit Bell(Executor& on) : on_(on) {}
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  class Wait {
   public:
    Wait(Bell& bell, Instant until) : bell_(bell), until_(until) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      const auto waiter = std::make_shared<std::coroutine_handle<>>(waiting);
      std::erase_if(bell_.waiters_, [](const auto& one) { return !*one; });
      bell_.waiters_.push_back(waiter);
      if (until_ != never) {
        bell_.on_.post_at(until_, [waiter] { resume(*waiter); });
      }
    }
    void await_resume() const noexcept {}

   private:
    Bell& bell_;
    Instant until_;
  };

  /// `co_await bell.wait(until)`: comes back after the next ring(), or at `until`.
  [[nodiscard]] Wait wait(Instant until) { return {*this, until}; }
  /// Everybody who waits now goes on, each in a turn of its own.
  void ring() {
    for (const auto& waiter : std::exchange(waiters_, {})) {
      on_.post([waiter] { resume(*waiter); });
    }
  }

 private:
  // Whichever comes first, the ring or the moment: the other finds nobody.
  static void resume(std::coroutine_handle<>& waiting) {
    if (const auto handle = std::exchange(waiting, nullptr)) {
      handle.resume();
    }
  }

  Executor& on_;
  std::vector<std::shared_ptr<std::coroutine_handle<>>> waiters_;
};

}  // namespace holdfast
