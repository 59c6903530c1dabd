// fhir/path/functions_convert.cpp: toX(), convertsToX(), and the bounds of what is not precise.
// https://hl7.org/fhirpath/N1/#conversion, https://hl7.org/fhirpath/#boundary-functions
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "fhir/path/letters.h"
#include "fhir/path/machine.h"
#include "fhir/path/measure.h"

namespace holdfast::fhir::path {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int32_t number = 0;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size()
             ? std::optional(std::int64_t{number})
             : std::nullopt;
}

std::optional<bool> boolean_of(std::string_view text) {
  constexpr std::array<std::string_view, 6> yes{"true", "t", "yes", "y", "1", "1.0"};
  constexpr std::array<std::string_view, 6> no{"false", "f", "no", "n", "0", "0.0"};
  const std::string folded = lower(text);
  for (std::size_t i = 0; i < yes.size(); ++i) {
    if (folded == yes[i] || folded == no[i]) {
      return folded == yes[i];
    }
  }
  return std::nullopt;
}

/// Of a quantity as text: [+-]digits[.digits], then 'unit' or the keyword of a calendar duration.
std::optional<PathQuantity> parse_quantity(std::string_view text) {
  std::size_t end = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) {
    ++end;
  }
  const auto number = Decimal::parse(text.substr(0, end));
  if (!number || !number->is_in_range()) {
    return std::nullopt;
  }
  PathQuantity quantity;
  quantity.value = *number;
  const std::string_view unit = stripped(text.substr(end));
  if (unit.empty()) {
    quantity.unit = "1";
  } else if (unit.size() > 2 && unit.front() == '\'' && unit.back() == '\'') {
    quantity.unit = unit.substr(1, unit.size() - 2);
  } else {
    const auto named = time_unit(unit);
    if (!named || !named->is_keyword) {
      return std::nullopt;
    }
    quantity.unit = unit;
    quantity.calendar = true;
  }
  return quantity;
}

}  // namespace

std::optional<Value> Machine::text_converted(std::string_view text, SystemType to) {
  switch (to) {
    case SystemType::boolean: {
      const auto value = boolean_of(text);
      return value ? std::optional(Value::of(*value)) : std::nullopt;
    }
    case SystemType::integer: {
      const auto number = whole_number(text);
      return number ? std::optional(Value::of(*number)) : std::nullopt;
    }
    case SystemType::decimal: {
      const bool plain = text.find_first_of("eE") == std::string_view::npos;
      const auto number = plain ? Decimal::parse(text) : std::nullopt;
      return number && number->is_in_range() ? std::optional(make(*number)) : std::nullopt;
    }
    case SystemType::date:
    case SystemType::date_time:
    case SystemType::time: {
      const MomentKind kind = to == SystemType::date        ? MomentKind::date
                              : to == SystemType::date_time ? MomentKind::date_time
                                                            : MomentKind::time;
      const auto moment = parse_moment(text, kind);
      return moment ? std::optional(Value::of(*moment, kind)) : std::nullopt;
    }
    case SystemType::quantity: {
      auto quantity = parse_quantity(text);
      return quantity ? std::optional(make(*quantity)) : std::nullopt;
    }
    case SystemType::string: break;
  }
  return Value::of(text);
}

