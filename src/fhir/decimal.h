// fhir/decimal.h: decimal numbers, exact. A number keeps the digits that it was written with: 1.50
// prints as 1.50, and equals 1.5. Sums, differences and products are exact or are refused; division
// and what follows from it are rounded to decimal_digits significant digits.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::fhir {

/// Most digits that a number holds: more than any that the JSON reader lets through.
constexpr std::size_t decimal_digits_max = 144;
/// Significant digits of what cannot be exact: quotients, roots, logarithms. FHIRPath asks for 28.
constexpr std::size_t decimal_digits = 34;
/// Powers of ten beyond which a result is an overflow, in both directions.
constexpr std::int32_t decimal_exponent_max = 1000;

/// coefficient × 10^exponent. A plain value of 72 bytes; no allocation.
class Decimal {
 public:
  Decimal() = default;  // 0
  explicit Decimal(std::int64_t value);

  /// [+-]digits[.digits][(e|E)[+-]digits]. Nothing for any other text, for more digits than
  /// decimal_digits_max and for powers beyond decimal_exponent_max.
  [[nodiscard]] static std::optional<Decimal> parse(std::string_view text);
  /// Without an exponent: "-0.00120", "1500".
  [[nodiscard]] std::string text() const;
  /// As a number of JSON that JsonReader takes: text() where that is at most json_number_bytes_max
  /// long, else with an exponent ("1.2e-200") and at most 100 significant digits.
  [[nodiscard]] std::string json_text() const;

  [[nodiscard]] bool is_zero() const { return size_ == 0; }
  [[nodiscard]] bool is_negative() const { return negative_; }
  [[nodiscard]] bool is_whole() const;
  /// Whether it is 0 or between 10^-json_exponent_max and 10^(json_exponent_max + 1), so that
  /// json_text() is a number that JsonReader takes.
  [[nodiscard]] bool is_in_range() const;
  /// Digits behind the point as written: 2 of 1.50, 0 of 15e2.
  [[nodiscard]] std::uint32_t places() const {
    return exponent_ < 0 ? static_cast<std::uint32_t>(-exponent_) : 0;
  }
  /// The number if it is whole and fits.
  [[nodiscard]] std::optional<std::int64_t> to_int64() const;

  [[nodiscard]] Decimal negated() const;
  [[nodiscard]] Decimal absolute() const;
  /// As if it had been written with fewer zeros at its end; never with a positive exponent.
  [[nodiscard]] Decimal stripped() const;

  enum class Rounding : std::uint8_t {
    half_up,   ///< to the nearest, halves away from zero
    truncate,  ///< towards zero
    floor,
    ceiling
  };
  /// With at most that many digits behind the point.
  [[nodiscard]] Decimal rounded(std::uint32_t places, Rounding rounding = Rounding::half_up) const;
  /// With exactly that many: zeros are added where there are fewer. Nothing if they do not fit.
  [[nodiscard]] std::optional<Decimal> with_places(std::uint32_t places, Rounding rounding) const;
  /// With at most that many significant digits.
  [[nodiscard]] Decimal rounded_to_digits(std::size_t digits) const;
  /// × 10^power; nothing beyond decimal_exponent_max.
  [[nodiscard]] std::optional<Decimal> shifted(std::int32_t power) const;

  // By value: 1.50 equals 1.5.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

  // Nothing where the result needs more than decimal_digits_max digits, or has none (÷ 0).
  friend std::optional<Decimal> add(const Decimal& a, const Decimal& b);
  friend std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
  friend std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);
  /// Rounded to `digits` significant digits where it does not end before.
  friend std::optional<Decimal> divide(const Decimal& a, const Decimal& b, std::size_t digits);
  /// The whole part of a ÷ b, towards zero.
  friend std::optional<Decimal> divide_whole(const Decimal& a, const Decimal& b);
  /// a - b × divide_whole(a, b): it has the sign of a.
  friend std::optional<Decimal> remainder(const Decimal& a, const Decimal& b);

 private:
  friend struct WideDecimal;
  static constexpr std::size_t limbs_max = decimal_digits_max / 9;
  std::array<std::uint32_t, limbs_max> limbs_{};  // base 10^9, least significant first
  std::int32_t exponent_ = 0;
  std::uint8_t size_ = 0;  // no zero limb at the top; zero has none
  bool negative_ = false;
};

std::optional<Decimal> add(const Decimal& a, const Decimal& b);
std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);
std::optional<Decimal> divide(const Decimal& a, const Decimal& b,
                              std::size_t digits = decimal_digits);
std::optional<Decimal> divide_whole(const Decimal& a, const Decimal& b);
std::optional<Decimal> remainder(const Decimal& a, const Decimal& b);

// Rounded to decimal_digits. Nothing where the result is no real number or an overflow.
[[nodiscard]] std::optional<Decimal> square_root(const Decimal& of);
[[nodiscard]] std::optional<Decimal> exponential(const Decimal& of);
[[nodiscard]] std::optional<Decimal> natural_logarithm(const Decimal& of);
[[nodiscard]] std::optional<Decimal> logarithm(const Decimal& of, const Decimal& base);
/// Exact for whole exponents while it fits into decimal_digits_max.
[[nodiscard]] std::optional<Decimal> power(const Decimal& base, const Decimal& exponent);

}  // namespace holdfast::fhir
