// fhir/path/html.h: whether the text of a Narrative is what the standard allows: a div of XHTML
// with basic formatting, nothing that acts, and something to read in it.
// https://hl7.org/fhir/R4/narrative.html#limits (invariants txt-1 and txt-2)
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::fhir::path {

/// Why it is not, as a sentence; nothing where it is. The text is that of Narrative.div.
[[nodiscard]] std::optional<std::string> find_narrative_fault(std::string_view div);

}  // namespace holdfast::fhir::path
