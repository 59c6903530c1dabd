// fhir/xml_text.h: characters, entities and names of XML 1.0. Inside src/fhir only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast::fhir {

/// https://www.w3.org/TR/xml/#NT-S
[[nodiscard]] constexpr bool is_xml_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// At most so much of what was sent is repeated in a sentence about it.
constexpr std::size_t xml_shown_bytes_max = 128;
[[nodiscard]] inline std::string shown(std::string_view text) {
  return std::string(text.substr(0, xml_shown_bytes_max));
}

/// What happens to white space in a text: that of an attribute becomes blanks.
/// https://www.w3.org/TR/xml/#AVNormalize, https://www.w3.org/TR/xml/#sec-line-ends
enum class XmlText : std::uint8_t { attribute, content };

/// Appends the value of a text as written; its entities are known to be right.
void append_xml_decoded(Bytes& to, std::string_view written, XmlText kind);

/// Appends a text as the inside of an attribute's value: line ends and tabs as numbers, or they
/// would come back as blanks.
void append_xml_escaped(Bytes& to, std::string_view text);

/// The offset of the first '&' that begins neither one of XML's five entities nor the number of a
/// character that XML allows; nothing where there is none.
[[nodiscard]] std::optional<std::size_t> find_bad_entity(std::string_view written);

/// The offset of the first byte that begins a character which XML 1.0 does not allow, of UTF-8.
/// https://www.w3.org/TR/xml/#NT-Char
[[nodiscard]] std::optional<std::size_t> find_bad_xml_char(std::string_view text);

/// The encoding that the first bytes show or declare; "UTF-8" where they show no other.
/// https://www.w3.org/TR/xml/#sec-guessing
[[nodiscard]] std::string_view xml_encoding(BytesView xml);

/// "f:Patient" in two.
struct XmlName {
  std::string_view prefix;
  std::string_view local;
};
[[nodiscard]] XmlName split_name(std::string_view name);
/// Whether it is one (https://www.w3.org/TR/xml-names/#NT-QName), as far as pugixml has not looked:
/// it knows the characters.
[[nodiscard]] bool is_qualified_name(std::string_view name);

}  // namespace holdfast::fhir
