// api/item_change.h: the Task of an item, and the same as somebody wants it: what is asked for
// becomes the body of an update, which decide judges as any other; only which act is meant, and
// whether there is an offer to answer, is found here.
#pragma once

#include <string_view>

#include "api/asked_change.h"
#include "api/call.h"
#include "base/ids.h"
#include "node/node.h"
#include "pathway/definition.h"
#include "views/item.h"

namespace holdfast::api {

/// The Task as it is.
struct ItemTask {
  Version version;
  Bytes body;
  views::Item item;
  const pathway::Definition* definition = nullptr;  ///< null: there is none any more
};

/// Code::not_found, deleted; unsupported for a Task that is no item.
[[nodiscard]] Result<ItemTask> read_item_task(const Parts& parts, std::string_view id,
                                              const node::Moment& moment);

/// The Task with everything that `asked` changes; the act's reason takes the place of any before.
/// Code::invariant where no act of its pathway is meant, with those that there are.
[[nodiscard]] Result<Bytes> changed_task(const Parts& parts, const ItemTask& task,
                                         const AskedChange& asked);

}  // namespace holdfast::api
