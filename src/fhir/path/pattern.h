// fhir/path/pattern.h: the regular expressions of matches(), matchesFull() and replaceMatches(), by
// RE2: time is linear in the text, whatever the pattern. Inside this folder only.
//
// FHIRPath says "PCRE"; RE2 has no look-ahead, look-behind, back-references, atomic groups or
// possessive quantifiers, and repeats at most 1000 times: such patterns are refused. '.' matches a
// line feed too. https://hl7.org/fhirpath/N1/#matchesregex--string--boolean
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace holdfast::fhir::path {

/// Code::too_large for a pattern over pattern_bytes_max or whose automaton is too big,
/// Code::unsupported for what RE2 does not take.
[[nodiscard]] Result<std::shared_ptr<const re2::RE2>> make_pattern(std::string_view pattern);

/// Somewhere in the text.
[[nodiscard]] bool is_found(const re2::RE2& pattern, std::string_view text);
/// The whole text.
[[nodiscard]] bool is_match(const re2::RE2& pattern, std::string_view text);
/// Each match replaced: $1 to $9 and $0 stand for what a group matched, $$ for a dollar. Nothing if
/// the result would exceed `bytes_max`.
[[nodiscard]] Result<std::string> replaced(const re2::RE2& pattern, std::string_view text,
                                           std::string_view by, std::size_t bytes_max);

}  // namespace holdfast::fhir::path
