#include "fhir/path/machine.h"

#include <algorithm>

#include <fmt/format.h>

#include "fhir/path/syntax.h"

namespace holdfast::fhir::path {

Result<std::span<const Value>> Machine::run(const Program& program, const Value& context,
                                            const Surroundings& surroundings) {
  program_ = &program;
  surroundings_ = &surroundings;
  context_ = context;
  stack_.clear();
  slots_.assign(program.slots(), {});
  kept_.clear();
  arena_.clear();
  spent_ = 0;
  error_.reset();
  const Frame frame{context};
  if (!eval(program.root(), frame) || error_) {
    return holdfast::fail(std::move(*error_));
  }
  return std::span<const Value>(stack_);
}

bool Machine::fail(const Step& step, Code code, std::string what) {
  if (!error_) {
    error_ = Error{code, std::move(what), character_text(step.at), {}};
  }
  return false;
}

bool Machine::refuse_cost() {
  if (!error_) {
    const Limits& limits = surroundings_->limits;
    error_ = Error{
        Code::too_costly,
        spent_ > limits.steps ? fmt::format("the evaluation takes more than {} steps", limits.steps)
        : stack_.size() > limits.items
            ? fmt::format("the evaluation holds more than {} items", limits.items)
            : fmt::format("the evaluation makes more than {} bytes of text", limits.bytes),
        {},
        {}};
  }
  return false;
}

bool Machine::eval_input(const Step& step, const Frame& frame) {
  if (step.input != no_step) {
    return eval(step.input, frame);
  }
  return !frame.has_self || push(frame.self);
}

bool Machine::eval(StepId id, const Frame& frame) {
  const Step& step = program_->step(id);
  return spend(1) && (step.slot != 0 ? eval_kept(step, frame) : eval_step(step, frame));
}

/// What does not depend on $this is evaluated once, however many items ask for it.
bool Machine::eval_kept(const Step& step, const Frame& frame) {
  const std::size_t slot = step.slot - 1U;
  if (!slots_[slot].is_set) {
    const std::size_t base = stack_.size();
    if (!eval_step(step, frame)) {
      return false;
    }
    slots_[slot] = {static_cast<std::uint32_t>(kept_.size()),
                    static_cast<std::uint32_t>(stack_.size() - base), true};
    kept_.insert(kept_.end(), stack_.begin() + static_cast<std::ptrdiff_t>(base), stack_.end());
    return kept_.size() <= surroundings_->limits.items || refuse_cost();
  }
  const auto begin = kept_.begin() + slots_[slot].begin;
  stack_.insert(stack_.end(), begin, begin + slots_[slot].count);
  return spend(slots_[slot].count) &&
         (stack_.size() <= surroundings_->limits.items || refuse_cost());
}

bool Machine::eval_step(const Step& step, const Frame& frame) {
  const std::size_t base = stack_.size();
  switch (step.op) {
    case Op::empty: return true;
    case Op::constant: return push(program_->constant(step.data));
    case Op::this_item: return !frame.has_self || push(frame.self);
    case Op::index: return push(Value::of(frame.index));
    case Op::total:
      for (std::size_t i = frame.total_begin; i < frame.total_end; ++i) {
        const Value item = stack_[i];
        if (!push(item)) {
          return false;
        }
      }
      return true;
    case Op::context: return push(context_);
    case Op::resource:
      return push(surroundings_->resource ? *surroundings_->resource : resource_around(context_));
    case Op::root_resource:
      if (surroundings_->root_resource) {
        return push(*surroundings_->root_resource);
      }
      return push(context_.is_node() && context_.document() != nullptr
                      ? resource_value(context_.document()->root())
                      : context_);
    case Op::variable:
      if (step.data >= surroundings_->variables.size()) {
        return fail(step, Code::usage,
                    fmt::format("%{} has no value", program_->variables()[step.data]));
      }
      for (const Value& value : surroundings_->variables[step.data]) {
        if (!push(value)) {
          return false;
        }
      }
      return true;
    case Op::of_type_named:
      return !frame.has_self || !is_a(frame.self.type(), program_->type_name(step.data)) ||
             push(frame.self);
    case Op::member:
    case Op::member_any: return member(step, frame, base);
    case Op::now:
    case Op::today:
    case Op::time_of_day: return clock(step, base);
    default: break;
  }
  if (step.op >= Op::negative && step.op <= Op::implies) {
    return binary(step, frame, base);
  }
  if (!eval_input(step, frame) || !spend(stack_.size() - base)) {
    return false;
  }
  return apply(step, frame, base);
}

// The input lies above `base`.
bool Machine::apply(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t count = stack_.size() - base;
  switch (step.op) {
    case Op::is_empty: return answer(base, truth(count == 0));
    case Op::exists: return answer(base, truth(count != 0));
    case Op::count: return answer(base, Value::of(static_cast<std::int64_t>(count)));
    case Op::negate: {
      Truth value = Truth::unknown;
      if (!truth_of(step, base, value)) {
        return false;
      }
      return answer(base, value == Truth::unknown ? value : truth(value == Truth::no));
    }
    case Op::where: return where(step, frame, base);
    case Op::select: return select(step, frame, base);
    case Op::exists_where: return exists_where(step, frame, base);
    case Op::all: return all(step, frame, base);
    case Op::repeat: return repeat(step, frame, base);
    case Op::aggregate: return aggregate(step, frame, base);
    case Op::iif: return iif(step, frame, base);
    case Op::is:
    case Op::as:
    case Op::of_type: return choose_type(step, base);
    case Op::extension: return extension(step, frame, base);
    case Op::has_value: return has_value(base);
    case Op::children:
      for (std::size_t i = 0; i < count; ++i) {
        const Value parent = stack_[base + i];
        if (!push_children(parent)) {
          return false;
        }
      }
      erase(base, base + count);
      return true;
    case Op::descendants: return descend(base);
    case Op::indexer: {
      std::optional<std::int64_t> index;
      if (!whole_argument(step, 0, frame, index)) {
        return false;
      }
      return index ? slice(base, *index, *index < 0 ? 0 : 1) : (drop(base), true);
    }
    default: return apply_more(step, frame, base);
  }
}

bool Machine::apply_more(const Step& step, const Frame& frame, std::size_t base) {
  if (step.op >= Op::all_true && step.op <= Op::combine) {
    return collection_function(step, frame, base);
  }
  if (step.op >= Op::to_type && step.op <= Op::converts_to_quantity) {
    return convert(step, frame, base);
  }
  if (step.op >= Op::index_of && step.op <= Op::unescape) {
    return text_function(step, frame, base);
  }
  if (step.op >= Op::abs && step.op <= Op::truncate) {
    return number_function(step, frame, base);
  }
  switch (step.op) {
    case Op::trace: return trace(step, frame, base);
    case Op::type:
      for (std::size_t i = base; i < stack_.size(); ++i) {
        stack_[i] = Value::of_type_info(stack_[i].type());
      }
      return true;
    case Op::low_boundary:
    case Op::high_boundary: return boundary(step, frame, base);
    case Op::precision: return precision(step, base);
    case Op::comparable: return comparable(step, frame, base);
    case Op::get_value: {
      std::size_t kept = base;
      for (std::size_t i = base; i < stack_.size(); ++i) {
        if (stack_[i].is_node() && stack_[i].type().is_primitive()) {
          if (const auto value = system_value(stack_[i], arena_)) {
            stack_[kept++] = *value;
          }
        }
      }
      drop(kept - base == 1 ? kept : base);
      return true;
    }
    case Op::resolve: return resolve(base);
    case Op::check_modifiers: return check_modifiers(step, frame, base);
    case Op::conforms_to: return conforms_to(step, frame, base);
    case Op::member_of: return member_of(step, frame, base);
    case Op::subsumes:
    case Op::subsumed_by: return subsumption(step, frame, base);
    case Op::html_checks: return html_checks(base);
    default: break;
  }
  return fail(step, Code::unsupported, "the function is not there");
}

bool Machine::one(const Step& step, std::size_t base, std::optional<Value>& to) {
  const std::size_t count = stack_.size() - base;
  if (count > 1) {
    return fail(step, Code::value, fmt::format("one value is needed here, there are {}", count));
  }
  to = count == 0 ? std::nullopt : system_value(stack_[base], arena_);
  return arena_.bytes() <= surroundings_->limits.bytes || refuse_cost();
}

bool Machine::one_argument(const Step& step, std::size_t which, const Frame& frame,
                           std::optional<Value>& to) {
  const std::size_t base = stack_.size();
  if (!eval(program_->operands(step)[which], frame) || !one(step, base, to)) {
    return false;
  }
  drop(base);
  return true;
}

bool Machine::text_argument(const Step& step, std::size_t which, const Frame& frame,
                            std::optional<std::string_view>& to) {
  std::optional<Value> value;
  if (!one_argument(step, which, frame, value)) {
    return false;
  }
  if (value && value->kind() != ValueKind::string) {
    return fail(step, Code::value,
                fmt::format("the argument is a text, not {}", type_text(value->type())));
  }
  to = value ? std::optional(value->string()) : std::nullopt;
  return true;
}

bool Machine::whole_argument(const Step& step, std::size_t which, const Frame& frame,
                             std::optional<std::int64_t>& to) {
  std::optional<Value> value;
  if (!one_argument(step, which, frame, value)) {
    return false;
  }
  if (value && value->kind() != ValueKind::integer) {
    return fail(step, Code::value,
                fmt::format("the argument is a whole number, not {}", type_text(value->type())));
  }
  to = value ? std::optional(value->integer()) : std::nullopt;
  return true;
}

// https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
bool Machine::truth_of(const Step& step, std::size_t base, Truth& to) {
  const std::size_t count = stack_.size() - base;
  if (count == 0) {
    to = Truth::unknown;
    return true;
  }
  if (count > 1) {
    return fail(step, Code::value,
                fmt::format("true or false is needed here, there are {} values", count));
  }
  const auto value = system_value(stack_[base], arena_);
  to = !value                                ? Truth::unknown
       : value->kind() == ValueKind::boolean ? truth(value->boolean())
                                             : Truth::yes;
  return true;
}

bool Machine::condition(StepId criterion, const Step& step, const Frame& frame, Truth& to) {
  const std::size_t base = stack_.size();
  if (!eval(criterion, frame) || !truth_of(step, base, to)) {
    return false;
  }
  drop(base);
  return true;
}

Evaluator::Evaluator() : machine_(std::make_unique<Machine>()) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Result<std::span<const Value>> Evaluator::evaluate(const Program& program, const Value& context,
                                                   const Surroundings& surroundings) {
  return machine_->run(program, context, surroundings);
}

Result<std::optional<bool>> Evaluator::decide(const Program& program, const Value& context,
                                              const Surroundings& surroundings) {
  TRY(const auto results, machine_->run(program, context, surroundings));
  if (results.size() > 1) {
    return holdfast::fail(
        Code::value, fmt::format("true or false is needed, there are {} values", results.size()));
  }
  if (results.empty()) {
    return std::optional<bool>();
  }
  Arena arena;
  const auto value = system_value(results[0], arena);
  return value ? std::optional(value->kind() != ValueKind::boolean || value->boolean())
               : std::nullopt;
}

Result<bool> Evaluator::holds(const Program& program, const Value& context,
                              const Surroundings& surroundings) {
  TRY(const auto decided, decide(program, context, surroundings));
  return decided.value_or(false);
}

std::uint64_t Evaluator::steps() const { return machine_->spent(); }

}  // namespace holdfast::fhir::path
