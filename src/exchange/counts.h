// exchange/counts.h: what came from each neighbour since the start, for metrics. Plain atomics:
// read at any time from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "exchange/neighbour.h"

namespace holdfast::exchange {

struct NeighbourCounts {
  using Count = std::atomic<std::uint64_t>;
  Count applied = 0;
  Count faulty = 0;
  Count refused = 0;
  Count duplicates = 0;  ///< answered with what is there
  Count same_id = 0;     ///< another content under an id that was used before
  Count doubtful = 0;    ///< in a character set that cannot be the declared one
  Count conflicts = 0;   ///< made again because the record had moved on
  Count broken = 0;      ///< frames that were cut off
  Count leaves = 0;      ///< values in mapped messages
  Count unmapped = 0;    ///< of those, no rule took
};

/// One for each neighbour, and one for strangers under "".
class Counts {
 public:
  explicit Counts(const Neighbours& neighbours) {
    all_[""] = std::make_unique<NeighbourCounts>();
    for (const Neighbour& neighbour : neighbours.all()) {
      all_[neighbour.name] = std::make_unique<NeighbourCounts>();
    }
  }
  [[nodiscard]] NeighbourCounts& of(std::string_view neighbour) {
    const auto found = all_.find(neighbour);
    return found == all_.end() ? *all_.find("")->second : *found->second;
  }
  [[nodiscard]] const auto& all() const { return all_; }

  std::atomic<std::uint64_t> noise_bytes = 0;  ///< between frames
  std::atomic<std::uint64_t> frames_slow = 0;  ///< did not end in time
  std::atomic<std::uint64_t> frames_too_long = 0;
  std::atomic<std::uint64_t> unanswered =
      0;  ///< closed without an acknowledgement: could not write

  /// Why a connection was closed by us last; empty: none was. For the log, once a reason.
  void note_close(std::string why) {
    const std::scoped_lock lock(mutex_);
    last_close_ = std::move(why);
  }
  [[nodiscard]] std::string last_close() const {
    const std::scoped_lock lock(mutex_);
    return last_close_;
  }

  static void add(std::atomic<std::uint64_t>& count, std::uint64_t by = 1) {
    count.fetch_add(by, std::memory_order_relaxed);
  }

 private:
  mutable std::mutex mutex_;
  std::string last_close_;
  std::map<std::string, std::unique_ptr<NeighbourCounts>, std::less<>> all_;
};

}  // namespace holdfast::exchange
