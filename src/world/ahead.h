// world/ahead.h: a value that another executor makes while we go on; whoever takes it waits.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "world/executor.h"

namespace holdfast {

/// For commands with threads of their own to wait in: an executor must never wait for another one,
/// so nothing that runs on one takes a value. What `work` refers to outlives the Ahead. `on` runs
/// until every Ahead is gone.
template <class T>
class Ahead {
 public:
  /// Null: the work is done here, now.
  template <class Work>
  Ahead(Executor* on, Work work) : made_(std::make_shared<Made>()) {
    if (on == nullptr) {
      made_->value.emplace(work());
      made_->done = true;
      return;
    }
    on->post([made = made_, work = std::move(work)]() mutable {
      made->value.emplace(work());
      made->done = true;
      made->done.notify_one();
    });
  }
  Ahead(Ahead&& other) noexcept : made_(std::exchange(other.made_, nullptr)) {}
  Ahead& operator=(Ahead&& other) noexcept {
    wait();
    made_ = std::exchange(other.made_, nullptr);
    return *this;
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;
  ~Ahead() { wait(); }

  /// Once.
  [[nodiscard]] T take() {
    wait();
    return *std::move(std::exchange(made_, nullptr)->value);
  }

 private:
  struct Made {
    std::optional<T> value;
    std::atomic<bool> done = false;
  };
  void wait() const {
    if (made_) {
      made_->done.wait(false);
    }
  }
  std::shared_ptr<Made> made_;
};

}  // namespace holdfast
