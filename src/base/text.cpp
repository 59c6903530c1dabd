#include "base/text.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast {
namespace {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

constexpr std::size_t word_bytes_max = 64;

// Levenshtein's distance of two short names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string uuid_text(BytesView raw) {
  check(raw.size() == uuid_bytes, "a UUID has 16 bytes");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(uuid_text_bytes, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid_bytes; ++i) {
    at += i == 4 || i == 6 || i == 8 || i == 10 ? 1 : 0;
    const auto byte = static_cast<unsigned char>(raw[i]);
    text[at++] = digits[byte >> 4U];
    text[at++] = digits[byte & 0x0fU];
  }
  return text;
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  bool good = true;
  std::string decoded;
  decoded.resize_and_overwrite(text.size(), [&](char* const to, std::size_t) {
    char* end = to;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      if (c == '%') {
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        good = good && low >= 0;
        c = static_cast<char>(high * 16 + low);
        i += 2;
      } else if (c == '+' && plus == Plus::is_space) {
        c = ' ';
      }
      *end++ = c;
    }
    return static_cast<std::size_t>(end - to);
  });
  if (!good) {
    return fail(Code::syntax,
                fmt::format("'%' without two hexadecimal digits in '{}'; a percent sign itself is "
                            "written %25",
                            text));
  }
  return decoded;
}

std::string percent_encode(std::string_view text, std::string_view kept) {
  static constexpr char digits[] = "0123456789ABCDEF";  // RFC 3986 section 2.1: upper case
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(digits[byte >> 4U]);
    encoded.push_back(digits[byte & 0x0fU]);
  }
  return encoded;
}

std::optional<std::size_t> find_bad_utf8(std::string_view text) {
  const auto byte = [&](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto is_tail = [&](std::size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (first < 0x80) {
      i += 1;
    } else if (first >= 0xc2 && first <= 0xdf && is_tail(i + 1)) {
      i += 2;
    } else if (first >= 0xe0 && first <= 0xef && is_tail(i + 1) && is_tail(i + 2) &&
               !(first == 0xe0 && byte(i + 1) < 0xa0) && !(first == 0xed && byte(i + 1) > 0x9f)) {
      i += 3;
    } else if (first >= 0xf0 && first <= 0xf4 && is_tail(i + 1) && is_tail(i + 2) &&
               is_tail(i + 3) && !(first == 0xf0 && byte(i + 1) < 0x90) &&
               !(first == 0xf4 && byte(i + 1) > 0x8f)) {
      i += 4;
    } else {
      return i;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> names) {
  std::optional<std::string_view> best;
  if (word.size() > word_bytes_max) {
    return best;
  }
  std::size_t best_distance = word.size() / 2 + 1;
  for (const std::string_view name : names) {
    const std::size_t here = distance(word, name);
    if (here < best_distance) {
      best = name;
      best_distance = here;
    }
  }
  return best;
}

}  // namespace holdfast
