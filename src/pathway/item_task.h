// pathway/item_task.h: an item as the Task that people read (views/item.h reads it back).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/json.h"
#include "pathway/definition.h"
#include "views/item.h"

namespace holdfast::pathway {

/// What a Task says beside the item.
struct Wording {
  std::string description;  ///< may be empty
  Bytes requester;          ///< Reference as JSON; may be empty
  std::string reason;       ///< why it begins where it does; may be empty
  Bytes more;               ///< further members as JSON, as they stand in an object; may be empty
};

/// A new item.
[[nodiscard]] Bytes task_of(const Definition& definition, const views::Item& item,
                            const Wording& wording, Time now);
/// `task` with what `item` says now in the place of what it said; all else stays as it is.
/// `why`: the reason that stands there from now on; empty: the one that is there stays.
[[nodiscard]] Bytes changed_task(fhir::JsonValue task, const Definition& definition,
                                 const views::Item& item, std::string_view why, Time now);

}  // namespace holdfast::pathway
