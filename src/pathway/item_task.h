// pathway/item_task.h: an item as the Task that people read (views/item.h reads it back).
#pragma once

#include <optional>
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

/// System of the types of Task.input and Task.output that the server writes about blood.
inline constexpr std::string_view blood_system = "urn:holdfast:blood";
/// The same about the clock of a waiting time.
inline constexpr std::string_view clock_system = "urn:holdfast:waiting-time";
/// What the server writes beside the item.
struct Beside {
  /// Elements of Task.input in `system`, in the place of those that are there; nothing: they stay.
  std::optional<Bytes> inputs;
  std::string_view system = blood_system;
  Bytes output;  ///< an element more of Task.output; may be empty
};
/// The elements of Task.input in `system`, with commas between them.
[[nodiscard]] Bytes inputs_in(fhir::JsonValue task, std::string_view system);
/// Whether the type of an element of Task.input or Task.output is one of that system.
[[nodiscard]] bool is_in_system(fhir::JsonValue element, std::string_view system);

/// A new item.
[[nodiscard]] Bytes task_of(const Definition& definition, const views::Item& item,
                            const Wording& wording, Time now);
/// `task` with what `item` says now in the place of what it said; all else stays as it is.
/// `why`: the reason that stands there from now on; empty: the one that is there stays.
[[nodiscard]] Bytes changed_task(fhir::JsonValue task, const Definition& definition,
                                 const views::Item& item, std::string_view why,
                                 const Beside& beside, Time now);

}  // namespace holdfast::pathway
