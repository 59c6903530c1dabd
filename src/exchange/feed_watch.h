// exchange/feed_watch.h: a neighbour that sends less than it usually does at this hour of the week
// is an episode: one item, which ends when it sends again. A feed that has stopped is not seen by
// looking at messages: none is wrong, they are not there.
#pragma once

#include <cstdint>
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
  double missing = 0;  ///< messages that would usually have come since the last one
  Time last;           ///< when that was
};
/// What is to be thought of a neighbour now; nothing where it is not known what is usual.
[[nodiscard]] Result<std::optional<FeedState>> look_at_feed(const views::Reader& reader,
                                                            const Neighbour& neighbour, Time now);

/// Looks once a minute.
class FeedWatch {
 public:
  /// All borrowed, and outliving it.
  FeedWatch(World& world, node::Node& node, const Neighbours& neighbours);
  /// On world.io.front().
  void start();
  [[nodiscard]] Task<void> drain();

 private:
  Task<void> run();
  Task<Result<void>> look(const Neighbour& neighbour);
  Task<Result<void>> open(const Neighbour& neighbour, const FeedState& state);
  Task<Result<void>> close(const std::string& task);

  World& world_;
  Executor& home_;
  node::Node& node_;
  const Neighbours& neighbours_;
  fhir::ReaderPool readers_;
  Bell bell_;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace holdfast::exchange
