// hl7v2/mapping/convert_data.cpp: contents of documents as base64: those that came so, and texts.
#include <algorithm>

#include "base/text.h"
#include "fhir/primitive.h"
#include "hl7v2/mapping/convert.h"

namespace holdfast::hl7v2 {
namespace {

// RFC 4648 section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= count ? letters[group >> (18 - 6 * i) & 0x3fU] : '=');
    }
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return text.size() % 2 == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Blanks and line ends that an encoder put in are no part of it.
std::string_view without_blanks(Reading& reading, std::string_view text) {
  if (std::ranges::none_of(text, is_blank)) {
    return text;
  }
  std::string kept;
  kept.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(kept), [](char c) { return !is_blank(c); });
  return reading.keep(std::move(kept));
}

}  // namespace

// ED.4: Base64, Hex, or A for text as it stands (HL7 table 0299).
bool convert_encoded(const Conversion& one) {
  Reading& reading = one.reading;
  const Value encoding = reading.leaf(reading.part(one.value, 4));
  const Value data = reading.leaf(reading.part(one.value, 5));
  if (!Reading::says(data)) {
    return false;
  }
  const std::string_view how = trimmed(reading.text(encoding));
  std::string_view text;
  if (how == "A") {
    text = reading.keep(base64(reading.text(data)));
  } else if (how == "Hex" || how == "HEX" || how == "hex") {
    const std::optional<std::string> bytes = from_hex(without_blanks(reading, reading.text(data)));
    text = bytes ? reading.keep(base64(*bytes)) : std::string_view();
  } else {
    text = without_blanks(reading, reading.text(data));
  }
  if (text.empty() || !fhir::is_base64(text)) {
    return unconverted(one, data, "is not encoded as it says");
  }
  if (!one.sketch.set(one.node, text)) {
    return false;
  }
  reading.take(encoding);
  reading.take(data);
  return true;
}

bool convert_text64(const Conversion& one) {
  const std::string text = lines(one.reading, one.value);
  if (text.empty() || !one.sketch.set(one.node, one.reading.keep(base64(text)))) {
    return false;
  }
  one.reading.take(one.value);
  return true;
}

}  // namespace holdfast::hl7v2
