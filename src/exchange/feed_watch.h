// exchange/feed_watch.h: a neighbour that sends less than it usually does at this hour of the week
// is an episode: one item, which ends when it sends again. A feed that has stopped is not seen by
// looking at messages: none is wrong, they are not there.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "exchange/neighbour.h"
#include "fhir/reader_pool.h"
#include "node/node.h"
#include "views/feed.h"
#include "world/bell.h"
#include "world/world.h"

namespace holdfast::exchange {

/// What is usual is the median of the same hour of the last weeks, by the clocks of the neighbour.
constexpr std::size_t weeks_looked_at = 6;
/// With fewer weeks nothing is usual yet.
constexpr std::size_t weeks_needed = 2;
/// So many messages missing since the last one: by chance that happens once in 160,000 looks.
constexpr double missing_max = 12;
/// And not before this: a pause.
constexpr std::int64_t quiet_ms_min = 10 * 60'000;

struct FeedState {
  bool quiet = false;
  double missing = 0;  ///< messages that would usually have come since
  Time last;           ///< when the last one came
};
/// What is to be thought of a neighbour now; nothing where it is not known what is usual. What
/// could not come because we were not there (before `since`) is not missing.
[[nodiscard]] Result<std::optional<FeedState>> look_at_feed(const views::Reader& reader,
                                                            const Neighbour& neighbour, Time now,
                                                            Time since);

/// Looks once a minute.
class FeedWatch {
 public:
  /// All borrowed, and outliving it.
  FeedWatch(World& world, node::Node& node, const Neighbours& neighbours);
  /// On world.io.front().
  void start();
  [[nodiscard]] Task<void> drain();
  /// Why a neighbour cannot be looked at, or an item not be written; empty: all is well. From any
  /// thread.
  [[nodiscard]] std::string trouble() const;

 private:
  /// The wall clock, but for leaps: since the start no more has passed than the boot clock counted,
  /// and a minute.
  [[nodiscard]] Time now() const;
  Task<void> run();
  Task<Result<void>> look(const Neighbour& neighbour);
  Task<Result<void>> open(const Neighbour& neighbour, const FeedState& state);
  /// If a message has come since.
  Task<Result<void>> close(const std::string& task, Time last);

  World& world_;
  Executor& home_;
  node::Node& node_;
  const Neighbours& neighbours_;
  fhir::ReaderPool readers_;
  Bell bell_;
  Time started_;
  Instant started_boot_{};
  mutable std::mutex mutex_;
  std::string trouble_;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace holdfast::exchange