std::optional<Value> Machine::converted(const Value& value, SystemType to) {
  if (value.type() == type_of(to)) {
    return value;
  }
  if (value.kind() == ValueKind::string) {
    return text_converted(value.string(), to);
  }
  if (to == SystemType::string) {
    const auto text = text_of(value);
    return text && !value.is_node() ? std::optional(make_text(*text)) : std::nullopt;
  }
  const bool number = value.kind() == ValueKind::integer || value.kind() == ValueKind::decimal;
  switch (to) {
    case SystemType::boolean:
      if (number) {
        const Decimal as =
            value.kind() == ValueKind::integer ? Decimal(value.integer()) : value.decimal();
        if (as == Decimal(1) || as.is_zero()) {
          return Value::of(!as.is_zero());
        }
      }
      return std::nullopt;
    case SystemType::integer:
      return value.kind() == ValueKind::boolean
                 ? std::optional(Value::of(std::int64_t{value.boolean() ? 1 : 0}))
                 : std::nullopt;
    case SystemType::decimal:
      if (value.kind() == ValueKind::integer) {
        return make(Decimal(value.integer()));
      }
      return value.kind() == ValueKind::boolean
                 ? std::optional(make(*Decimal::parse(value.boolean() ? "1.0" : "0.0")))
                 : std::nullopt;
    case SystemType::date:
      if (value.kind() == ValueKind::date_time) {
        Moment moment = value.moment();
        moment.precision = std::min(moment.precision, Precision::day);
        moment.has_offset = false;
        return Value::of(moment, MomentKind::date);
      }
      return std::nullopt;
    case SystemType::date_time:
      return value.kind() == ValueKind::date
                 ? std::optional(Value::of(value.moment(), MomentKind::date_time))
                 : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Value> Machine::to_quantity(const Value& value,
                                          std::optional<std::string_view> unit) {
  std::optional<Value> made;
  if (value.kind() == ValueKind::integer || value.kind() == ValueKind::decimal ||
      value.kind() == ValueKind::boolean) {
    const auto number = converted(value, SystemType::decimal);
    made = number ? std::optional(make(PathQuantity{number->decimal(), "1", false, false}))
                  : std::nullopt;
  } else {
    made = converted(value, SystemType::quantity);
  }
  if (!made || !unit || made->quantity().unit == *unit) {
    return made;
  }
  const auto from = unit_of(made->quantity(), Calendar::as_ucum);
  const auto named = time_unit(*unit);
  const bool calendar = named && named->is_keyword;
  const auto to = unit_of(PathQuantity{Decimal(), *unit, calendar, false}, Calendar::as_ucum);
  const auto moved = from && to ? fhir::convert(made->quantity().value, *from, *to) : std::nullopt;
  return moved && moved->is_in_range()
             ? std::optional(make(PathQuantity{*moved, *unit, calendar, false}))
             : std::nullopt;
}

bool Machine::convert(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<Value> value;
  if (!one(step, base, value)) {
    return false;
  }
  if (!value) {
    drop(base);
    return true;
  }
  std::optional<Value> result;
  if (step.op == Op::to_quantity || step.op == Op::converts_to_quantity) {
    std::optional<std::string_view> unit;
    if (step.count > 0 && !text_argument(step, 0, frame, unit)) {
      return false;
    }
    result = to_quantity(*value, unit);
  } else {
    result = converted(*value, static_cast<SystemType>(step.data));
  }
  if (step.op == Op::converts_to || step.op == Op::converts_to_quantity) {
    return answer(base, Value::of(result.has_value()));
  }
  drop(base);
  return !result || push(*result);
}

namespace {

/// The bound of a number with that many places behind the point. What is further from zero than the
/// number is rounded away from it from the half on, what is nearer is cut.
std::optional<Decimal> bound_of(const Decimal& number, Bound bound, std::int64_t places) {
  constexpr std::int64_t places_max = 31;
  if (places < 0 || places > places_max) {
    return std::nullopt;
  }
  const auto half = Decimal(5).shifted(-static_cast<std::int32_t>(number.places()) - 1);
  const bool high = bound == Bound::high;
  const auto edge = high ? add(number, *half) : subtract(number, *half);
  if (!edge) {
    return std::nullopt;
  }
  const bool outwards = edge->is_negative() != high;
  return edge->with_places(static_cast<std::uint32_t>(places),
                           outwards ? Decimal::Rounding::half_up : Decimal::Rounding::truncate);
}

}  // namespace

bool Machine::boundary(const Step& step, const Frame& frame, std::size_t base) {
  constexpr std::int64_t decimal_places = 8;
  std::optional<Value> value;
  std::optional<std::int64_t> digits;
  if (!one(step, base, value) || (step.count > 0 && !whole_argument(step, 0, frame, digits))) {
    return false;
  }
  drop(base);
  if (!value) {
    return true;
  }
  const Bound bound = step.op == Op::low_boundary ? Bound::low : Bound::high;
  const std::int64_t places = digits.value_or(decimal_places);
  switch (value->kind()) {
    case ValueKind::integer:
      return answer_number(base, bound_of(Decimal(value->integer()), bound, places));
    case ValueKind::decimal: return answer_number(base, bound_of(value->decimal(), bound, places));
    case ValueKind::quantity: {
      PathQuantity quantity = value->quantity();
      const auto edge = bound_of(quantity.value, bound, places);
      if (!edge) {
        return true;
      }
      quantity.value = *edge;
      return push(make(quantity));
    }
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time: {
      constexpr std::array<std::int64_t, 3> most{8, 17, 9};
      const auto wanted = digits.value_or(most[static_cast<std::size_t>(value->moment_kind())]);
      const auto edge = wanted < 0 || wanted > 17
                            ? std::nullopt
                            : path::boundary(value->moment(), value->moment_kind(), bound,
                                             static_cast<int>(wanted));
      return !edge || push(Value::of(*edge, value->moment_kind()));
    }
    default:
      return fail(step, Code::value, fmt::format("{} has no bounds", type_text(value->type())));
  }
}

bool Machine::precision(const Step& step, std::size_t base) {
  std::optional<Value> value;
  if (!one(step, base, value)) {
    return false;
  }
  drop(base);
  if (!value) {
    return true;
  }
  switch (value->kind()) {
    case ValueKind::integer: return push(Value::of(std::int64_t{0}));
    case ValueKind::decimal: return push(Value::of(std::int64_t{value->decimal().places()}));
    case ValueKind::quantity:
      return push(Value::of(std::int64_t{value->quantity().value.places()}));
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time:
      return push(Value::of(std::int64_t{digits(value->moment(), value->moment_kind())}));
    default:
      return fail(step, Code::value, fmt::format("{} has no precision", type_text(value->type())));
  }
}

bool Machine::comparable(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<Value> value;
  std::optional<Value> other;
  if (!one(step, base, value) || !one_argument(step, 0, frame, other)) {
    return false;
  }
  drop(base);
  if (!value || !other) {
    return true;
  }
  if (value->kind() != ValueKind::quantity || other->kind() != ValueKind::quantity) {
    return mismatch(step, *value, *other);
  }
  return push(Value::of(are_comparable(value->quantity(), other->quantity())));
}

}  // namespace holdfast::fhir::path
