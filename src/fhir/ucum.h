// fhir/ucum.h: units of measure in the notation of UCUM, and exact conversion between those that
// measure the same. What is not in the table, or is not UCUM, is no unit: it is never guessed.
//
// https://ucum.org/ucum. Left out: logarithmic units ([pH], B, Np), and prefixes or combinations of
// Cel and [degF], whose zero is not zero. Procedure-defined units ([iU], [arb'U]) measure only
// themselves.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/decimal.h"

namespace holdfast::fhir {

/// Longest notation of a unit that is looked at.
constexpr std::size_t unit_bytes_max = 128;

/// A unit, as that many of the base units: base = (value + offset) × numerator ÷ denominator.
struct Unit {
  /// Powers of metre, second, gram, radian, kelvin, coulomb and candela.
  std::array<std::int8_t, 7> dimensions{};
  std::uint8_t own = 0;       ///< number of a unit that measures only itself; 0 is none
  std::int8_t own_power = 0;  ///< its power
  Decimal numerator{1};
  Decimal denominator{1};
  Decimal offset;
};

/// "mg/dL", "10*3/uL", "mm[Hg]", "Cel", "/min", "1", "kg{dry}". Nothing for what is no unit.
[[nodiscard]] std::optional<Unit> parse_unit(std::string_view text);

/// Whether they measure the same, so that values can be converted.
[[nodiscard]] bool are_comparable(const Unit& a, const Unit& b);
/// The order of a value in one unit and a value in another; exact. Nothing if the units measure
/// different things or the numbers exceed decimal_digits_max.
[[nodiscard]] std::optional<std::strong_ordering> compare(const Decimal& a, const Unit& in_a,
                                                          const Decimal& b, const Unit& in_b);
/// The value in base units; exact, or rounded to decimal_digits where it does not end.
[[nodiscard]] std::optional<Decimal> to_base(const Decimal& value, const Unit& unit);
/// The value in another unit of the same dimension; exact, or rounded to decimal_digits.
[[nodiscard]] std::optional<Decimal> convert(const Decimal& value, const Unit& from,
                                             const Unit& to);

}  // namespace holdfast::fhir
