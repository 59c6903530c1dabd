// fhir/path/letters.h: characters of UTF-8 texts, and their case. Inside this folder only.
//
// Case is known for the Latin, Greek, Cyrillic and Armenian letters that have exactly one other
// case; others stay as they are. No locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::fhir::path {

[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
/// As strings are compared by ~: lower case, each run of white space one space, none at the ends.
/// https://hl7.org/fhirpath/N1/#string-equivalence
[[nodiscard]] std::string normalized(std::string_view text);
/// Without white space at its ends.
[[nodiscard]] std::string_view stripped(std::string_view text);

/// Appends a Unicode scalar value as UTF-8.
void append_character(std::string& to, unsigned character);
/// Characters (Unicode scalar values) in the text.
[[nodiscard]] std::size_t characters(std::string_view text);
/// The offset of the character with that number; text.size() if there are fewer.
[[nodiscard]] std::size_t offset_of(std::string_view text, std::size_t character);
/// The bytes of the character that begins there.
[[nodiscard]] std::size_t character_bytes(std::string_view text, std::size_t offset);

}  // namespace holdfast::fhir::path
