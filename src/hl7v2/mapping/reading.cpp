#include "hl7v2/mapping/reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "hl7v2/text.h"

namespace holdfast::hl7v2 {

void Marks::mark(std::size_t begin, std::size_t end) {
  for (std::size_t word = begin / 64; word * 64 < end; ++word) {
    std::uint64_t bits = ~std::uint64_t{0};
    if (word == begin / 64) {
      bits &= ~std::uint64_t{0} << (begin % 64);
    }
    if ((word + 1) * 64 > end) {
      bits &= ~(~std::uint64_t{0} << (end % 64));
    }
    bits_[word] |= bits;
  }
}

bool Marks::any(std::size_t begin, std::size_t end) const {
  for (std::size_t offset = begin; offset < end; ++offset) {
    if (at(offset)) {
      return true;
    }
  }
  return false;
}

namespace {

char delimiter_below(ValueLevel level, const Delimiters& by) {
  switch (level) {
    case ValueLevel::field: return by.repetition;
    case ValueLevel::repetition: return by.component;
    case ValueLevel::component: return by.subcomponent;
    case ValueLevel::subcomponent: return '\0';
  }
  return '\0';
}

ValueLevel below(ValueLevel level) {
  return level == ValueLevel::subcomponent
             ? level
             : static_cast<ValueLevel>(static_cast<std::uint8_t>(level) + 1);
}

}  // namespace

Value Reading::part(const Value& of, std::size_t number) const {
  Value value = of;
  value.level = below(of.level);
  value.raw = Pieces(of.raw, delimiter_below(of.level, message_.delimiters())).at(number);
  if (of.level == ValueLevel::repetition) {
    value.component = static_cast<std::uint16_t>(number);
    if (value.raw.empty() && !overlay().defaults.empty()) {
      value.raw = default_for(of.segment, of.field, value.component);
    }
  }
  return value;
}

Reading::Parts Reading::parts(const Value& of) const {
  Parts parts;
  for (const BytesView one : Pieces(of.raw, delimiter_below(of.level, message_.delimiters()))) {
    if (parts.count == Parts::most) {
      parts.all = false;
      break;
    }
    parts.raw[parts.count++] = one;
  }
  return parts;
}

Value Reading::part(const Value& of, const Parts& parts, std::size_t number) const {
  if (number > parts.count && parts.all && overlay().defaults.empty()) {
    return {{}, below(of.level), of.segment, of.field, of.component};
  }
  if (number > parts.count || parts.raw[number - 1].empty()) {
    return part(of, number);
  }
  Value value = of;
  value.level = below(of.level);
  value.raw = parts.raw[number - 1];
  if (of.level == ValueLevel::repetition) {
    value.component = static_cast<std::uint16_t>(number);
  }
  return value;
}

Value Reading::leaf(const Value& of) const {
  Value value = of;
  constexpr std::size_t short_bytes = 64;  // most values; longer ones are left to memchr
  if (of.raw.size() <= short_bytes && overlay().defaults.empty()) {
    const Delimiters& by = message_.delimiters();
    const char repetition = of.level == ValueLevel::field ? by.repetition : '\0';
    const char component = of.level <= ValueLevel::repetition ? by.component : '\0';
    const char subcomponent = of.level <= ValueLevel::component ? by.subcomponent : '\0';
    std::size_t end = 0;
    while (end < of.raw.size()) {
      const char c = of.raw[end];
      if (c != '\0' && (c == component || c == subcomponent || c == repetition)) {
        break;
      }
      ++end;
    }
    value.raw = of.raw.substr(0, end);
    value.level = ValueLevel::subcomponent;
    if (of.level <= ValueLevel::repetition) {
      value.component = 1;
    }
    return value;
  }
  while (value.level != ValueLevel::subcomponent) {
    value = part(value, 1);
  }
  return value;
}

Value Reading::field(const Segment& segment, tables::SegmentName name, std::uint16_t number) const {
  Value value{segment.field(number).raw(), ValueLevel::field, name, number, 0};
  if (value.raw.empty() && !overlay().defaults.empty()) {
    value.raw = default_for(name, number, 0);
  }
  return value;
}

BytesView Reading::default_for(tables::SegmentName segment, std::uint16_t field,
                               std::uint16_t component) const {
  if (segment == 0) {
    return {};
  }
  const std::string name{static_cast<char>(segment & 0xffU),
                         static_cast<char>(segment >> 8U & 0xffU),
                         static_cast<char>(segment >> 16U & 0xffU)};
  const auto found =
      overlay().defaults.find(component == 0 ? fmt::format("{}-{}", name, field)
                                             : fmt::format("{}-{}.{}", name, field, component));
  if (found == overlay().defaults.end()) {
    return {};
  }
  used("defaults", {}, found->first);
  return found->second;
}

std::string_view Reading::text(const Value& value) {
  if (value.raw == "\"\"") {
    return {};
  }
  const Delimiters& by = message_.delimiters();
  if (by.escape == '\0' || value.raw.find(by.escape) == BytesView::npos) {
    return sound(value.raw, value.raw);
  }
  return sound(keep(unescaped(value.raw, by)), value.raw);
}

/// FHIR takes no control characters but tab and line ends, and JSON no bytes that are not UTF-8; an
/// escape sequence \Xhh\ may make either.
std::string_view Reading::sound(std::string_view text, BytesView raw) {
  bool plain = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    plain = plain && byte >= 0x20 && byte < 0x7f;
  }
  if (plain) {
    return text;
  }
  constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
  std::string made;
  bool changed = false;
  while (!text.empty()) {
    const std::size_t good = find_bad_utf8(text).value_or(text.size());
    for (const char c : text.substr(0, good)) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
        made.append(replacement);
        changed = true;
      } else {
        made.push_back(c);
      }
    }
    text.remove_prefix(good);
    if (!text.empty()) {
      made.append(replacement);
      changed = true;
      text.remove_prefix(1);
    }
  }
  if (changed) {
    found(Finding::Kind::doubt, raw, "holds what is no character of a text: shown as U+FFFD");
  }
  return keep(std::move(made));
}

