// hl7v2/mapping/condition.cpp: conditions of rules, in postfix order; generate.py has checked that
// they are whole.
#include <cstdint>

#include "base/text.h"
#include "hl7v2/mapping/mapper.h"

namespace holdfast::hl7v2 {

Value Mapper::follow(const tables::PathRow& path, const Scope& scope) {
  Value value = scope.value;
  if (path.field != 0) {
    tables::SegmentName name = scope.name;
    std::uint32_t segment = scope.segment;
    const bool same = path.segment == 0 || path.segment == scope.name;
    if (!same) {
      const auto found = groups_.find(path.segment, scope.instance, scope.segment);
      if (!found) {
        return {};
      }
      name = path.segment;
      segment = *found;
    }
    // Of the field at hand its repetition at hand.
    if (!same || value.field != path.field || value.segment != name) {
      value = reading_.field(reading_.message().segment(segment), name, path.field);
    }
    if (value.level == ValueLevel::field) {
      value = reading_.part(value, 1);
    }
  }
  if (path.component != 0) {
    value = reading_.part(value, path.component);
    if (path.subcomponent != 0) {
      value = reading_.part(value, path.subcomponent);
    }
  }
  return value;
}

std::string_view Mapper::text_at(const tables::PathRow& path, const Scope& scope) {
  return trimmed(reading_.text(reading_.leaf(follow(path, scope))));
}

bool Mapper::test(const tables::OpRow& op, const Scope& scope) {
  using tables::ConditionOp;
  const Value value = follow(op.path, scope);
  switch (op.op) {
    case ConditionOp::valued: return Reading::says(value);
    case ConditionOp::taken: return reading_.taken(value.raw);
    case ConditionOp::equals: {
      const std::string_view text = trimmed(reading_.text(reading_.leaf(value)));
      for (std::uint32_t i = 0; i < op.texts; ++i) {
        if (tables::text(tables::condition_texts[op.first_text + i]) == text) {
          return true;
        }
      }
      return false;
    }
    case ConditionOp::longer: return reading_.text(reading_.leaf(value)).size() > op.number;
    default: break;
  }
  // How many repetitions: of the field itself, wherever the rule stands.
  std::size_t count = 0;
  const auto found = op.path.segment == 0
                         ? std::optional(scope.segment)
                         : groups_.find(op.path.segment, scope.instance, scope.segment);
  if (found) {
    const Field field = reading_.message().segment(*found).field(op.path.field);
    count = field.empty() ? 0 : field.repetitions().count();
  }
  return op.op == ConditionOp::count_is      ? count == op.number
         : op.op == ConditionOp::count_above ? count > op.number
                                             : count < op.number;
}

bool Mapper::holds(std::uint16_t condition, const Scope& scope) {
  if (condition == tables::none) {
    return true;
  }
  using tables::ConditionOp;
  const tables::ConditionRow& row = tables::conditions[condition];
  std::uint64_t stack = 0;  // the last one lowest
  for (std::uint32_t i = row.first; i < row.first + row.ops; ++i) {
    const tables::OpRow& op = tables::ops[i];
    const std::uint64_t last = stack & 1U;
    const std::uint64_t before = stack >> 1U & 1U;
    switch (op.op) {
      case ConditionOp::not_: stack ^= 1U; break;
      case ConditionOp::and_: stack = (stack >> 2U << 1U) | (last & before); break;
      case ConditionOp::or_: stack = (stack >> 2U << 1U) | (last | before); break;
      default: stack = stack << 1U | static_cast<std::uint64_t>(test(op, scope));
    }
  }
  return (stack & 1U) != 0;
}

}  // namespace holdfast::hl7v2
