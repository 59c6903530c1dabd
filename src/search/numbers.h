// search/numbers.h: what a number in a query stands for. Inside search/ only.
// https://hl7.org/fhir/R4/search.html#number
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "fhir/decimal.h"
#include "search/value_query.h"
#include "views/values.h"

namespace holdfast::search {

/// A number as a query writes it, with the interval [low, high) that its digits stand for: 100 is
/// [99.5, 100.5), 1e2 is [50, 150).
struct AskedNumber {
  Prefix prefix = Prefix::eq;
  fhir::Decimal value;
  fhir::Decimal low;
  fhir::Decimal high;
};
/// "gt5.40". Code::value for what is no number.
[[nodiscard]] Result<AskedNumber> parse_asked_number(std::string_view text);

/// Whether a value is in the relation asked for. Comparisons take the number as exact; equality
/// takes its interval.
[[nodiscard]] bool passes(const AskedNumber& asked, const views::NumberValue& value);

/// No value that is a point below `from` or above `until` passes; nothing: no bound.
struct NumberBounds {
  std::optional<fhir::Decimal> from;
  std::optional<fhir::Decimal> until;
};
[[nodiscard]] NumberBounds bounds(const AskedNumber& asked);

}  // namespace holdfast::search