std::string_view Reading::keep(std::string text) { return kept_.emplace_back(std::move(text)); }

bool Reading::says(const Value& value) {
  return value.raw.find_first_not_of(' ') != BytesView::npos && value.raw != "\"\"";
}

std::optional<std::size_t> Reading::offset_of(BytesView raw) const {
  const BytesView all = message_.bytes();
  if (raw.empty() || std::less<>()(raw.data(), all.data()) ||
      !std::less<>()(raw.data(), all.data() + all.size())) {
    return std::nullopt;  // nothing, or an overlay's
  }
  return static_cast<std::size_t>(raw.data() - all.data());
}

void Reading::mark(Marks& marks, BytesView raw) {
  if (const std::optional<std::size_t> offset = offset_of(raw)) {
    marks.mark(*offset, *offset + raw.size());
  }
}

void Reading::found(Finding::Kind kind, BytesView raw, std::string what) {
  // Rules look at one value one after the other: an earlier finding about it is among the last.
  constexpr std::size_t looked_at = 8;
  const std::size_t first = findings_.size() > looked_at ? findings_.size() - looked_at : 0;
  for (std::size_t i = first; i < findings_.size(); ++i) {
    const RawFinding& one = findings_[i];
    if (one.kind == kind && one.raw.data() == raw.data() && one.raw.size() == raw.size()) {
      return;
    }
  }
  findings_.push_back({kind, raw, std::move(what)});
}

bool Reading::taken(BytesView raw) const {
  const std::optional<std::size_t> offset = offset_of(raw);
  return offset && taken_.any(*offset, *offset + raw.size());
}

}  // namespace holdfast::hl7v2
