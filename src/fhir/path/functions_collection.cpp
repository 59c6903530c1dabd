// fhir/path/functions_collection.cpp: existence, filtering, projection, subsetting, combining.
// https://hl7.org/fhirpath/N1/#existence … #combining
#include <algorithm>

#include <fmt/format.h>

#include "fhir/path/machine.h"

namespace holdfast::fhir::path {

bool Machine::where(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  const StepId criterion = program_->operands(step)[0];
  Frame inner = frame;
  inner.has_self = true;
  std::size_t kept = base;
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    Truth holds = Truth::unknown;
    if (!condition(criterion, step, inner, holds)) {
      return false;
    }
    if (holds == Truth::yes) {
      stack_[kept++] = inner.self;
    }
  }
  drop(kept);
  return true;
}

bool Machine::select(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  const StepId projection = program_->operands(step)[0];
  Frame inner = frame;
  inner.has_self = true;
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    if (!eval(projection, inner)) {
      return false;
    }
  }
  erase(base, end);
  return true;
}

bool Machine::exists_where(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  const StepId criterion = program_->operands(step)[0];
  Frame inner = frame;
  inner.has_self = true;
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    Truth holds = Truth::unknown;
    if (!condition(criterion, step, inner, holds)) {
      return false;
    }
    if (holds == Truth::yes) {
      return answer(base, Truth::yes);
    }
  }
  return answer(base, Truth::no);
}

bool Machine::all(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  const StepId criterion = program_->operands(step)[0];
  Frame inner = frame;
  inner.has_self = true;
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    Truth holds = Truth::unknown;
    if (!condition(criterion, step, inner, holds)) {
      return false;
    }
    if (holds != Truth::yes) {
      return answer(base, Truth::no);
    }
  }
  return answer(base, Truth::yes);
}

// https://hl7.org/fhirpath/N1/#aggregates
bool Machine::aggregate(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  const auto operands = program_->operands(step);
  Frame inner = frame;
  inner.has_self = true;
  if (operands.size() > 1 && !eval(operands[1], frame)) {
    return false;
  }
  for (std::size_t i = base; i < end; ++i) {
    inner.self = stack_[i];
    inner.index = static_cast<std::int64_t>(i - base);
    inner.total_begin = end;
    inner.total_end = stack_.size();
    if (!eval(operands[0], inner)) {
      return false;
    }
    erase(inner.total_begin, inner.total_end);
  }
  erase(base, end);
  return true;
}

bool Machine::iif(const Step& step, const Frame& frame, std::size_t base) {
  Frame inner = frame;
  if (step.input != no_step) {
    if (stack_.size() - base > 1) {
      return fail(step, Code::value, "iif() is evaluated on one value, there are several");
    }
    inner.has_self = stack_.size() > base;
    inner.self = inner.has_self ? stack_[base] : Value();
  }
  drop(base);
  const auto operands = program_->operands(step);
  Truth holds = Truth::unknown;
  if (!condition(operands[0], step, inner, holds)) {
    return false;
  }
  if (holds == Truth::yes) {
    return eval(operands[1], inner);
  }
  return operands.size() < 3 || eval(operands[2], inner);
}

// https://hl7.org/fhirpath/N1/#types
bool Machine::choose_type(const Step& step, std::size_t base) {
  const TypeName& type = program_->type_name(step.data);
  const std::size_t count = stack_.size() - base;
  if (step.op != Op::of_type && count > 1) {
    return fail(step, Code::value,
                fmt::format("{} asks about one value, there are {}",
                            step.op == Op::is ? "is" : "as", count));
  }
  if (step.op == Op::is) {
    return count == 0 || answer(base, truth(is_a(stack_[base].type(), type)));
  }
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(base);
  stack_.erase(std::remove_if(begin, stack_.end(),
                              [&](const Value& item) { return !is_chosen(item.type(), type); }),
               stack_.end());
  return true;
}

bool Machine::slice(std::size_t base, std::int64_t skip, std::int64_t take) {
  const auto count = static_cast<std::int64_t>(stack_.size() - base);
  const std::int64_t from = std::clamp<std::int64_t>(skip, 0, count);
  const std::int64_t to = from + std::clamp<std::int64_t>(take, 0, count - from);
  drop(base + static_cast<std::size_t>(to));
  erase(base, base + static_cast<std::size_t>(from));
  return true;
}

/// allTrue() and its like: each item is a boolean.
bool Machine::all_of(const Step& step, std::size_t base) {
  const bool wanted = step.op == Op::all_true || step.op == Op::any_true;
  bool any = false;
  bool every = true;
  for (std::size_t i = base; i < stack_.size(); ++i) {
    const auto value = system_value(stack_[i], arena_);
    if (!value) {
      continue;
    }
    if (value->kind() != ValueKind::boolean) {
      return fail(step, Code::value,
                  fmt::format("the items must be true or false, not {}", type_text(value->type())));
    }
    const bool hit = value->boolean() == wanted;
    any = any || hit;
    every = every && hit;
  }
  return answer(base, Value::of(step.op == Op::all_true || step.op == Op::all_false ? every : any));
}

bool Machine::collection_function(const Step& step, const Frame& frame, std::size_t base) {
  constexpr std::int64_t rest = INT64_MAX;
  const std::size_t count = stack_.size() - base;
  switch (step.op) {
    case Op::all_true:
    case Op::any_true:
    case Op::all_false:
    case Op::any_false: return all_of(step, base);
    case Op::single:
      return count <= 1 || fail(step, Code::value, fmt::format("single() found {} items", count));
    case Op::first: return slice(base, 0, 1);
    case Op::last: return slice(base, static_cast<std::int64_t>(count) - 1, 1);
    case Op::tail: return slice(base, 1, rest);
    case Op::skip:
    case Op::take: {
      std::optional<std::int64_t> number;
      if (!whole_argument(step, 0, frame, number)) {
        return false;
      }
      if (!number) {
        drop(base);
        return true;
      }
      return step.op == Op::skip ? slice(base, *number, rest) : slice(base, 0, *number);
    }
    case Op::distinct: return distinct(base);
    case Op::is_distinct:
      return distinct(base) && answer(base, truth(stack_.size() - base == count));
    default: return with_argument(step, frame, base);
  }
}

/// Functions of two collections: the input above `base`, the argument above that.
bool Machine::with_argument(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t middle = stack_.size();
  if (!eval(program_->operands(step)[0], frame)) {
    return false;
  }
  const std::size_t end = stack_.size();
  if (step.op == Op::combine) {
    return true;
  }
  if (step.op == Op::union_with) {
    return distinct(base);
  }
  if (step.op == Op::subset_of || step.op == Op::superset_of) {
    const bool subset = step.op == Op::subset_of;
    for (std::size_t i = subset ? base : middle; i < (subset ? middle : end); ++i) {
      bool found = false;
      const Value item = stack_[i];
      if (!holds_item(subset ? middle : base, subset ? end : middle, item, found)) {
        return false;
      }
      if (!found) {
        return answer(base, Truth::no);
      }
    }
    return answer(base, Truth::yes);
  }
  std::size_t kept = base;  // intersect and exclude
  for (std::size_t i = base; i < middle; ++i) {
    bool found = false;
    const Value item = stack_[i];
    if (!holds_item(middle, end, item, found)) {
      return false;
    }
    if (found == (step.op == Op::intersect)) {
      stack_[kept++] = item;
    }
  }
  drop(kept);
  return step.op == Op::exclude || distinct(base);
}

}  // namespace holdfast::fhir::path
