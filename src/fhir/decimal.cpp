#include "fhir/decimal.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace holdfast::fhir {

namespace {
constexpr std::uint64_t limb_base = 1'000'000'000;
constexpr std::array<std::uint32_t, 10> powers{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
std::size_t digits_of(std::uint32_t limb) {
  std::size_t digits = 0;
  while (digits < 10 && limb >= powers[digits]) {
    ++digits;
  }
  return digits;
}
}  // namespace

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

Decimal::Decimal(std::int64_t value) : negative_(value < 0) {
  auto rest = static_cast<std::uint64_t>(value);
  rest = negative_ ? 0 - rest : rest;
  for (; rest != 0; rest /= limb_base) {
    limbs_[size_++] = static_cast<std::uint32_t>(rest % limb_base);
  }
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal number;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    number.negative_ = text[at++] == '-';
  }
  std::array<char, decimal_digits_max> digits{};
  std::size_t count = 0;
  std::int64_t exponent = 0;
  std::size_t seen = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point && seen > 0) {
      point = true;
      seen = 0;
      continue;
    }
    if (c < '0' || c > '9') {
      break;
    }
    ++seen;
    exponent -= point ? 1 : 0;
    if (count > 0 || c != '0') {
      if (count == decimal_digits_max) {
        return std::nullopt;
      }
      digits[count++] = c;
    }
  }
  if (seen == 0) {
    return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool down = at < text.size() && text[at] == '-';
    at += at < text.size() && (text[at] == '-' || text[at] == '+') ? 1U : 0U;
    std::int64_t written = 0;
    const std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && written < 1'000'000; ++at) {
      written = written * 10 + (text[at] - '0');
    }
    if (at == first) {
      return std::nullopt;
    }
    exponent += down ? -written : written;
  }
  if (at != text.size() || exponent > decimal_exponent_max || exponent < -decimal_exponent_max) {
    return std::nullopt;
  }
  for (std::size_t end = count; end > 0;) {
    const std::size_t begin = end > 9 ? end - 9 : 0;
    std::uint32_t limb = 0;
    for (std::size_t i = begin; i < end; ++i) {
      limb = limb * 10 + static_cast<std::uint32_t>(digits[i] - '0');
    }
    number.limbs_[number.size_++] = limb;
    end = begin;
  }
  number.exponent_ = static_cast<std::int32_t>(exponent);
  number.negative_ = number.negative_ && number.size_ > 0;
  return number;
}

