// fhir/task_status.h: an item that opens again, or ends: its Task with another status.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// `task` with that status, `why` as the reason for it in words, and the state of items that goes
/// with it
/// ("open", "closed"; model/channel_words.h); everything else stays. Code::syntax where it is no
/// JSON. https://hl7.org/fhir/R4/task.html
[[nodiscard]] Result<Bytes> with_task_status(JsonReader& reader, const Bytes& task,
                                             std::string_view status, std::string_view state,
                                             std::string_view why);

}  // namespace holdfast::fhir
