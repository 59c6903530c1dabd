// node/outbox_hooks.h: what whoever delivers to neighbours gives to a node, and hears of it. The
// node itself knows no channel (docs/adr/0017).
#pragma once

#include <string_view>

#include "decide/prepared.h"

namespace holdfast::node {

/// Says what a Command owes to channels, before it is hashed. The same Command gets the same
/// answer. From any thread.
class Routes {
 public:
  virtual ~Routes() = default;
  /// Adds to `prepared.command.deliveries`, in the order of operations.
  virtual void route(decide::Prepared& prepared) const = 0;
};

/// Hears that something new is owed.
class OutboxWatcher {
 public:
  virtual ~OutboxWatcher() = default;
  /// On the sequencer's executor, when it is durable and published. Must not wait.
  virtual void owed(std::string_view channel) = 0;
};

}  // namespace holdfast::node
