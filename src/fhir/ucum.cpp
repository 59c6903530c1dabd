#include "fhir/ucum.h"

#include <algorithm>
#include <iterator>

#include "fhir/ucum_table.h"

namespace holdfast::fhir {
namespace {

Decimal figure(std::string_view text) {
  return text.empty() ? Decimal(1) : Decimal::parse(text).value_or(Decimal(1));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const UnitRow* find_unit(std::string_view code) {
  const auto* found = std::ranges::find(unit_rows, code, &UnitRow::code);
  return found != std::end(unit_rows) ? found : nullptr;
}

std::optional<Unit> plain_unit(std::string_view code, bool with_prefix) {
  Unit unit;
  if (const UnitRow* row = find_unit(code)) {
    if (with_prefix && !row->takes_prefix) {
      return std::nullopt;
    }
    unit.dimensions = row->dimensions;
    unit.numerator = figure(row->numerator);
    unit.denominator = figure(row->denominator);
    if (!row->offset.empty()) {
      unit.offset = figure(row->offset);
    }
    return unit;
  }
  // [IU] is another spelling of [iU].
  const auto* own = std::ranges::find(own_units, code == "[IU]" ? "[iU]" : code, &OwnUnit::code);
  if (own == std::end(own_units) || (with_prefix && !own->takes_prefix)) {
    return std::nullopt;
  }
  unit.own = static_cast<std::uint8_t>(own - std::begin(own_units) + 1);
  unit.own_power = 1;
  return unit;
}

/// A unit with or without a prefix; the whole word first, since "cd" is no centi-day.
std::optional<Unit> named_unit(std::string_view code) {
  if (auto unit = plain_unit(code, false)) {
    return unit;
  }
  for (const PrefixRow& prefix : prefix_rows) {
    if (code.size() > prefix.code.size() && code.starts_with(prefix.code)) {
      if (auto unit = plain_unit(code.substr(prefix.code.size()), true)) {
        const auto scaled = multiply(unit->numerator, figure(prefix.factor));
        if (!scaled) {
          return std::nullopt;
        }
        unit->numerator = *scaled;
        return unit;
      }
    }
  }
  return std::nullopt;
}

bool add_power(std::int8_t& to, int power) {
  const int sum = to + power;
  to = static_cast<std::int8_t>(sum);
  return sum >= -100 && sum <= 100;
}

/// to × by^power; false where it cannot be said: offsets, two own units, numbers too long.
bool multiply_unit(Unit& to, const Unit& by, int power) {
  if (!by.offset.is_zero() || (by.own != 0 && to.own != 0 && by.own != to.own)) {
    return false;
  }
  for (std::size_t i = 0; i < to.dimensions.size(); ++i) {
    if (!add_power(to.dimensions[i], by.dimensions[i] * power)) {
      return false;
    }
  }
  if (by.own != 0 && !add_power(to.own_power, by.own_power * power)) {
    return false;
  }
  to.own = by.own != 0 ? by.own : to.own;
  to.own = to.own_power == 0 ? std::uint8_t{0} : to.own;
  const Decimal& up = power < 0 ? by.denominator : by.numerator;
  const Decimal& down = power < 0 ? by.numerator : by.denominator;
  for (int i = 0; i < (power < 0 ? -power : power); ++i) {
    const auto numerator = multiply(to.numerator, up);
    const auto denominator = multiply(to.denominator, down);
    if (!numerator || !denominator) {
      return false;
    }
    to.numerator = *numerator;
    to.denominator = *denominator;
  }
  return true;
}

/// https://ucum.org/ucum#section-Full-Syntax
class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : rest_(text) {}

  std::optional<Unit> read() {
    auto unit = term(0);
    return rest_.empty() ? unit : std::nullopt;
  }

 private:
  [[nodiscard]] char head() const { return rest_.empty() ? '\0' : rest_[0]; }

  std::optional<Unit> term(int depth) {
    constexpr int depth_max = 8;
    if (depth == depth_max) {
      return std::nullopt;
    }
    Unit product;
    int sign = 1;
    bool alone = true;
    if (head() == '/') {
      sign = -1;
      alone = false;
      rest_.remove_prefix(1);
    }
    while (true) {
      int power = 1;
      const auto part = component(depth, power);
      if (!part) {
        return std::nullopt;
      }
      const bool more = head() == '.' || head() == '/';
      if (alone && !more && power == 1) {
        return part;  // may have an offset
      }
      if (!multiply_unit(product, *part, sign * power)) {
        return std::nullopt;
      }
      if (!more) {
        return product;
      }
      alone = false;
      sign = head() == '/' ? -1 : 1;
      rest_.remove_prefix(1);
    }
  }

  std::optional<Unit> component(int depth, int& power) {
    if (head() == '(') {
      rest_.remove_prefix(1);
      auto inner = term(depth + 1);
      if (!inner || head() != ')') {
        return std::nullopt;
      }
      rest_.remove_prefix(1);
      return inner;
    }
    const std::string_view word = take_word();
    const bool annotated = head() == '{';
    if (annotated && !skip_annotation()) {
      return std::nullopt;
    }
    if (word.empty()) {
      return annotated ? std::optional(Unit()) : std::nullopt;
    }
    return simple(word, power);
  }

  std::string_view take_word() {
    std::size_t end = 0;
    bool bracket = false;
    for (; end < rest_.size(); ++end) {
      const char c = rest_[end];
      if (!bracket && std::string_view("./(){").find(c) != std::string_view::npos) {
        break;
      }
      bracket = c == '[' || (bracket && c != ']');
    }
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }

  bool skip_annotation() {
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos || rest_.substr(1, end - 1).find('{') < end) {
      return false;
    }
    rest_.remove_prefix(end + 1);
    return true;
  }

