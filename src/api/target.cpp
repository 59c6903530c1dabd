#include "api/target.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace holdfast::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum class Plus : std::uint8_t { is_plus, is_space };

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) {
        return fail(Code::syntax, fmt::format("'%' without two hexadecimal digits in '{}'", text));
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::is_space) {
      c = ' ';
    }
    if (c == '\0') {
      return fail(Code::syntax, "a NUL character in the address");
    }
    decoded.push_back(c);
  }
  if (!is_utf8(decoded)) {
    return fail(Code::syntax, fmt::format("'{}' does not decode to UTF-8", text));
  }
  return decoded;
}

// Bytes that follow a lead byte, or nothing if it cannot lead.
std::optional<std::size_t> following(unsigned char lead) {
  if (lead < 0x80) {
    return 0;
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    return 1;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    return 2;
  }
  return lead >= 0xf0 && lead <= 0xf4 ? std::optional<std::size_t>(3) : std::nullopt;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::optional<std::size_t> count = following(lead);
    if (!count || i + *count >= text.size()) {
      return false;
    }
    for (std::size_t k = 1; k <= *count; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      // Unicode table 3-7: the second byte is narrower after these leads.
      const unsigned low = k > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
      const unsigned high = k > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      if (byte < low || byte > high) {
        return false;
      }
    }
    i += *count + 1;
  }
  return true;
}

Result<std::string> percent_decode(std::string_view text) { return decode(text, Plus::is_plus); }

Result<std::vector<Parameter>> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) {
      continue;
    }
    if (parameters.size() == parameters_max) {
      return fail(Code::too_large, fmt::format("more than {} parameters", parameters_max));
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    Parameter parameter;
    TRY(parameter.name, decode(part.substr(0, equals), Plus::is_space));
    if (equals < part.size()) {
      TRY(parameter.value, decode(part.substr(equals + 1), Plus::is_space));
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || segments.size() == segments_max) {
      return fail(Code::not_found, "nothing is at this address");
    }
    TRY(std::string segment, percent_decode(part));
    segments.push_back(std::move(segment));
  }
  return segments;
}

bool is_fhir_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

std::string percent_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded.push_back(c);
    } else {
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4U]);
      encoded.push_back(digits[byte & 0x0fU]);
    }
  }
  return encoded;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace holdfast::api
