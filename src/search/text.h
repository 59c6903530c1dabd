// search/text.h: the texts of a query taken apart and quoted. Inside search/ only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::search {

/// Parts between unescaped `separator`s; escapes stay in. At least one part.
/// https://hl7.org/fhir/R4/search.html#escaping
[[nodiscard]] std::vector<std::string_view> split_unescaped(std::string_view text, char separator);
/// "\," "\|" "\$" "\\" as they were meant. Code::value for any other use of '\'.
[[nodiscard]] Result<std::string> unescape(std::string_view text);

/// The text between single quotes, for messages.
[[nodiscard]] inline std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

}  // namespace holdfast::search
