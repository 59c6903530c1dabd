// fhir/decimal_wide.h: whole numbers with room for what two Decimals make together. Inside src/fhir
// only.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "fhir/decimal.h"

namespace holdfast::fhir {

inline constexpr std::uint64_t limb_base = 1'000'000'000;
inline constexpr std::array<std::uint32_t, 10> powers{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
inline std::size_t digits_of(std::uint32_t limb) {
  std::size_t digits = 0;
  while (digits < 10 && limb >= powers[digits]) {
    ++digits;
  }
  return digits;
}

/// A whole number with room for every intermediate result of two Decimals.
struct WideDecimal {
  static constexpr std::size_t limbs_max = 40;
  std::array<std::uint32_t, limbs_max> limbs;  // those below size are set
  std::size_t size = 0;

  WideDecimal() {}  // NOLINT: limbs above size are never read
  explicit WideDecimal(const Decimal& of) : size(of.size_) {
    std::copy_n(of.limbs_.begin(), size, limbs.begin());
  }

  void trim() {
    while (size > 0 && limbs[size - 1] == 0) {
      --size;
    }
  }
  [[nodiscard]] std::size_t digits() const {
    return size == 0 ? 0 : 9 * (size - 1) + digits_of(limbs[size - 1]);
  }
  void multiply_small(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < size; ++i) {
      carry += std::uint64_t{limbs[i]} * factor;
      limbs[i] = static_cast<std::uint32_t>(carry % limb_base);
      carry /= limb_base;
    }
    if (carry != 0) {
      check(size < limbs_max, "wide numbers fit");
      limbs[size++] = static_cast<std::uint32_t>(carry);
    }
  }
  /// × 10^power; whoever calls knows that it fits.
  void shift(std::size_t power) {
    if (size == 0 || power == 0) {
      return;
    }
    if (const std::size_t whole = power / 9; whole > 0) {
      check(size + whole <= limbs_max, "wide numbers fit");
      std::copy_backward(limbs.begin(), limbs.begin() + static_cast<std::ptrdiff_t>(size),
                         limbs.begin() + static_cast<std::ptrdiff_t>(size + whole));
      std::fill_n(limbs.begin(), whole, 0U);
      size += whole;
    }
    multiply_small(powers[power % 9]);
  }
  std::uint32_t divide_small(std::uint32_t by) {
    std::uint64_t rest = 0;
    for (std::size_t i = size; i-- > 0;) {
      rest = rest * limb_base + limbs[i];
      limbs[i] = static_cast<std::uint32_t>(rest / by);
      rest %= by;
    }
    trim();
    return static_cast<std::uint32_t>(rest);
  }
  [[nodiscard]] std::strong_ordering compare(const WideDecimal& other) const {
    if (size != other.size) {
      return size <=> other.size;
    }
    for (std::size_t i = size; i-- > 0;) {
      if (limbs[i] != other.limbs[i]) {
        return limbs[i] <=> other.limbs[i];
      }
    }
    return std::strong_ordering::equal;
  }
  void add(const WideDecimal& other) {
    std::uint32_t carry = 0;
    const std::size_t most = std::max(size, other.size);
    for (std::size_t i = 0; i < most || carry != 0; ++i) {
      check(i < limbs_max, "wide numbers fit");
      std::uint64_t sum = carry;
      sum += i < size ? limbs[i] : 0U;
      sum += i < other.size ? other.limbs[i] : 0U;
      limbs[i] = static_cast<std::uint32_t>(sum % limb_base);
      carry = static_cast<std::uint32_t>(sum / limb_base);
      size = std::max(size, i + 1);
    }
  }
  /// The other one is not greater.
  void subtract(const WideDecimal& other) {
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < size; ++i) {
      std::int64_t difference = std::int64_t{limbs[i]} - borrow;
      difference -= i < other.size ? std::int64_t{other.limbs[i]} : 0;
      borrow = difference < 0 ? 1 : 0;
      limbs[i] = static_cast<std::uint32_t>(difference + borrow * std::int64_t{limb_base});
    }
    trim();
  }
  [[nodiscard]] WideDecimal multiplied(const WideDecimal& other) const {
    WideDecimal product;
    check(size + other.size <= limbs_max, "wide numbers fit");
    product.size = size + other.size;
    std::fill_n(product.limbs.begin(), product.size, 0U);
    for (std::size_t i = 0; i < size; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < other.size; ++j) {
        carry += product.limbs[i + j] + std::uint64_t{limbs[i]} * other.limbs[j];
        product.limbs[i + j] = static_cast<std::uint32_t>(carry % limb_base);
        carry /= limb_base;
      }
      product.limbs[i + other.size] = static_cast<std::uint32_t>(carry);
    }
    product.trim();
    return product;
  }

  /// The quotient; this becomes the remainder. Knuth, The Art of Computer Programming 4.3.1 D.
  WideDecimal divide(WideDecimal by) {
    WideDecimal quotient;
    if (compare(by) < 0) {
      return quotient;
    }
    if (by.size == 1) {
      quotient = *this;
      const std::uint32_t rest = quotient.divide_small(by.limbs[0]);
      size = rest != 0 ? 1 : 0;
      limbs[0] = rest;
      return quotient;
    }
    const auto scale = static_cast<std::uint32_t>(limb_base / (by.limbs[by.size - 1] + 1ULL));
    multiply_small(scale);
    by.multiply_small(scale);
    const std::size_t steps = size - by.size + 1;
    check(size < limbs_max, "wide numbers fit");
    limbs[size] = 0;
    quotient.size = steps;
    for (std::size_t step = steps; step-- > 0;) {
      quotient.limbs[step] = divide_step(by, step);
    }
    quotient.trim();
    trim();
    divide_small(scale);
    return quotient;
  }

  [[nodiscard]] std::optional<Decimal> fit(bool negative, std::int64_t exponent) const {
    if (size > Decimal::limbs_max || exponent > decimal_exponent_max ||
        exponent < -decimal_exponent_max) {
      return std::nullopt;
    }
    Decimal fitted;
    std::copy_n(limbs.begin(), size, fitted.limbs_.begin());
    fitted.size_ = static_cast<std::uint8_t>(size);
    fitted.exponent_ = static_cast<std::int32_t>(exponent);
    fitted.negative_ = negative && size > 0;
    return fitted;
  }

  static std::optional<Decimal> sum(const Decimal& a, const Decimal& b, bool negate_b);

 private:
  /// One limb of the quotient; takes it times `by` away from the limbs [step, step + by.size].
  std::uint32_t divide_step(const WideDecimal& by, std::size_t step) {
    const std::size_t top = step + by.size;
    const std::uint64_t head =
        (top < size || limbs[top] != 0 ? limbs[top] : 0U) * limb_base + limbs[top - 1];
    std::uint64_t guess = head / by.limbs[by.size - 1];
    std::uint64_t rest = head % by.limbs[by.size - 1];
    while (guess >= limb_base ||
           guess * by.limbs[by.size - 2] > rest * limb_base + limbs[top - 2]) {
      --guess;
      rest += by.limbs[by.size - 1];
      if (rest >= limb_base) {
        break;
      }
    }
    std::int64_t borrow = 0;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i <= by.size; ++i) {
      carry += i < by.size ? guess * by.limbs[i] : 0U;
      std::int64_t difference =
          std::int64_t{limbs[step + i]} - borrow - static_cast<std::int64_t>(carry % limb_base);
      carry /= limb_base;
      borrow = difference < 0 ? 1 : 0;
      difference += borrow * static_cast<std::int64_t>(limb_base);
      limbs[step + i] = static_cast<std::uint32_t>(difference);
    }
    if (borrow != 0) {  // the guess was one too high
      --guess;
      std::uint64_t over = 0;
      for (std::size_t i = 0; i <= by.size; ++i) {
        over += std::uint64_t{limbs[step + i]} + (i < by.size ? by.limbs[i] : 0U);
        limbs[step + i] = static_cast<std::uint32_t>(over % limb_base);
        over /= limb_base;
      }
    }
    return static_cast<std::uint32_t>(guess);
  }
};

}  // namespace holdfast::fhir
