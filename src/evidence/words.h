// evidence/words.h: what an operation is about in words that a person on a ward reads: the kind of
// thing, and what it says of itself. Nothing here is evidence: the bytes are.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/command.h"

namespace holdfast::evidence {

/// "item to be done" of Task, "report" of DiagnosticReport; the type itself where there is no word.
[[nodiscard]] std::string_view plain_type(std::string_view type);
/// What a body says of itself, short: "Potassium, 6.1 mmol/L", "Sheard, Ada (1980-01-02)". Empty
/// where it says nothing that is known here.
[[nodiscard]] std::string title_of(BytesView body);

/// Text as HTML: markup escaped, control characters and what is no UTF-8 as U+FFFD.
[[nodiscard]] std::string html(std::string_view text);

}  // namespace holdfast::evidence
