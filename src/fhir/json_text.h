// fhir/json_text.h: small things about JSON text that the reader and the document share. Inside
// src/fhir only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// RFC 8259 section 2.
[[nodiscard]] constexpr bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// One byte for a sentence: 'x' or byte 0x1b.
[[nodiscard]] std::string shown_byte(char c);

/// Line and column of a byte of `text`.
[[nodiscard]] JsonPlace place_in(BytesView text, std::size_t offset);

/// A child and its place.
struct ChildAt {
  JsonValue child;
  std::uint32_t position;  ///< among its siblings, from 0
};
/// The child of `at` whose subtree holds the value `index`, which must lie behind `at`; nothing
/// where that subtree ends before it.
[[nodiscard]] std::optional<ChildAt> child_holding(JsonValue at, std::uint32_t index);

/// Appends ".key" or "[position]" to a path.
void append_step(std::string& path, bool in_array, std::uint32_t position, std::string_view key);

/// The offset of the first escape that is wrong (RFC 8259 section 7; a surrogate without its pair
/// is wrong too), or nothing.
[[nodiscard]] std::optional<std::size_t> find_bad_escape(std::string_view inside);

/// Appends the value of a string whose escapes are right.
void append_unescaped(std::string& to, std::string_view inside);

/// Length of the JSON number at the start of `text` (RFC 8259 section 6); nothing if it is none.
/// `exponent_is_in_range` turns false where the exponent exceeds json_exponent_max.
[[nodiscard]] std::optional<std::size_t> number_length(std::string_view text,
                                                       bool& exponent_is_in_range);

}  // namespace holdfast::fhir
