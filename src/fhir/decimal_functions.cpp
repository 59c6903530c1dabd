// fhir/decimal_functions.cpp: roots, exponentials and logarithms of fhir/decimal.h, by series in
// decimals of more digits than are asked for. No floating point: every machine gives the same.
#include "fhir/decimal.h"

namespace holdfast::fhir {
namespace {

/// Digits while computing: enough that rounding errors stay behind decimal_digits.
constexpr std::size_t working_digits = 48;

/// Sums of numbers whose sizes differ too much need no exactness here.
Decimal sum(const Decimal& a, const Decimal& b) {
  const auto exact = add(a.rounded_to_digits(working_digits), b.rounded_to_digits(working_digits));
  return exact ? exact->rounded_to_digits(working_digits) : (a.absolute() < b.absolute() ? b : a);
}
std::optional<Decimal> product(const Decimal& a, const Decimal& b) {
  const auto exact = multiply(a, b);
  return exact ? std::optional(exact->rounded_to_digits(working_digits)) : std::nullopt;
}
std::optional<Decimal> quotient(const Decimal& a, const Decimal& b) {
  return divide(a, b, working_digits);
}
Decimal constant(std::string_view text) { return *Decimal::parse(text); }
/// Without the digits that rounding has spoilt.
Decimal finished(const Decimal& value) {
  return value.rounded(working_digits - 4).rounded_to_digits(decimal_digits).stripped();
}

const std::string_view ln10 = "2.30258509299404568401799145468436420760110148862877297603";
const std::string_view tiny = "1e-50";

/// e^x for |x| ≤ 1, by its Taylor series on x / 64.
std::optional<Decimal> small_exponential(const Decimal& x) {
  constexpr int halvings = 6;
  const auto part = quotient(x, Decimal(1 << halvings));
  if (!part) {
    return std::nullopt;
  }
  Decimal total(1);
  Decimal term(1);
  for (std::int64_t n = 1; n < 60; ++n) {
    const auto next = product(term, *part);
    const auto divided = next ? quotient(*next, Decimal(n)) : std::nullopt;
    if (!divided || divided->absolute() < constant(tiny)) {
      break;
    }
    term = *divided;
    total = sum(total, term);
  }
  for (int i = 0; i < halvings; ++i) {
    total = *product(total, total);
  }
  return total;
}

/// e^x as a number in [10^-1, 10] and a power of ten.
std::optional<Decimal> wide_exponential(const Decimal& x) {
  const auto tens = quotient(x, constant(ln10));
  if (!tens) {
    return std::nullopt;
  }
  const Decimal whole = tens->rounded(0);
  const auto power = whole.to_int64();
  if (!power || *power > decimal_exponent_max / 2 || *power < -decimal_exponent_max / 2) {
    return std::nullopt;
  }
  const auto taken = product(whole, constant(ln10));
  const auto rest = taken ? small_exponential(sum(x, taken->negated())) : std::nullopt;
  return rest ? rest->shifted(static_cast<std::int32_t>(*power)) : std::nullopt;
}

/// ln x, by x = m × 10^k with m in [1, 10), and Halley's iteration on m.
std::optional<Decimal> wide_logarithm(const Decimal& x) {
  if (x.is_zero() || x.is_negative()) {
    return std::nullopt;
  }
  Decimal part = x.rounded_to_digits(working_digits);
  std::int32_t tens = 0;
  while (part >= Decimal(10)) {
    part = *part.shifted(-1);
    ++tens;
  }
  while (part < Decimal(1)) {
    const auto up = part.shifted(1);
    if (!up) {
      return std::nullopt;
    }
    part = *up;
    --tens;
  }
  const Decimal of_tens = *product(Decimal(tens), constant(ln10));
  if (part == Decimal(1)) {
    return of_tens;
  }
  Decimal root(1);  // within 1.4 of ln m; each step triples the digits
  for (int i = 0; i < 12; ++i) {
    const auto power = wide_exponential(root);
    if (!power) {
      return std::nullopt;
    }
    const auto change =
        quotient(*product(Decimal(2), sum(part, power->negated())), sum(part, *power));
    if (!change) {
      return std::nullopt;
    }
    root = sum(root, *change);
    if (change->absolute() < constant("1e-47")) {
      break;
    }
  }
  return sum(root, of_tens);
}

std::optional<Decimal> whole_power(Decimal base, std::int64_t exponent) {
  Decimal result(1);
  while (exponent > 0) {
    if (exponent % 2 != 0) {
      const auto next = multiply(result, base);
      const auto near = multiply(result.rounded_to_digits(working_digits),
                                 base.rounded_to_digits(working_digits));
      if (!next && !near) {
        return std::nullopt;
      }
      result = next ? *next : *near;
    }
    exponent /= 2;
    if (exponent > 0) {
      const auto next = multiply(base, base);
      const auto near =
          multiply(base.rounded_to_digits(working_digits), base.rounded_to_digits(working_digits));
      if (!next && !near) {
        return std::nullopt;
      }
      base = next ? *next : *near;
    }
  }
  return result;
}

}  // namespace

std::optional<Decimal> square_root(const Decimal& of) {
  if (of.is_negative()) {
    return std::nullopt;
  }
  if (of.is_zero()) {
    return Decimal();
  }
  // m × 10^2k with m in [1, 100): √m lies in [1, 10), and Newton's iteration from 5 settles in ten.
  Decimal part = of.rounded_to_digits(working_digits);
  std::int32_t hundreds = 0;
  while (part >= Decimal(100)) {
    part = *part.shifted(-2);
    ++hundreds;
  }
  while (part < Decimal(1)) {
    const auto up = part.shifted(2);
    if (!up) {
      return std::nullopt;
    }
    part = *up;
    --hundreds;
  }
  Decimal root(5);
  for (int i = 0; i < 12; ++i) {
    root = *product(sum(root, *quotient(part, root)), constant("0.5"));
  }
  const auto placed = root.shifted(hundreds);
  return placed ? std::optional(placed->rounded_to_digits(decimal_digits).stripped())
                : std::nullopt;
}

std::optional<Decimal> exponential(const Decimal& of) {
  const auto result = wide_exponential(of);
  return result ? std::optional(result->rounded_to_digits(decimal_digits).stripped())
                : std::nullopt;
}

std::optional<Decimal> natural_logarithm(const Decimal& of) {
  const auto result = wide_logarithm(of);
  return result ? std::optional(finished(*result)) : std::nullopt;
}

std::optional<Decimal> logarithm(const Decimal& of, const Decimal& base) {
  const auto upper = wide_logarithm(of);
  const auto lower = wide_logarithm(base);
  const auto result = upper && lower ? quotient(*upper, *lower) : std::nullopt;
  return result ? std::optional(finished(*result)) : std::nullopt;
}

std::optional<Decimal> power(const Decimal& base, const Decimal& exponent) {
  constexpr std::int64_t exponent_max = 1'000'000;
  if (const auto whole = exponent.to_int64()) {
    if (*whole > exponent_max || *whole < -exponent_max) {
      return std::nullopt;
    }
    const auto result = whole_power(base, *whole < 0 ? -*whole : *whole);
    return !result || *whole >= 0 ? result : divide(Decimal(1), *result);
  }
  if (base.is_zero()) {
    return exponent.is_negative() ? std::nullopt : std::optional(Decimal());
  }
  const auto logarithm_of_base = wide_logarithm(base);
  const auto scaled = logarithm_of_base ? product(*logarithm_of_base, exponent) : std::nullopt;
  return scaled ? exponential(*scaled) : std::nullopt;
}

}  // namespace holdfast::fhir
