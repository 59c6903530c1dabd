// fhir/path/functions_number.cpp: mathematics, the clock and trace().
// https://hl7.org/fhirpath/N1/#math-1, #utility-functions
#include <fmt/format.h>

#include "fhir/path/machine.h"

namespace holdfast::fhir::path {
namespace {

using Rounding = Decimal::Rounding;

std::optional<Decimal> rounded(const Decimal& number, std::optional<std::int64_t> places) {
  constexpr std::int64_t places_max = decimal_digits_max;
  const std::int64_t to = places.value_or(0);
  return to < 0
             ? std::nullopt
             : std::optional(number.rounded(static_cast<std::uint32_t>(std::min(to, places_max))));
}

std::optional<Decimal> whole(const Decimal& number, Op op) {
  return number.rounded(0, op == Op::ceiling ? Rounding::ceiling
                           : op == Op::floor ? Rounding::floor
                                             : Rounding::truncate);
}

}  // namespace

bool Machine::number_function(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<Value> value;
  std::optional<Value> argument;
  if (!one(step, base, value) || (step.count > 0 && !one_argument(step, 0, frame, argument))) {
    return false;
  }
  drop(base);
  if (!value || (step.count > 0 && !argument)) {
    return true;
  }
  const auto number_of = [](const Value& of) -> std::optional<Decimal> {
    return of.kind() == ValueKind::integer   ? std::optional(Decimal(of.integer()))
           : of.kind() == ValueKind::decimal ? std::optional(of.decimal())
                                             : std::nullopt;
  };
  if (value->kind() == ValueKind::quantity && step.op == Op::abs) {
    PathQuantity quantity = value->quantity();
    quantity.value = quantity.value.absolute();
    return push(make(quantity));
  }
  const auto number = number_of(*value);
  const auto second = argument ? number_of(*argument) : std::nullopt;
  if (!number || (argument && !second)) {
    return fail(
        step, Code::value,
        fmt::format("a number is needed, not {}", type_text((number ? argument : value)->type())));
  }
  const bool whole_result =
      value->kind() == ValueKind::integer && (!argument || argument->kind() == ValueKind::integer);
  constexpr std::uint64_t series_steps = 2000;  // as long as that many others take
  if (step.op == Op::exp || step.op == Op::ln || step.op == Op::log || step.op == Op::power ||
      step.op == Op::sqrt) {
    if (!spend(series_steps)) {
      return false;
    }
  }
  switch (step.op) {
    case Op::abs:
      return whole_result
                 ? push(Value::of(value->integer() < 0 ? -value->integer() : value->integer()))
                 : push(make(number->absolute()));
    case Op::ceiling:
    case Op::floor:
    case Op::truncate: {
      const auto result = whole(*number, step.op)->to_int64();
      return !result || *result > INT32_MAX || *result < INT32_MIN || push(Value::of(*result));
    }
    case Op::exp: return answer_number(base, exponential(*number));
    case Op::ln: return answer_number(base, natural_logarithm(*number));
    case Op::log: return answer_number(base, logarithm(*number, *second));
    case Op::sqrt: return answer_number(base, square_root(*number));
    case Op::power: {
      const auto result = fhir::power(*number, *second);
      const auto small =
          result && whole_result && !second->is_negative() ? result->to_int64() : std::nullopt;
      if (result && whole_result && !second->is_negative()) {
        return !small || *small > INT32_MAX || *small < INT32_MIN || push(Value::of(*small));
      }
      return answer_number(base, result);
    }
    default: {  // round
      const auto places = second ? second->to_int64() : std::nullopt;
      if (second && (!places || *places < 0)) {
        return fail(step, Code::value, "round() takes the number of places, 0 or more");
      }
      return answer_number(base, rounded(*number, places));
    }
  }
}

bool Machine::clock(const Step& step, std::size_t base) {
  const Moment now = moment_of(surroundings_->now, surroundings_->offset_minutes);
  if (step.op == Op::now) {
    return answer(base, Value::of(now, MomentKind::date_time));
  }
  Moment part = now;
  part.has_offset = false;
  part.offset_minutes = 0;
  if (step.op == Op::today) {
    part.precision = Precision::day;
    return answer(base, Value::of(part, MomentKind::date));
  }
  return answer(base, Value::of(part, MomentKind::time));
}

bool Machine::trace(const Step& step, const Frame& frame, std::size_t base) {
  if (surroundings_->tracer == nullptr) {
    return true;
  }
  const std::size_t end = stack_.size();
  std::optional<std::string_view> name;
  if (!text_argument(step, 0, frame, name)) {
    return false;
  }
  if (step.count == 1) {
    surroundings_->tracer->trace(name.value_or(""), std::span(stack_).subspan(base));
    return true;
  }
  Frame inner = frame;
  inner.has_self = true;
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    if (!eval(program_->operands(step)[1], inner)) {
      return false;
    }
  }
  surroundings_->tracer->trace(name.value_or(""), std::span(stack_).subspan(end));
  drop(end);
  return true;
}

}  // namespace holdfast::fhir::path
