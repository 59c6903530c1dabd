// base/text.h: small things about text that several folders need in the same way: blanks,
// hexadecimal digits, UUIDs, percent-encoding, UTF-8, and the name that somebody may have meant.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast {

/// Without the blanks and tabs at its ends: what RFC 9110 section 5.6.3 calls optional white space.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

namespace detail {
// A table, because keys are made of ids by the million.
inline constexpr std::array<std::int8_t, 256> hex_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < 16; ++i) {
    values[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::int8_t>(i);
    values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();
}  // namespace detail

/// 0 to 15 for a hexadecimal digit, in either case; -1 for anything else.
[[nodiscard]] constexpr int hex_digit(char c) {
  return detail::hex_values[static_cast<unsigned char>(c)];
}

/// Appends two hexadecimal digits, in lower case.
inline void append_hex(std::string& to, char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  to.push_back(digits[static_cast<unsigned char>(byte) >> 4U]);
  to.push_back(digits[static_cast<unsigned char>(byte) & 0x0fU]);
}

inline constexpr std::size_t uuid_bytes = 16;
inline constexpr std::size_t uuid_text_bytes = 36;
/// RFC 9562 section 4: `raw`, exactly uuid_bytes, in lower case with its four hyphens.
[[nodiscard]] std::string uuid_text(BytesView raw);

/// What a '+' means: itself in a path (RFC 3986), a space in application/x-www-form-urlencoded.
enum class Plus : std::uint8_t { is_plus, is_space };
/// %41 is A. Any bytes may come out. Code::syntax for a '%' without two hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, Plus plus);
/// Unreserved characters (RFC 3986 section 2.3) and those of `kept` as they are, all others as %2F.
/// Where `kept` has no '%' and no '+', percent_decode() gives the text back, in either mode.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view kept = {});

/// The offset of the first byte that is not UTF-8 (RFC 3629: no surrogates, no overlong forms, up
/// to U+10FFFF), or nothing.
[[nodiscard]] std::optional<std::size_t> find_bad_utf8(std::string_view text);

/// The name most like `word`, the first of several, if at most half of `word` is wrong in it; else
/// nothing. A `word` of more than 64 bytes means none.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> names);

}  // namespace holdfast
