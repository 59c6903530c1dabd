// world/real/real_loop.h: the inside of RealExecutor. Only real_executor.cpp and real_network.cpp
// include it: it brings in Asio.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "world/real/real_clock.h"
#include "world/real/real_executor.h"

namespace holdfast {

/// The boot clock as Asio wants to see one.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() { return time_point(duration(boot_time().ns)); }
};

struct RealExecutor::Loop {
  explicit Loop(std::string thread_name);

  void run();
  void wake();
  void await_wake();
  void run_arrived();
  void run_due();
  void arm();

  struct Timer {
    Instant when;
    std::uint64_t number;
    Job job;
    /// For a heap whose front is the earliest, of equals the oldest.
    bool operator<(const Timer& other) const {
      return when != other.when ? when > other.when : number > other.number;
    }
  };

  const std::string name;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  boost::asio::basic_waitable_timer<BootClock> alarm{io};
  /// An eventfd. Asio's own way to wake a thread holds a mutex that the woken thread wants first.
  boost::asio::posix::stream_descriptor bell{io};
  std::uint64_t rung = 0;  ///< what is read from the bell
  std::thread thread;
  /// Whose turn it is to call post_at(): nobody's in particular while no thread runs.
  std::atomic<std::thread::id> owner{};

  std::mutex mutex;
  std::vector<Job> arrived;  ///< guarded by mutex
  bool woken = false;        ///< guarded by mutex: the bell has rung, run_arrived() will come

  std::vector<Job> running;   ///< empty between runs; kept for its memory
  std::vector<Timer> timers;  ///< a heap
  std::uint64_t timers_made = 0;
  Instant armed_for = never;
};

}  // namespace holdfast
