#include "fhir/json_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::fhir {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = hex_digit(c);
    if (digit < 0) {
      return std::nullopt;
    }
    value = value << 4U | static_cast<std::uint32_t>(digit);
  }
  return value;
}

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

void append_utf8(std::string& to, std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    to += static_cast<char>(0x80U | (point >> shift & 0x3fU));
  };
  if (point < 0x80) {
    to += static_cast<char>(point);
  } else if (point < 0x800) {
    to += static_cast<char>(0xc0U | point >> 6U);
    tail(0);
  } else if (point < 0x10000) {
    to += static_cast<char>(0xe0U | point >> 12U);
    tail(6);
    tail(0);
  } else {
    to += static_cast<char>(0xf0U | point >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::string shown_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f ? fmt::format("'{}'", c)
                                    : fmt::format("byte 0x{:02x}", unsigned{byte});
}

std::optional<std::size_t> find_bad_escape(std::string_view inside) {
  std::size_t i = inside.find('\\');
  while (i != std::string_view::npos) {
    if (i + 1 >= inside.size()) {
      return i;
    }
    const char kind = inside[i + 1];
    std::size_t bytes = 2;
    if (kind == 'u') {
      const auto unit = hex4(inside.substr(i + 2));
      if (!unit || is_low_surrogate(*unit)) {
        return i;
      }
      bytes = 6;
      if (is_high_surrogate(*unit)) {
        const std::string_view rest = inside.substr(i + 6);
        const auto low = rest.starts_with("\\u") ? hex4(rest.substr(2)) : std::nullopt;
        if (!low || !is_low_surrogate(*low)) {
          return i;
        }
        bytes = 12;
      }
    } else if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return i;
    }
    i = inside.find('\\', i + bytes);
  }
  return std::nullopt;
}

void append_unescaped(std::string& to, std::string_view inside) {
  std::size_t done = 0;
  for (std::size_t i = inside.find('\\'); i != std::string_view::npos;
       i = inside.find('\\', done)) {
    to.append(inside.substr(done, i - done));
    const char kind = inside[i + 1];
    done = i + 2;
    switch (kind) {
      case 'b': to += '\b'; break;
      case 'f': to += '\f'; break;
      case 'n': to += '\n'; break;
      case 'r': to += '\r'; break;
      case 't': to += '\t'; break;
      case 'u': {
        std::uint32_t point = hex4(inside.substr(i + 2)).value_or(0);
        done = i + 6;
        if (is_high_surrogate(point)) {
          const std::uint32_t low = hex4(inside.substr(i + 8)).value_or(0);
          point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
          done = i + 12;
        }
        append_utf8(to, point);
        break;
      }
      default: to += kind; break;  // quote, backslash, slash
    }
  }
  to.append(inside.substr(done));
}

std::optional<std::size_t> number_length(std::string_view text, bool& exponent_is_in_range) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t first = i;
    while (i < text.size() && is_digit(text[i])) {
      ++i;
    }
    return i - first;
  };
  if (i < text.size() && text[i] == '-') {
    ++i;
  }
  const std::size_t whole = i;
  if (digits() == 0 || (text[whole] == '0' && i - whole > 1)) {
    return std::nullopt;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) {
      return std::nullopt;
    }
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
      ++i;
    }
    const std::size_t first = i;
    if (digits() == 0) {
      return std::nullopt;
    }
    std::uint32_t exponent = 0;
    for (std::size_t at = first; at < i && exponent <= json_exponent_max; ++at) {
      exponent = exponent * 10 + static_cast<std::uint32_t>(text[at] - '0');
    }
    exponent_is_in_range = exponent <= json_exponent_max;
  }
  return i;
}

}  // namespace holdfast::fhir
