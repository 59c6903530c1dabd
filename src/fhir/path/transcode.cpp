#include "fhir/path/transcode.h"

#include <array>
#include <charconv>

#include "base/hash.h"
#include "base/text.h"
#include "fhir/json.h"
#include "fhir/path/letters.h"

namespace holdfast::fhir::path {
namespace {

struct Entity {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Entity, 6> entities{
    {{"quot", "\""}, {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"apos", "'"}, {"nbsp", "\u00a0"}}};

std::string escaped_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '"': result += "&quot;"; break;
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '\'': result += "&#39;"; break;
      default: result.push_back(c);
    }
  }
  return result;
}

/// What stands between & and ; as a character; nothing if it is no entity that is known here.
std::optional<std::string> entity_text(std::string_view name) {
  for (const Entity& entity : entities) {
    if (entity.name == name) {
      return std::string(entity.text);
    }
  }
  if (name.size() < 2 || name[0] != '#') {
    return std::nullopt;
  }
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  unsigned number = 0;
  const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || number == 0 ||
      number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) {
    return std::nullopt;
  }
  std::string text;
  append_character(text, number);
  return text;
}

std::string unescaped_html(std::string_view text) {
  constexpr std::size_t name_bytes_max = 10;
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text[at] == '&' ? text.find(';', at) : std::string_view::npos;
    if (end != std::string_view::npos && end - at <= name_bytes_max) {
      if (const auto character = entity_text(text.substr(at + 1, end - at - 1))) {
        result += *character;
        at = end;
        continue;
      }
    }
    result.push_back(text[at]);
  }
  return result;
}

std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = i < text.size() ? hex_digit(text[i]) : -1;
    if (digit < 0) {
      return std::nullopt;
    }
    value = value << 4U | static_cast<unsigned>(digit);
  }
  return value;
}

std::optional<std::string> unescaped_json(std::string_view text) {
  constexpr std::string_view written = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      result.push_back(text[at]);
      continue;
    }
    if (++at == text.size()) {
      return std::nullopt;
    }
    if (const std::size_t which = written.find(text[at]); which != std::string_view::npos) {
      result.push_back(meant[which]);
      continue;
    }
    auto number = text[at] == 'u' ? hex4(text, at + 1) : std::nullopt;
    if (!number) {
      return std::nullopt;
    }
    at += 4;
    if (*number >= 0xd800 && *number < 0xdc00 && text.substr(at + 1, 2) == "\\u") {
      const auto low = hex4(text, at + 3);
      if (!low || *low < 0xdc00 || *low >= 0xe000) {
        return std::nullopt;
      }
      number = 0x10000 + ((*number - 0xd800) << 10U) + (*low - 0xdc00);
      at += 6;
    }
    if (*number >= 0xd800 && *number < 0xe000) {
      return std::nullopt;
    }
    append_character(result, *number);
  }
  return result;
}

}  // namespace

bool encode(std::string_view text, std::string_view form, std::optional<std::string>& to) {
  if (form == "hex") {
    to = to_hex(text);
  } else if (form == "base64") {
    to = to_base64(text);
  } else if (form == "urlbase64") {
    to = to_base64url(text);
    to->append((4 - to->size() % 4) % 4, '=');  // RFC 4648 section 5: padded, unlike in a token
  }
  return to.has_value();
}

bool decode(std::string_view text, std::string_view form, std::optional<std::string>& to) {
  if (form == "hex") {
    to = from_hex(text);
  } else if (form == "base64") {
    to = from_base64(text);
  } else if (form == "urlbase64") {
    to = from_base64url(text.substr(0, text.find_last_not_of('=') + 1));
  } else {
    return false;
  }
  if (to && find_bad_utf8(*to)) {
    to.reset();
  }
  return true;
}

bool escape(std::string_view text, std::string_view form, std::optional<std::string>& to) {
  if (form == "html") {
    to = escaped_html(text);
  } else if (form == "json") {
    append_json_escaped(to.emplace(), text);
  }
  return to.has_value();
}

bool unescape(std::string_view text, std::string_view form, std::optional<std::string>& to) {
  if (form == "html") {
    to = unescaped_html(text);
    return true;
  }
  if (form == "json") {
    to = unescaped_json(text);
    return true;
  }
  return false;
}

}  // namespace holdfast::fhir::path
