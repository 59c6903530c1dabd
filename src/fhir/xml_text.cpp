#include "fhir/xml_text.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"

namespace holdfast::fhir {

namespace {

struct Entity {
  std::string_view name;
  char value;
};
constexpr std::array<Entity, 5> entities{
    {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};

/// https://www.w3.org/TR/xml/#NT-Char
bool is_xml_char(std::uint32_t point) {
  return point == 0x9 || point == 0xa || point == 0xd || (point >= 0x20 && point <= 0xd7ff) ||
         (point >= 0xe000 && point <= 0xfffd) || (point >= 0x10000 && point <= 0x10ffff);
}

void append_utf8(Bytes& to, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (point < 0x80) {
    return put(point);
  }
  if (point < 0x800) {
    put(0xc0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      put(0xe0U | point >> 12U);
    } else {
      put(0xf0U | point >> 18U);
      put(0x80U | (point >> 12U & 0x3fU));
    }
    put(0x80U | (point >> 6U & 0x3fU));
  }
  put(0x80U | (point & 0x3fU));
}

/// What stands between '&' and ';': the character, or nothing where it is none.
std::optional<std::uint32_t> character_of(std::string_view inside) {
  if (!inside.starts_with('#')) {
    const auto* found = std::ranges::find(entities, inside, &Entity::name);
    return found == entities.end()
               ? std::nullopt
               : std::optional<std::uint32_t>(static_cast<unsigned char>(found->value));
  }
  inside.remove_prefix(1);
  const bool is_hexadecimal = inside.starts_with('x');
  inside.remove_prefix(is_hexadecimal ? 1 : 0);
  std::uint32_t point = 0;
  for (const char c : inside) {
    const int digit = hex_digit(c);
    if (digit < 0 || (!is_hexadecimal && digit > 9) || point > 0x10ffff) {
      return std::nullopt;
    }
    point = point * (is_hexadecimal ? 16U : 10U) + static_cast<std::uint32_t>(digit);
  }
  return inside.empty() || !is_xml_char(point) ? std::nullopt : std::optional(point);
}

/// From '&' on: up to the ';' of a reference that is short enough to be one.
std::string_view reference_at(std::string_view from) {
  constexpr std::size_t reference_bytes_max = 32;
  const std::size_t end = from.substr(0, reference_bytes_max).find(';');
  return end == std::string_view::npos ? std::string_view{} : from.substr(1, end - 1);
}

}  // namespace

void append_xml_decoded(Bytes& to, std::string_view written, XmlText kind) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    const char c = written[i];
    if (c == '&') {
      const std::string_view inside = reference_at(written.substr(i));
      const auto point = character_of(inside);
      check(point.has_value(), "entities were looked at before");
      append_utf8(to, *point);
      i += inside.size() + 1;
    } else if (c == '\r') {
      if (i + 1 == written.size() || written[i + 1] != '\n') {
        to += kind == XmlText::attribute ? ' ' : '\n';
      }
    } else {
      to += kind == XmlText::attribute && is_xml_space(c) ? ' ' : c;
    }
  }
}

void append_xml_escaped(Bytes& to, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': to += "&amp;"; break;
      case '<': to += "&lt;"; break;
      case '>': to += "&gt;"; break;
      case '"': to += "&quot;"; break;
      case '\t': to += "&#9;"; break;
      case '\n': to += "&#10;"; break;
      case '\r': to += "&#13;"; break;
      default: to += c;
    }
  }
}

std::optional<std::size_t> find_bad_entity(std::string_view written) {
  for (std::size_t i = written.find('&'); i != std::string_view::npos;
       i = written.find('&', i + 1)) {
    if (!character_of(reference_at(written.substr(i)))) {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> find_bad_xml_char(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_control = byte < 0x20 && !is_xml_space(text[i]);
    const bool is_no_character = byte == 0xef && (text.substr(i).starts_with("\xef\xbf\xbe") ||
                                                  text.substr(i).starts_with("\xef\xbf\xbf"));
    if (is_control || is_no_character) {
      return i;
    }
  }
  return std::nullopt;
}

std::string_view xml_encoding(BytesView xml) {
  using namespace std::string_view_literals;
  if (xml.starts_with("\xff\xfe"sv) || xml.starts_with("\xfe\xff"sv) || xml.starts_with("<\0"sv) ||
      xml.starts_with("\0<"sv)) {
    return "UTF-16";
  }
  if (xml.starts_with("\0\0"sv)) {
    return "UTF-32";
  }
  if (!xml.starts_with("<?xml")) {
    return "UTF-8";
  }
  const std::string_view declaration = xml.substr(0, xml.substr(0, 256).find("?>"));
  const std::size_t word = declaration.find("encoding");
  const std::size_t quote = declaration.find_first_of("\"'", word);
  if (word == std::string_view::npos || quote == std::string_view::npos) {
    return "UTF-8";
  }
  const std::string_view rest = declaration.substr(quote + 1);
  return rest.substr(0, rest.find(declaration[quote]));
}

XmlName split_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? XmlName{{}, name}
                                         : XmlName{name.substr(0, colon), name.substr(colon + 1)};
}

bool is_qualified_name(std::string_view name) {
  const XmlName parts = split_name(name);
  const auto begins_well = [](std::string_view part) {
    return !part.empty() && part.find(':') == std::string_view::npos && part[0] != '-' &&
           part[0] != '.' && !(part[0] >= '0' && part[0] <= '9');
  };
  return begins_well(parts.local) &&
         (parts.prefix.empty() ? !name.starts_with(':') : begins_well(parts.prefix));
}

}  // namespace holdfast::fhir
