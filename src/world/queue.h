// world/queue.h: bounded queues between executors, whose ends await.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "world/executor.h"

namespace holdfast {

/// Many senders on any executor, one receiver on its own. The bound is a count; bytes are
/// bounded before, by Budget. push() awaits while it is full.
template <class T>
class Queue {
 public:
  Queue(Executor& receiver, std::size_t capacity) : receiver_(receiver), capacity_(capacity) {}

  class Push {
   public:
    Push(Queue& queue, Executor& from, T item)
        : queue_(queue), from_(from), item_(std::move(item)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiting) {
      std::coroutine_handle<> receiver;
      {
        const std::scoped_lock lock(queue_.mutex_);
        if (!queue_.closed_ && queue_.items_.size() >= queue_.capacity_) {
          waiting_ = waiting;
          queue_.senders_.push_back(this);
          return true;
        }
        receiver = queue_.accept(*this);
      }
      queue_.wake(receiver);
      return false;
    }
    /// False if the queue was closed and the item was not taken.
    [[nodiscard]] bool await_resume() const noexcept { return taken_; }

   private:
    friend class Queue;
    Queue& queue_;
    Executor& from_;
    T item_;
    std::coroutine_handle<> waiting_;
    bool taken_ = false;
  };

  class Pop {
   public:
    explicit Pop(Queue& queue) : queue_(queue) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiting) {
      const std::scoped_lock lock(queue_.mutex_);
      if (queue_.closed_ || !queue_.items_.empty()) {
        return false;
      }
      queue_.waiting_receiver_ = waiting;
      return true;
    }
    std::vector<T> await_resume() { return queue_.take_all(); }

   private:
    Queue& queue_;
  };

  /// `co_await queue.push(my_executor, item)`: resumes on `from`.
  [[nodiscard]] Push push(Executor& from, T item) { return Push(*this, from, std::move(item)); }
  /// Everything that waits, at least one item; empty only once closed and drained.
  [[nodiscard]] Pop pop_all() { return Pop(*this); }

  /// Takes `item` if there is room now; does not wait. False if it is full or closed.
  bool try_push(T item) {
    std::coroutine_handle<> receiver;
    {
      const std::scoped_lock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) {
        return false;
      }
      items_.push_back(std::move(item));
      receiver = std::exchange(waiting_receiver_, {});
    }
    wake(receiver);
    return true;
  }

  /// Takes no more; the receiver drains what is there and then gets an empty vector.
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (Push* sender : senders_) {
      resume(*sender);
    }
    senders_.clear();
    wake(std::exchange(waiting_receiver_, {}));
  }

  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return items_.size();
  }

 private:
  /// Whom to wake, outside the lock: it is what the receiver wants first.
  [[nodiscard]] std::coroutine_handle<> accept(Push& push) {
    if (closed_) {
      return {};
    }
    items_.push_back(std::move(push.item_));
    push.taken_ = true;
    return std::exchange(waiting_receiver_, {});
  }
  void wake(std::coroutine_handle<> receiver) {
    if (receiver) {
      receiver_.post([receiver] { receiver.resume(); });
    }
  }
  static void resume(Push& push) {
    push.from_.post([waiting = push.waiting_] { waiting.resume(); });
  }
  std::vector<T> take_all() {
    const std::scoped_lock lock(mutex_);
    std::vector<T> taken(std::make_move_iterator(items_.begin()),
                         std::make_move_iterator(items_.end()));
    items_.clear();
    while (!senders_.empty() && items_.size() < capacity_) {
      Push& sender = *senders_.front();
      senders_.pop_front();
      static_cast<void>(accept(sender));  // nobody waits: the receiver is here
      resume(sender);
    }
    return taken;
  }

  Executor& receiver_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<T> items_;
  std::deque<Push*> senders_;
  std::coroutine_handle<> waiting_receiver_;
  bool closed_ = false;
};

/// A one-time answer that travels from one executor to a coroutine waiting on another.
/// The waiter owns it and outlives the answer: set() is called exactly once.
template <class T>
class Answer {
 public:
  explicit Answer(Executor& waiter) : waiter_(waiter) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  /// From any executor, once. The answer may be gone when this returns.
  void set(T value) {
    waiter_.post([this, value = std::move(value)]() mutable {
      value_.emplace(std::move(value));
      if (waiting_) {
        waiting_.resume();
      }
    });
  }
  [[nodiscard]] bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  T await_resume() { return std::move(*value_); }

 private:
  Executor& waiter_;
  std::optional<T> value_;
  std::coroutine_handle<> waiting_;
};

/// Admission by bytes: what is not reserved is not read. From any thread.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// Bytes that are given back when it goes away.
  class Share {
   public:
    Share() = default;
    Share(Budget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      if (this != &other) {
        give_back();
        budget_ = std::exchange(other.budget_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
      }
      return *this;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { give_back(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

   private:
    void give_back() {
      if (budget_ != nullptr) {
        budget_->give_back(bytes_);
        budget_ = nullptr;
      }
    }
    Budget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  /// Nothing if that would pass the bound.
  [[nodiscard]] std::optional<Share> reserve(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (bytes > bytes_max_ - used_) {
      return std::nullopt;
    }
    used_ += bytes;
    return Share(this, bytes);
  }
  [[nodiscard]] std::uint64_t used() const {
    const std::scoped_lock lock(mutex_);
    return used_;
  }
  [[nodiscard]] std::uint64_t bytes_max() const { return bytes_max_; }

 private:
  void give_back(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    used_ -= bytes;
  }
  const std::uint64_t bytes_max_;
  mutable std::mutex mutex_;
  std::uint64_t used_ = 0;
};

}  // namespace holdfast