std::string Decimal::text() const {
  std::string digits;
  for (std::size_t i = size_; i-- > 0;) {
    std::array<char, 9> nine{};
    std::uint32_t rest = limbs_[i];
    for (std::size_t k = 9; k-- > 0; rest /= 10) {
      nine[k] = "0123456789"[rest % 10];
    }
    digits.append(nine.data(), nine.size());
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (exponent_ > 0 && size_ > 0) {
    digits.append(static_cast<std::size_t>(exponent_), '0');
  }
  const std::size_t behind = places();
  if (digits.size() <= behind) {
    digits.insert(0, behind + 1 - digits.size(), '0');
  }
  if (behind > 0) {
    digits.insert(digits.size() - behind, 1, '.');
  }
  return (negative_ ? "-" : "") + digits;
}

bool Decimal::is_whole() const { return places() == 0 || rounded(0, Rounding::truncate) == *this; }

std::optional<std::int64_t> Decimal::to_int64() const {
  if (!is_whole()) {
    return std::nullopt;
  }
  const Decimal whole = rounded(0, Rounding::truncate);
  if (WideDecimal(whole).digits() + static_cast<std::size_t>(whole.exponent_) > 19) {
    return std::nullopt;
  }
  WideDecimal wide(whole);
  wide.shift(static_cast<std::size_t>(whole.exponent_));
  std::uint64_t magnitude = 0;  // 19 digits fit
  for (std::size_t i = wide.size; i-- > 0;) {
    magnitude = magnitude * limb_base + wide.limbs[i];
  }
  if (magnitude > static_cast<std::uint64_t>(INT64_MAX) + (negative_ ? 1U : 0U)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(negative_ ? 0 - magnitude : magnitude);
}

Decimal Decimal::negated() const {
  Decimal result = *this;
  result.negative_ = !negative_ && size_ > 0;
  return result;
}

Decimal Decimal::absolute() const {
  Decimal result = *this;
  result.negative_ = false;
  return result;
}

Decimal Decimal::stripped() const {
  WideDecimal wide(*this);
  std::int32_t exponent = exponent_;
  while (exponent < 0 && wide.size > 0) {
    WideDecimal tenth = wide;
    if (tenth.divide_small(10) != 0) {
      break;
    }
    wide = tenth;
    ++exponent;
  }
  return *wide.fit(negative_, wide.size == 0 ? 0 : exponent);
}

Decimal Decimal::rounded(std::uint32_t to, Rounding rounding) const {
  if (places() <= to) {
    return *this;
  }
  const std::size_t drop = places() - to;
  WideDecimal wide(*this);
  bool more = false;  // something is cut off
  bool half = false;  // at least half a unit of it
  if (drop > wide.digits()) {
    more = wide.size > 0;
    wide.size = 0;
  } else {
    for (std::size_t left = drop - 1; left > 0;) {
      const std::size_t now = std::min<std::size_t>(left, 9);
      more = wide.divide_small(powers[now]) != 0 || more;
      left -= now;
    }
    const std::uint32_t last = wide.divide_small(10);
    half = last >= 5;
    more = more || last != 0;
  }
  const bool up = rounding == Rounding::half_up   ? half
                  : rounding == Rounding::floor   ? more && negative_
                  : rounding == Rounding::ceiling ? more && !negative_
                                                  : false;
  if (up) {
    WideDecimal one;
    one.limbs[0] = 1;
    one.size = 1;
    wide.add(one);
  }
  return *wide.fit(negative_, -static_cast<std::int64_t>(to));
}

std::optional<Decimal> Decimal::with_places(std::uint32_t to, Rounding rounding) const {
  const Decimal cut = rounded(to, rounding);
  WideDecimal wide(cut);
  const auto more = static_cast<std::size_t>(std::int64_t{to} + cut.exponent_);
  if (wide.digits() + more > decimal_digits_max) {
    return std::nullopt;
  }
  wide.shift(more);
  return wide.fit(cut.negative_, -static_cast<std::int64_t>(to));
}

Decimal Decimal::rounded_to_digits(std::size_t to) const {
  const std::size_t have = WideDecimal(*this).digits();
  if (have <= to) {
    return *this;
  }
  const auto drop = static_cast<std::int32_t>(have - to);
  Decimal scaled = *this;
  scaled.exponent_ = -drop;  // the digits to keep stand before the point
  scaled = scaled.rounded(0);
  scaled.exponent_ = exponent_ + drop;
  return scaled;
}

std::optional<Decimal> Decimal::shifted(std::int32_t by) const {
  return WideDecimal(*this).fit(negative_, std::int64_t{exponent_} + by);
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.negative_ != b.negative_ || a.is_zero() || b.is_zero()) {
    const auto sign = [](const Decimal& of) { return of.is_zero() ? 0 : of.negative_ ? -1 : 1; };
    return sign(a) <=> sign(b);
  }
  WideDecimal left(a);
  WideDecimal right(b);
  const auto height = [](const WideDecimal& of, const Decimal& from) {
    return static_cast<std::int64_t>(of.digits()) + from.exponent_;
  };
  std::strong_ordering order = height(left, a) <=> height(right, b);
  if (order == 0) {  // then the one with fewer digits is filled up to the other's
    const std::int32_t apart = a.exponent_ - b.exponent_;
    (apart > 0 ? left : right).shift(static_cast<std::size_t>(apart > 0 ? apart : -apart));
    order = left.compare(right);
  }
  return a.negative_ ? 0 <=> order : order;
}

std::optional<Decimal> WideDecimal::sum(const Decimal& a, const Decimal& b, bool negate_b) {
  const std::int32_t exponent = std::min(a.exponent_, b.exponent_);
  WideDecimal left(a);
  WideDecimal right(b);
  const auto up_a = static_cast<std::size_t>(a.exponent_ - exponent);
  const auto up_b = static_cast<std::size_t>(b.exponent_ - exponent);
  if ((left.size > 0 && left.digits() + up_a > decimal_digits_max) ||
      (right.size > 0 && right.digits() + up_b > decimal_digits_max)) {
    return std::nullopt;
  }
  left.shift(up_a);
  right.shift(up_b);
  const bool negative_b = b.negative_ != negate_b;
  if (a.negative_ == negative_b) {
    left.add(right);
    return left.fit(a.negative_, exponent);
  }
  if (left.compare(right) >= 0) {
    left.subtract(right);
    return left.fit(a.negative_, exponent);
  }
  right.subtract(left);
  return right.fit(negative_b, exponent);
}

std::optional<Decimal> add(const Decimal& a, const Decimal& b) {
  return WideDecimal::sum(a, b, false);
}
std::optional<Decimal> subtract(const Decimal& a, const Decimal& b) {
  return WideDecimal::sum(a, b, true);
}

std::optional<Decimal> multiply(const Decimal& a, const Decimal& b) {
  return WideDecimal(a)
      .multiplied(WideDecimal(b))
      .fit(a.negative_ != b.negative_, std::int64_t{a.exponent_} + b.exponent_);
}

std::optional<Decimal> divide(const Decimal& a, const Decimal& b, std::size_t digits) {
  if (b.is_zero()) {
    return std::nullopt;
  }
  WideDecimal left(a);
  WideDecimal right(b);
  // One digit more than wanted, and one that says whether anything follows.
  const std::size_t need = right.digits() + digits + 2;
  const std::size_t up = need > left.digits() ? need - left.digits() : 0;
  left.shift(up);
  WideDecimal quotient = left.divide(right);
  std::int64_t exponent = std::int64_t{a.exponent_} - b.exponent_ - static_cast<std::int64_t>(up);
  if (left.size > 0) {
    quotient.shift(1);
    --exponent;
    WideDecimal one;
    one.limbs[0] = 1;
    one.size = 1;
    quotient.add(one);
  }
  const bool negative = a.negative_ != b.negative_;
  const auto whole = quotient.fit(negative, 0);
  if (!whole) {
    return std::nullopt;
  }
  const auto placed = whole->rounded_to_digits(digits).shifted(static_cast<std::int32_t>(exponent));
  return placed ? std::optional(placed->stripped()) : std::nullopt;
}

std::optional<Decimal> divide_whole(const Decimal& a, const Decimal& b) {
  if (b.is_zero()) {
    return std::nullopt;
  }
  const std::int32_t exponent = std::min(a.exponent_, b.exponent_);
  WideDecimal left(a);
  WideDecimal right(b);
  const auto up_a = static_cast<std::size_t>(a.exponent_ - exponent);
  const auto up_b = static_cast<std::size_t>(b.exponent_ - exponent);
  if (left.digits() + up_a > 2 * decimal_digits_max ||
      right.digits() + up_b > 2 * decimal_digits_max) {
    return std::nullopt;
  }
  left.shift(up_a);
  right.shift(up_b);
  return left.divide(right).fit(a.negative_ != b.negative_, 0);
}

std::optional<Decimal> remainder(const Decimal& a, const Decimal& b) {
  const auto whole = divide_whole(a, b);
  const auto taken = whole ? multiply(*whole, b) : std::nullopt;
  return taken ? subtract(a, *taken) : std::nullopt;
}

}  // namespace holdfast::fhir
