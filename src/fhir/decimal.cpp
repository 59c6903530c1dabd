#include "fhir/decimal.h"

#include <algorithm>

#include "fhir/decimal_wide.h"
#include "fhir/json.h"

namespace holdfast::fhir {

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

bool Decimal::is_in_range() const {
  const auto power = static_cast<std::int64_t>(WideDecimal(*this).digits()) - 1 + exponent_;
  constexpr auto most = static_cast<std::int64_t>(json_exponent_max);
  return is_zero() || (power <= most && power >= -most);
}

std::string Decimal::json_text() const {
  constexpr std::size_t digits_shown_max = 100;
  std::string plain = text();
  if (plain.size() <= json_number_bytes_max || is_zero()) {
    return is_zero() && plain.size() > json_number_bytes_max ? "0" : plain;
  }
  Decimal rest = rounded_to_digits(digits_shown_max);
  const auto exponent = static_cast<std::int64_t>(WideDecimal(rest).digits()) - 1 + rest.exponent_;
  rest.exponent_ -= static_cast<std::int32_t>(exponent);  // one digit before the point
  return rest.stripped().text() + "e" + std::to_string(exponent);
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