  static std::optional<Unit> simple(std::string_view word, int& power) {
    if (std::ranges::all_of(word, is_digit)) {
      constexpr std::size_t digits_max = 18;
      const auto number = word.size() <= digits_max ? Decimal::parse(word) : std::nullopt;
      if (!number || number->is_zero()) {
        return std::nullopt;
      }
      Unit unit;
      unit.numerator = *number;
      return unit;
    }
    std::size_t end = word.size();
    while (end > 0 && is_digit(word[end - 1])) {
      --end;
    }
    constexpr std::size_t power_digits_max = 2;
    if (word.size() - end > power_digits_max) {
      return std::nullopt;
    }
    if (end < word.size()) {
      power = 0;
      for (const char c : word.substr(end)) {
        power = power * 10 + (c - '0');
      }
      if (end > 0 && (word[end - 1] == '-' || word[end - 1] == '+')) {
        --end;
        power = word[end] == '-' ? -power : power;
      }
      if (power == 0) {
        return std::nullopt;
      }
    }
    return named_unit(word.substr(0, end));
  }

  std::string_view rest_;
};

/// (value + offset) × numerator, still to be divided.
std::optional<Decimal> raised(const Decimal& value, const Unit& unit) {
  const auto shifted = unit.offset.is_zero() ? std::optional(value) : add(value, unit.offset);
  return shifted ? multiply(*shifted, unit.numerator) : std::nullopt;
}

}  // namespace

std::optional<Unit> parse_unit(std::string_view text) {
  if (text.empty() || text.size() > unit_bytes_max) {
    return std::nullopt;
  }
  return UnitReader(text).read();
}

bool are_comparable(const Unit& a, const Unit& b) {
  return a.dimensions == b.dimensions && a.own == b.own && a.own_power == b.own_power;
}

std::optional<std::strong_ordering> compare(const Decimal& a, const Unit& in_a, const Decimal& b,
                                            const Unit& in_b) {
  if (!are_comparable(in_a, in_b)) {
    return std::nullopt;
  }
  const auto left = raised(a, in_a);
  const auto right = raised(b, in_b);
  const auto left_whole = left ? multiply(*left, in_b.denominator) : std::nullopt;
  const auto right_whole = right ? multiply(*right, in_a.denominator) : std::nullopt;
  return left_whole && right_whole ? std::optional(*left_whole <=> *right_whole) : std::nullopt;
}

std::optional<Decimal> to_base(const Decimal& value, const Unit& unit) {
  const auto all = raised(value, unit);
  if (!all || unit.denominator == Decimal(1)) {
    return all;
  }
  return divide(*all, unit.denominator);
}

std::optional<Decimal> convert(const Decimal& value, const Unit& from, const Unit& to) {
  if (!are_comparable(from, to)) {
    return std::nullopt;
  }
  const auto all = raised(value, from);
  const auto up = all ? multiply(*all, to.denominator) : std::nullopt;
  const auto down = multiply(from.denominator, to.numerator);
  const auto converted = up && down ? divide(*up, *down) : std::nullopt;
  return converted ? subtract(*converted, to.offset) : std::nullopt;
}

}  // namespace holdfast::fhir
