// server/ticker.h: time passes. Looks whether an item is to wake, and if so says so to the node: a
// Command of its own, whose entry has what follows (docs/adr/0020). Nothing else of pathways knows
// a clock. A tick that comes late finds the same items, and wakes them then.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.h"
#include "node/node.h"
#include "world/bell.h"
#include "world/world.h"

namespace holdfast::server {

/// How long an item may be late before anybody sees it: a look costs one row.
constexpr Duration tick_interval = seconds(5);
/// Items in one entry: others' commands wait for one at most.
constexpr std::uint32_t tick_items_max = 1000;

class Ticker {
 public:
  /// Both borrowed, and outliving it.
  Ticker(World& world, node::Node& node);
  /// On world.io.front().
  void start();
  [[nodiscard]] Task<void> drain();
  /// Why time cannot pass: writes are refused. Empty: all is well. From any thread.
  [[nodiscard]] std::string trouble() const;

 private:
  Task<void> run();
  /// Until nothing is left that is to wake by now.
  Task<Result<void>> pass();

  World& world_;
  Executor& home_;
  node::Node& node_;
  Bell bell_;
  mutable std::mutex mutex_;
  std::string trouble_;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace holdfast::server
