// views/sequence.h: the number (MSH-13) of what was taken from a neighbour last: what the next one
// has to follow (HL7 v2.5.1, section 2.10.1). Follows from the journal, and is no fact of the state
// digest.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// `number`: of a message that was taken, or sequence_anew.
void write_sequence(WorkLayer& layer, std::string_view neighbour, std::int64_t number);
/// sequence_anew where there is none: whatever number comes next is the first.
[[nodiscard]] Result<std::int64_t> read_sequence(const Reader& reader, std::string_view neighbour);

}  // namespace holdfast::views
