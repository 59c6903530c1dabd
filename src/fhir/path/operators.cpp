// fhir/path/operators.cpp: what stands between two operands.
// https://hl7.org/fhirpath/N1/#operations
#include <fmt/format.h>

#include "fhir/path/machine.h"
#include "fhir/path/measure.h"

namespace holdfast::fhir::path {
namespace {

bool is_number(const Value& value) {
  return value.kind() == ValueKind::integer || value.kind() == ValueKind::decimal;
}
Decimal number_of(const Value& value) {
  return value.kind() == ValueKind::integer ? Decimal(value.integer()) : value.decimal();
}
std::optional<PathQuantity> quantity_of(const Value& value) {
  if (value.kind() == ValueKind::quantity) {
    return value.quantity();
  }
  if (is_number(value)) {
    return PathQuantity{number_of(value), "1", false, false};
  }
  return std::nullopt;
}

/// Integers are those of 32 bits. https://hl7.org/fhirpath/N1/#integer
std::optional<std::int64_t> in_range(std::int64_t number) {
  return number >= INT32_MIN && number <= INT32_MAX ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> calculate_whole(Op op, std::int64_t a, std::int64_t b) {
  switch (op) {
    case Op::add: return in_range(a + b);
    case Op::subtract: return in_range(a - b);
    case Op::multiply: return in_range(a * b);
    case Op::div: return b == 0 ? std::nullopt : in_range(a / b);
    case Op::mod: return b == 0 ? std::nullopt : in_range(a % b);
    default: return std::nullopt;
  }
}

std::optional<Decimal> calculate_decimal(Op op, const Decimal& a, const Decimal& b) {
  switch (op) {
    case Op::add: return add(a, b);
    case Op::subtract: return subtract(a, b);
    case Op::multiply: return multiply(a, b);
    case Op::divide: return divide(a, b);
    case Op::mod: return remainder(a, b);
    default: return std::nullopt;
  }
}

std::optional<std::strong_ordering> order_of(const Value& a, const Value& b, std::int16_t offset,
                                             bool& fits) {
  fits = true;
  if (a.kind() == ValueKind::integer && b.kind() == ValueKind::integer) {
    return a.integer() <=> b.integer();
  }
  if (is_number(a) && is_number(b)) {
    return number_of(a) <=> number_of(b);
  }
  if (a.kind() == ValueKind::string && b.kind() == ValueKind::string) {
    return a.string() <=> b.string();
  }
  if (a.is_moment() && b.is_moment() &&
      (a.kind() == ValueKind::time) == (b.kind() == ValueKind::time)) {
    return compare(a.moment(), b.moment(),
                   a.kind() == ValueKind::time ? MomentKind::time : MomentKind::date_time, offset);
  }
  const auto left = quantity_of(a);
  const auto right = quantity_of(b);
  fits = left && right;
  return fits ? compare(*left, *right, Calendar::distinct) : std::nullopt;
}

}  // namespace

bool Machine::mismatch(const Step& step, const Value& a, const Value& b) {
  return fail(step, Code::value,
              fmt::format("the operator cannot be applied to {} and {}", type_text(a.type()),
                          type_text(b.type())));
}

bool Machine::answer_number(std::size_t base, const std::optional<Decimal>& number) {
  drop(base);
  return !number || !number->is_in_range() || push(make(*number));
}

bool Machine::binary(const Step& step, const Frame& frame, std::size_t base) {
  switch (step.op) {
    case Op::negative:
    case Op::positive: return sign(step, frame, base);
    case Op::unite: return unite(step, frame, base);
    case Op::equal:
    case Op::not_equal:
    case Op::equivalent:
    case Op::not_equivalent: return equality(step, frame, base);
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return order(step, frame, base);
    case Op::both:
    case Op::either:
    case Op::exclusive:
    case Op::implies: return logic(step, frame, base);
    case Op::in:
    case Op::contains: return membership(step, frame, base);
    default: break;
  }
  std::optional<Value> a;
  std::optional<Value> b;
  if (!one_argument(step, 0, frame, a) || !one_argument(step, 1, frame, b)) {
    return false;
  }
  if (step.op == Op::concatenate) {  // nothing counts as an empty text
    a = a ? a : Value::of(std::string_view(""));
    b = b ? b : Value::of(std::string_view(""));
  }
  return !a || !b || calculate(step, *a, *b, base);
}

bool Machine::calculate(const Step& step, const Value& a, const Value& b, std::size_t base) {
  if ((step.op == Op::add || step.op == Op::concatenate) && a.kind() == ValueKind::string &&
      b.kind() == ValueKind::string) {
    std::string joined(a.string());
    joined += b.string();
    return answer(base, make_text(joined));
  }
  if (step.op == Op::concatenate) {
    return mismatch(step, a, b);
  }
  if (is_number(a) && is_number(b)) {
    const bool whole = a.kind() == ValueKind::integer && b.kind() == ValueKind::integer;
    if (whole && step.op != Op::divide) {
      const auto result = calculate_whole(step.op, a.integer(), b.integer());
      return !result || answer(base, Value::of(*result));
    }
    if (step.op == Op::div) {
      const auto quotient = divide_whole(number_of(a), number_of(b));
      const auto result = quotient ? quotient->to_int64() : std::nullopt;
      return !result || !in_range(*result) || answer(base, Value::of(*result));
    }
    return answer_number(base, calculate_decimal(step.op, number_of(a), number_of(b)));
  }
  const auto right = quantity_of(b);
  if (a.is_moment() && b.kind() == ValueKind::quantity &&
      (step.op == Op::add || step.op == Op::subtract)) {
    return shift_moment(step, a, *right, base);
  }
  const auto left = quantity_of(a);
  if (!left || !right || step.op == Op::div || step.op == Op::mod) {
    return mismatch(step, a, b);
  }
  const bool sums = step.op == Op::add || step.op == Op::subtract;
  if (sums && (a.kind() != ValueKind::quantity || b.kind() != ValueKind::quantity)) {
    return mismatch(step, a, b);
  }
  return calculate_quantities(step, *left, *right, base);
}

// Sums are in the unit of the left operand; a product or quotient needs one side that is a number.
// https://hl7.org/fhirpath/N1/#math
bool Machine::calculate_quantities(const Step& step, const PathQuantity& a, const PathQuantity& b,
                                   std::size_t base) {
  PathQuantity result = a;
  std::optional<Decimal> value;
  if (step.op == Op::add || step.op == Op::subtract) {
    std::optional<Decimal> other = b.value;
    if (a.unit != b.unit || a.calendar != b.calendar) {
      const auto unit_a = unit_of(a, Calendar::distinct);
      const auto unit_b = unit_of(b, Calendar::distinct);
      other = unit_a && unit_b ? fhir::convert(b.value, *unit_b, *unit_a) : std::nullopt;
    }
    value = other ? calculate_decimal(step.op, a.value, *other) : std::nullopt;
  } else if (b.unit == "1") {
    value = calculate_decimal(step.op, a.value, b.value);
  } else if (a.unit == "1" && step.op == Op::multiply) {
    value = multiply(a.value, b.value);
    result = b;
  } else if (step.op == Op::divide && a.unit == b.unit && a.calendar == b.calendar) {
    value = divide(a.value, b.value);
    result.unit = "1";
    result.calendar = false;
  } else {
    result.unit = keep(
        fmt::format(step.op == Op::multiply ? fmt::runtime("({}).({})") : fmt::runtime("({})/({})"),
                    a.unit, b.unit));
    result.calendar = false;
    if (a.calendar || b.calendar || a.is_foreign || b.is_foreign || !parse_unit(result.unit)) {
      return fail(step, Code::value,
                  fmt::format("'{}' and '{}' make no unit together", a.unit, b.unit));
    }
    value = calculate_decimal(step.op, a.value, b.value);
  }
  if (!value || !value->is_in_range()) {
    return true;
  }
  result.value = *value;
  return answer(base, make(result));
}

// https://hl7.org/fhirpath/N1/#datetime-arithmetic
bool Machine::shift_moment(const Step& step, const Value& moment, const PathQuantity& by,
                           std::size_t base) {
  const auto named = by.is_foreign ? std::nullopt : time_unit(by.unit);
  // A definite year or month is no calendar duration: how many days it has is another question.
  if (!named || (named->unit >= TimeUnit::month && !by.calendar && !named->is_keyword)) {
    return fail(
        step, Code::value,
        fmt::format("'{}' is no calendar duration that can be added to a date or time", by.unit));
  }
  const bool of_day = named->unit <= TimeUnit::hour;
  if ((moment.kind() == ValueKind::date && of_day) ||
      (moment.kind() == ValueKind::time && !of_day)) {
    return fail(step, Code::value,
                fmt::format("{} cannot be added to a {}", by.unit,
                            moment.kind() == ValueKind::date ? "date" : "time"));
  }
  const Decimal amount = step.op == Op::subtract ? by.value.negated() : by.value;
  const auto result = add(moment.moment(), moment.moment_kind(), amount, named->unit);
  return !result || answer(base, Value::of(*result, moment.moment_kind()));
}

bool Machine::sign(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<Value> value;
  if (!one_argument(step, 0, frame, value)) {
    return false;
  }
  if (!value) {
    return true;
  }
  const bool negate = step.data != 0;
  switch (value->kind()) {
    case ValueKind::integer:
      return answer(base, Value::of(negate ? -value->integer() : value->integer()));
    case ValueKind::decimal:
      return answer(base, negate ? make(value->decimal().negated()) : *value);
    case ValueKind::quantity: {
      PathQuantity quantity = value->quantity();
      quantity.value = negate ? quantity.value.negated() : quantity.value;
      return answer(base, make(quantity));
    }
    default:
      return fail(step, Code::value,
                  fmt::format("a sign stands before a number, not {}", type_text(value->type())));
  }
}

bool Machine::equality(const Step& step, const Frame& frame, std::size_t base) {
  const auto operands = program_->operands(step);
  if (!eval(operands[0], frame)) {
    return false;
  }
  const std::size_t middle = stack_.size();
  if (!eval(operands[1], frame)) {
    return false;
  }
  const bool exact = step.op == Op::equal || step.op == Op::not_equal;
  const bool empty_left = middle == base;
  const bool empty_right = stack_.size() == middle;
  Truth result = Truth::unknown;
  if (exact && (empty_left || empty_right)) {
    return answer(base, result);
  }
  if (!same_collections(base, middle, exact ? Sameness::equal : Sameness::equivalent, result)) {
    return false;
  }
  if ((step.op == Op::not_equal || step.op == Op::not_equivalent) && result != Truth::unknown) {
    result = truth(result == Truth::no);
  }
  return !error_ && answer(base, result);
}

bool Machine::order(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<Value> a;
  std::optional<Value> b;
  if (!one_argument(step, 0, frame, a) || !one_argument(step, 1, frame, b)) {
    return false;
  }
  if (!a || !b) {
    return true;
  }
  bool fits = false;
  const auto found = order_of(*a, *b, surroundings_->offset_minutes, fits);
  if (!fits) {
    return mismatch(step, *a, *b);
  }
  if (!found) {
    return true;
  }
  const bool result = step.op == Op::less         ? *found < 0
                      : step.op == Op::less_equal ? *found <= 0
                      : step.op == Op::greater    ? *found > 0
                                                  : *found >= 0;
  return answer(base, Value::of(result));
}

// https://hl7.org/fhirpath/N1/#boolean-logic. What cannot change the result is not evaluated.
bool Machine::logic(const Step& step, const Frame& frame, std::size_t base) {
  Truth result = Truth::unknown;
  const auto operands = program_->operands(step);
  if (step.op == Op::both || step.op == Op::either) {
    const Truth decides = step.op == Op::both ? Truth::no : Truth::yes;
    result = step.op == Op::both ? Truth::yes : Truth::no;
    for (const StepId operand : operands) {
      Truth value = Truth::unknown;
      if (!condition(operand, step, frame, value)) {
        return false;
      }
      if (value == decides) {
        return answer(base, value);
      }
      result = value == Truth::unknown ? value : result;
    }
    return answer(base, result);
  }
  Truth left = Truth::unknown;
  Truth right = Truth::unknown;
  if (!condition(operands[0], step, frame, left)) {
    return false;
  }
  if (step.op == Op::implies && left == Truth::no) {
    return answer(base, Truth::yes);
  }
  if (!condition(operands[1], step, frame, right)) {
    return false;
  }
  if (step.op == Op::implies) {
    result = right == Truth::yes ? Truth::yes : left == Truth::yes ? right : Truth::unknown;
  } else if (left != Truth::unknown && right != Truth::unknown) {
    result = truth(left != right);
  }
  return answer(base, result);
}

bool Machine::membership(const Step& step, const Frame& frame, std::size_t base) {
  const auto operands = program_->operands(step);
  const std::size_t item = step.op == Op::in ? 0 : 1;
  if (!eval(operands[item], frame)) {
    return false;
  }
  const std::size_t middle = stack_.size();
  if (middle - base > 1) {
    return fail(step, Code::value,
                fmt::format("one value is looked for, there are {}", middle - base));
  }
  if (middle == base) {
    return true;
  }
  if (!eval(operands[1 - item], frame)) {
    return false;
  }
  bool found = false;
  const Value wanted = stack_[base];
  return holds_item(middle, stack_.size(), wanted, found) && answer(base, truth(found));
}

bool Machine::unite(const Step& step, const Frame& frame, std::size_t base) {
  for (const StepId operand : program_->operands(step)) {
    if (!eval(operand, frame)) {
      return false;
    }
  }
  return distinct(base);
}

}  // namespace holdfast::fhir::path
