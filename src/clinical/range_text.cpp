#include "clinical/range_text.h"

#include <array>
#include <string>
#include <utility>

#include "fhir/ucum.h"

namespace holdfast::clinical {
namespace {

struct Sign {
  std::string_view text;
  bool is_low = false;
  Edge edge = Edge::within;
};
/// A sign that begins with another stands before it.
constexpr std::array<Sign, 6> signs{{
    {"<=", false, Edge::within},
    {"\u2264", false, Edge::within},  // ≤
    {"<", false, Edge::outside},
    {">=", true, Edge::within},
    {"\u2265", true, Edge::within},  // ≥
    {">", true, Edge::outside},
}};
constexpr std::array<std::string_view, 2> micros{"\u00b5", "\u03bc"};  // µ, μ: u in UCUM

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// How long the number is that `text` begins with; 0 for none. "05" and ".5" are none.
std::size_t number_size(std::string_view text) {
  const auto digits_from = [&](std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    return end;
  };
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_from(first);
  if (whole == first || (whole - first > 1 && text[first] == '0')) {
    return 0;
  }
  if (whole == text.size() || text[whole] != '.') {
    return whole;
  }
  const std::size_t all = digits_from(whole + 1);
  return all == whole + 1 ? 0 : all;
}

/// Takes a number and the blanks around it off the front.
std::optional<fhir::Decimal> take_number(std::string_view& text) {
  text = trimmed(text);
  const std::size_t size = number_size(text);
  const auto number = fhir::Decimal::parse(text.substr(0, size));
  if (size == 0 || !number) {
    return std::nullopt;
  }
  text = trimmed(text.substr(size));
  return number;
}

std::string with_u(std::string_view text) {
  std::string unit(text);
  for (const std::string_view micro : micros) {
    for (std::size_t at = unit.find(micro); at != std::string::npos; at = unit.find(micro)) {
      unit.replace(at, micro.size(), "u");
    }
  }
  return unit;
}

/// Whether one of the one is one of the other: "mg/l" and "mg/L".
bool is_same_unit(std::string_view a, std::string_view b) {
  const auto one = fhir::parse_unit(a);
  const auto other = fhir::parse_unit(b);
  if (!one || !other || !fhir::are_comparable(*one, *other)) {
    return false;
  }
  // Of degrees the zeros differ, too.
  for (const std::int64_t number : {0, 1}) {
    const auto order = fhir::compare(fhir::Decimal(number), *one, fhir::Decimal(number), *other);
    if (!order || *order != std::strong_ordering::equal) {
      return false;
    }
  }
  return true;
}

bool is_unit_of(std::string_view text, const Quantity& value) {
  const std::string_view code = value.unit ? std::string_view(*value.unit) : std::string_view();
  if (text.empty() || text == value.said || text == code) {
    return true;
  }
  return is_same_unit(with_u(text), code.empty() ? with_u(value.said) : std::string(code));
}

}  // namespace

std::optional<Range> range_in(std::string_view text, const Quantity& value) {
  std::string_view rest = trimmed(text);
  Range range;
  const auto limit = [](const fhir::Decimal& number) {
    Quantity quantity;
    quantity.value = number;
    return quantity;
  };
  for (const Sign& sign : signs) {
    if (!rest.starts_with(sign.text)) {
      continue;
    }
    rest.remove_prefix(sign.text.size());
    const auto number = take_number(rest);
    if (!number || !is_unit_of(rest, value)) {
      return std::nullopt;
    }
    (sign.is_low ? range.low : range.high) = limit(*number);
    (sign.is_low ? range.low_edge : range.high_edge) = sign.edge;
    return range;
  }
  const auto low = take_number(rest);
  if (!low || !rest.starts_with('-')) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  const auto high = take_number(rest);
  if (!high || *high < *low || !is_unit_of(rest, value)) {
    return std::nullopt;
  }
  range.low = limit(*low);
  range.high = limit(*high);
  return range;
}

}  // namespace holdfast::clinical
