// fhir/fold.h: text as string search compares it: without case, accents and other marks.
// https://hl7.org/fhir/R4/search.html#string
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace holdfast::fhir {

/// Appends `text` decomposed and case-folded (Unicode 14, chapter 3.13), without combining marks:
/// "Müller", "MULLER" and "muller" are one. What is not UTF-8 is appended as it is.
void append_folded(Bytes& to, std::string_view text);
[[nodiscard]] Bytes folded(std::string_view text);

}  // namespace holdfast::fhir
