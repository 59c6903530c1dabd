#include "search/numbers.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "search/text.h"

namespace holdfast::search {
namespace {

using fhir::Decimal;
using views::NumberValue;

/// The power of ten of the last digit written: -2 of 5.40, 2 of 1e2.
std::int32_t last_digit(std::string_view text) {
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  std::int32_t power = 0;
  if (mark < text.size()) {
    std::string_view exponent = text.substr(mark + 1);
    exponent.remove_prefix(exponent.starts_with('+') ? 1 : 0);
    (void)std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
  }
  const std::string_view mantissa = text.substr(0, mark);
  const std::size_t point = mantissa.find('.');
  return point == std::string_view::npos
             ? power
             : power - static_cast<std::int32_t>(mantissa.size() - point - 1);
}

/// How far to either side the number reaches: half a unit of its last digit, or a tenth of it.
std::optional<Decimal> reach(const AskedNumber& asked, std::string_view text) {
  if (asked.prefix == Prefix::ap) {
    return asked.value.absolute().shifted(-1);
  }
  return Decimal(5).shifted(last_digit(text) - 1);
}

}  // namespace

Result<AskedNumber> parse_asked_number(std::string_view text) {
  const std::string_view whole = text;
  const auto refuse = [&] {
    return fail(Code::value, quoted(whole) +
                                 " is not a number: write 5, 5.40 or 1e3, with eq, ne, gt, lt, ge, "
                                 "le, sa, eb or ap before it");
  };
  AskedNumber asked;
  asked.prefix = take_prefix(text);
  const auto value = Decimal::parse(text);
  if (!value || text.starts_with('+')) {
    return refuse();
  }
  asked.value = *value;
  const auto by = reach(asked, text);
  const auto low = by ? subtract(*value, *by) : std::nullopt;
  const auto high = by ? add(*value, *by) : std::nullopt;
  if (!low || !high) {
    return refuse();
  }
  asked.low = *low;
  asked.high = *high;
  return asked;
}

bool passes(const AskedNumber& asked, const NumberValue& value) {
  const bool is_inside =
      value.low && value.high && *value.low >= asked.low && *value.high < asked.high;
  switch (asked.prefix) {
    case Prefix::eq: return is_inside;
    case Prefix::ne: return !is_inside;
    case Prefix::gt: return !value.high || *value.high > asked.value;
    case Prefix::lt: return !value.low || *value.low < asked.value;
    case Prefix::ge: return !value.high || *value.high >= asked.value;
    case Prefix::le: return !value.low || *value.low <= asked.value;
    case Prefix::sa: return value.low && *value.low > asked.value;
    case Prefix::eb: return value.high && *value.high < asked.value;
    case Prefix::ap:
      return (!value.low || *value.low <= asked.high) && (!value.high || *value.high >= asked.low);
  }
  return false;
}

NumberBounds bounds(const AskedNumber& asked) {
  switch (asked.prefix) {
    case Prefix::eq:
    case Prefix::ap: return {asked.low, asked.high};
    case Prefix::ne: return {};
    case Prefix::gt:
    case Prefix::ge:
    case Prefix::sa: return {asked.value, std::nullopt};
    case Prefix::lt:
    case Prefix::le:
    case Prefix::eb: return {std::nullopt, asked.value};
  }
  return {};
}

}  // namespace holdfast::search
