#include "world/executor.h"

#include <utility>

namespace holdfast {
namespace {

// A detached coroutine: owns the Task it runs and destroys itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Detached run(Task<void> task) { co_await task; }

}  // namespace

void Executor::spawn(Task<void> task) {
  const Detached detached = run(std::move(task));
  post([handle = detached.handle] { handle.resume(); });
}

}  // namespace holdfast
