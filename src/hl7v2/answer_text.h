// hl7v2/answer_text.h: what an acknowledgement says for people.
#pragma once

#include <string>

#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// MSA-3 and of each ERR what it says: ERR-8, else ERR-7, else of ERR-3 its original text (where
/// HAPI puts it) or the name of its code; each once, with "; " between. Empty where nothing is
/// said.
[[nodiscard]] std::string answer_text(const Message& answer);

}  // namespace holdfast::hl7v2
