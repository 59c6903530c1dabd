// world/tls/tls_counts.h: handshakes since the start, for metrics and the log. Any time, any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace holdfast {

struct TlsCounts {
  std::atomic<std::uint64_t> established = 0;
  std::atomic<std::uint64_t> failed = 0;

  /// "10.1.2.3: TLS handshake: …"
  void note_failure(std::string why) {
    failed.fetch_add(1, std::memory_order_relaxed);
    const std::scoped_lock lock(mutex_);
    last_failure_ = std::move(why);
  }
  /// Empty: none yet.
  [[nodiscard]] std::string last_failure() const {
    const std::scoped_lock lock(mutex_);
    return last_failure_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_failure_;
};

}  // namespace holdfast
