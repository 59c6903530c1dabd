// api/each_open.h: every item that is open, for operations that look through all of them.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"
#include "node/node.h"
#include "views/item.h"

namespace holdfast::api {

/// Gives each open item to `look`, one owner's after the other's, in the order of their lists; ends
/// with its first error. At most `limit`: false where there are more.
[[nodiscard]] Result<bool> each_open(const node::Moment& moment, std::size_t limit,
                                     const std::function<Result<void>(const views::Item&)>& look);

}  // namespace holdfast::api
