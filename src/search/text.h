// search/text.h: the texts of a query taken apart: percent-encoding, escapes, names that are
// nearly right. Inside search/ only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::search {

/// application/x-www-form-urlencoded: %41 is A, '+' is a space. Code::syntax for a '%' without two
/// hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);
/// Everything but unreserved characters (RFC 3986 section 2.3) and "/", ":" and ",", which a query
/// may hold as they are.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Parts between unescaped `separator`s; escapes stay in. At least one part.
/// https://hl7.org/fhir/R4/search.html#escaping
[[nodiscard]] std::vector<std::string_view> split_unescaped(std::string_view text, char separator);
/// "\," "\|" "\$" "\\" as they were meant. Code::value for any other use of '\'.
[[nodiscard]] Result<std::string> unescape(std::string_view text);

/// The text between single quotes, for messages.
[[nodiscard]] inline std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// The name most like `name`, if any is near enough to be what was meant; else empty.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       std::span<const std::string_view> names);

}  // namespace holdfast::search
