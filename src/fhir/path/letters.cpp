#include "fhir/path/letters.h"

#include <algorithm>

namespace holdfast::fhir::path {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// Letters of two bytes (U+0080 to U+07FF) by their number.
unsigned lower_of(unsigned c) {
  if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) ||
      (c >= 0x410 && c <= 0x42f)) {
    return c + 32;
  }
  if (c >= 0x400 && c <= 0x40f) {
    return c + 80;
  }
  if (c >= 0x531 && c <= 0x556) {
    return c + 48;
  }
  // Pairs of neighbours, the capital even, except two stretches where it is odd.
  const bool even = (c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) ||
                    (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
                    (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f);
  const bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
  return (even && c % 2 == 0) || (odd && c % 2 == 1) ? c + 1 : c;
}

unsigned upper_of(unsigned c) {
  for (const unsigned back : {1U, 32U, 48U, 80U}) {
    if (c > back && lower_of(c - back) == c) {
      return c - back;
    }
  }
  return c;
}

template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string result(text);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto first = static_cast<unsigned char>(result[i]);
    if (first < 0x80) {
      result[i] = static_cast<char>(map(first));
    } else if (first >= 0xc2 && first < 0xe0 && i + 1 < result.size()) {
      const auto second = static_cast<unsigned char>(result[i + 1]);
      const unsigned c = map((first & 0x1fU) << 6U | (second & 0x3fU));
      result[i] = static_cast<char>(0xc0U | c >> 6U);
      result[i + 1] = static_cast<char>(0x80U | (c & 0x3fU));
      ++i;
    }
  }
  return result;
}

}  // namespace

std::string lower(std::string_view text) {
  return mapped(text, [](unsigned c) {
    return c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : lower_of(c);
  });
}

std::string upper(std::string_view text) {
  return mapped(text, [](unsigned c) {
    return c < 0x80 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : upper_of(c);
  });
}

std::string_view stripped(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string normalized(std::string_view text) {
  std::string result;
  for (const char c : lower(stripped(text))) {
    if (!is_blank(c)) {
      result.push_back(c);
    } else if (result.back() != ' ') {
      result.push_back(' ');
    }
  }
  return result;
}

std::size_t characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

std::size_t offset_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (; character > 0 && at < text.size(); --character) {
    at += character_bytes(text, at);
  }
  return at;
}

std::size_t character_bytes(std::string_view text, std::size_t offset) {
  std::size_t end = offset + 1;
  while (end < text.size() && continues(text[end])) {
    ++end;
  }
  return end - offset;
}

void append_character(std::string& to, unsigned c) {
  if (c < 0x80) {
    to.push_back(static_cast<char>(c));
    return;
  }
  if (c < 0x800) {
    to.push_back(static_cast<char>(0xc0U | c >> 6U));
  } else if (c < 0x10000) {
    to.push_back(static_cast<char>(0xe0U | c >> 12U));
    to.push_back(static_cast<char>(0x80U | (c >> 6U & 0x3fU)));
  } else {
    to.push_back(static_cast<char>(0xf0U | c >> 18U));
    to.push_back(static_cast<char>(0x80U | (c >> 12U & 0x3fU)));
    to.push_back(static_cast<char>(0x80U | (c >> 6U & 0x3fU)));
  }
  to.push_back(static_cast<char>(0x80U | (c & 0x3fU)));
}

}  // namespace holdfast::fhir::path
