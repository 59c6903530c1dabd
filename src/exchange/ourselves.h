// exchange/ourselves.h: what this server writes of its own accord: the state of channels and feeds,
// and items about them.
#pragma once

#include "base/result.h"
#include "decide/prepared.h"
#include "node/node.h"
#include "world/world.h"

namespace holdfast::exchange {

/// As the principal holdfast:delivery, on `on`. Errors of Node::submit.
[[nodiscard]] Task<Result<void>> submit_as_ourselves(World& world, Executor& on, node::Node& node,
                                                     decide::Prepared prepared);

}  // namespace holdfast::exchange
