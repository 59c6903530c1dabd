// fhir/path/compile_calls.cpp: operators and functions: what they are applied to is looked at here.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fhir/path/compiler.h"
#include "fhir/path/pattern.h"

namespace holdfast::fhir::path {
namespace {

Op operator_of(NodeKind kind) {
  static_assert(static_cast<int>(NodeKind::implies) - static_cast<int>(NodeKind::multiply) ==
                static_cast<int>(Op::implies) - static_cast<int>(Op::multiply));
  return static_cast<Op>(static_cast<int>(Op::multiply) + static_cast<int>(kind) -
                         static_cast<int>(NodeKind::multiply));
}

/// Operators whose operands are collections: any number of items is right.
bool takes_collections(NodeKind kind) {
  switch (kind) {
    case NodeKind::unite:
    case NodeKind::equal:
    case NodeKind::equivalent:
    case NodeKind::not_equal:
    case NodeKind::not_equivalent: return true;
    default: return false;
  }
}

}  // namespace

Result<Compiler::Made> Compiler::compile_indexer(NodeId id, const Scope& scope) {
  const SyntaxNode& node = syntax_.node(id);
  TRY(const Made input, compile(node.input, scope));
  TRY(const Made operand, compile(syntax_.operands(id)[0], scope));
  TRY_OK(want_one(syntax_.operands(id)[0], operand.known, Input::whole, "an index"));
  Known known = input.known;
  known.least = 0;
  return Made{
      add({.input = input.step, .at = node.at, .op = Op::indexer}, std::array{step_of(operand)}),
      std::move(known)};
}

Result<Compiler::Made> Compiler::compile_type_operator(NodeId id, const Scope& scope) {
  const SyntaxNode& node = syntax_.node(id);
  TRY(const Made input, compile(node.input, scope));
  return apply_type(id, input, node.kind == NodeKind::is_type ? Op::is : Op::as, syntax_.text(id));
}

Result<Compiler::Made> Compiler::apply_type(NodeId id, const Made& input, Op op,
                                            std::string_view type_name) {
  const auto type = type_named(type_name);
  if (!type) {
    return refuse(id, Code::unknown_type, fmt::format("there is no type {}", type_name));
  }
  if (op == Op::as && options_.rigor == Rigor::lenient) {
    op = Op::of_type;
  }
  Step step{.input = input.step, .at = syntax_.node(id).at, .op = op};
  step.data = keep_type(*type);
  Known known = Known::one(SystemType::boolean);
  if (op != Op::is) {
    // System.Patient is nothing; Quantity is one of FHIR where the input is.
    const Known& given = input.known;
    known = Known::nothing();
    if (type->fhir.is_known() &&
        (given.is_open || !std::ranges::all_of(given.types, &TypeRef::is_system))) {
      known.add(Known::of_context(type->fhir));
    }
    if (type->system.is_known() &&
        (given.is_open || std::ranges::any_of(given.types, &TypeRef::is_system))) {
      known.add(Known::of_context(type->system));
    }
  }
  return Made{add(step), std::move(known)};
}

Result<void> Compiler::want_one(NodeId node, const Known& given, Input wanted,
                                std::string_view what) {
  if (given.least > 1) {
    return refuse(node, Code::structure, fmt::format("{} is one value, not several", what));
  }
  if (!path::fits(given, wanted)) {
    return refuse(node, Code::structure,
                  fmt::format("{} is {}, not {}", what, input_text(wanted), types_text(given)));
  }
  return ok();
}

Result<Compiler::Made> Compiler::compile_operator(NodeId id, const Scope& scope) {
  const SyntaxNode& node = syntax_.node(id);
  std::vector<StepId> steps;
  std::vector<Known> known;
  for (const NodeId operand : syntax_.operands(id)) {
    TRY(Made made, compile(operand, scope));
    steps.push_back(step_of(made));
    known.push_back(std::move(made.known));
    if (!takes_collections(node.kind) && known.back().least > 1 &&
        !(node.kind == NodeKind::in && steps.size() == 2) &&
        !(node.kind == NodeKind::contains && steps.size() == 1)) {
      return refuse(operand, Code::structure, "the operator takes one value here, not several");
    }
  }
  if (known.size() == 2 && !can_combine(node.kind, known[0], known[1])) {
    return refuse(id, Code::structure,
                  fmt::format("the operator cannot be applied to {} and {}", types_text(known[0]),
                              types_text(known[1])));
  }
  const StepId step =
      add({.at = node.at,
           .op = node.kind == NodeKind::positive ? Op::negative : operator_of(node.kind)},
          steps);
  if (node.kind == NodeKind::negative || node.kind == NodeKind::positive) {
    return compile_sign(id, step, known[0]);
  }
  if (node.kind >= NodeKind::multiply && node.kind <= NodeKind::concatenate) {
    return Made{step, combined(node.kind, known[0], known[1])};
  }
  if (node.kind == NodeKind::unite) {
    return Made{step, united(id, known)};
  }
  return Made{step, Known::one(SystemType::boolean)};
}

Result<Compiler::Made> Compiler::compile_sign(NodeId id, StepId step, const Known& operand) {
  if (!path::fits(operand, category::number | category::quantity)) {
    return refuse(
        id, Code::structure,
        fmt::format("a sign stands before a number or quantity, not {}", types_text(operand)));
  }
  program_.steps_[step].data = syntax_.node(id).kind == NodeKind::negative ? 1 : 0;
  return Made{step, as_system(operand)};
}

Known Compiler::united(NodeId id, const std::vector<Known>& operands) {
  Known known = Known::nothing();
  std::vector<std::string_view> literals;
  const auto nodes = syntax_.operands(id);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    known.add(operands[i]);
    known.least = std::max(known.least, operands[i].least);
    const NodeKind kind = syntax_.node(nodes[i]).kind;
    const bool literal =
        kind == NodeKind::string || kind == NodeKind::integer || kind == NodeKind::boolean;
    if (literal && literals.size() < 2) {
      if (std::ranges::find(literals, syntax_.source(nodes[i])) == literals.end()) {
        literals.push_back(syntax_.source(nodes[i]));
      }
    }
  }
  known.least = literals.size() > 1 ? std::uint8_t{2} : known.least;
  return known;
}

Result<Compiler::Made> Compiler::compile_function(NodeId id, const Scope& scope) {
  const SyntaxNode& node = syntax_.node(id);
  const std::string_view name = syntax_.text(id);
  const Function* function = find_function(name);
  if (function == nullptr) {
    if (const std::string_view why = refused_function(name); !why.empty()) {
      return refuse(id, Code::unsupported, fmt::format("{}() {}", name, why));
    }
    const std::string_view meant = nearest_function(name);
    return refuse(id, Code::usage,
                  fmt::format("there is no function {}(){}", name,
                              meant.empty() ? "" : fmt::format(" (did you mean {}()?)", meant)));
  }
  if (node.count < function->least || node.count > function->most) {
    return refuse(id, Code::usage,
                  fmt::format("{}() takes {} argument{}, not {}", name,
                              function->least == function->most
                                  ? fmt::format("{}", function->least)
                                  : fmt::format("{} to {}", function->least, function->most),
                              function->most == 1 ? "" : "s", node.count));
  }
  Made input{no_step, scope.self};
  if (node.input != no_node) {
    TRY(input, compile(node.input, scope));
  }
  if (!path::fits(input.known, function->input)) {
    return refuse(id, Code::structure,
                  fmt::format("{}() is for {}, not for {}", name, input_text(function->input),
                              types_text(input.known)));
  }
  if (function->arguments == Arguments::type) {
    const auto type = syntax_.qualified(syntax_.operands(id)[0]);
    if (!type) {
      return refuse(syntax_.operands(id)[0], Code::usage,
                    fmt::format("{}() takes the name of a type", name));
    }
    return apply_type(id, input, function->op, *type);
  }
  return compile_call(id, scope, *function, input);
}

Result<Compiler::Made> Compiler::compile_call(NodeId id, const Scope& scope,
                                              const Function& function, const Made& input) {
  Known each = input.known;  // one item of it
  each.least = std::min<std::uint8_t>(each.least, 1);
  each.is_open = each.is_open || function.op == Op::repeat;  // its results come round again
  const Scope inner{std::move(each)};
  std::vector<StepId> steps;
  std::vector<Known> known;
  const auto nodes = syntax_.operands(id);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool per_item = is_per_item(function, i, input);
    TRY(Made made, compile(nodes[i], per_item ? inner : scope));
    if (!per_item && function.argument != Input::any) {
      TRY_OK(want_one(nodes[i], made.known, function.argument,
                      fmt::format("the argument of {}()", function.name)));
    }
    steps.push_back(step_of(made));
    known.push_back(std::move(made.known));
  }
  if (function.arguments == Arguments::conditional && known[0].least > 1) {
    return refuse(nodes[0], Code::structure, "the condition of iif() is one value, not several");
  }
  Step step{.input = input.step, .at = syntax_.node(id).at, .op = function.op};
  step.data = static_cast<std::uint32_t>(function.type);
  if (function.op == Op::exists && !steps.empty()) {
    step.op = Op::exists_where;
  }
  if (function.op == Op::matches || function.op == Op::matches_full ||
      function.op == Op::replace_matches) {
    TRY(step.data, compile_pattern(nodes[0]));
  }
  return Made{add(step, steps), given(function, input.known, known)};
}

Result<std::uint32_t> Compiler::compile_pattern(NodeId id) {
  if (syntax_.node(id).kind != NodeKind::string) {
    return std::uint32_t{0};
  }
  if (program_.patterns_.size() == patterns_max) {
    return refuse(id, Code::too_large,
                  fmt::format("an expression has at most {} regular expressions", patterns_max));
  }
  auto pattern = make_pattern(syntax_.text(id));
  if (!pattern) {
    return refuse(id, pattern.error().code, pattern.error().what);
  }
  program_.patterns_.push_back(*std::move(pattern));
  return static_cast<std::uint32_t>(program_.patterns_.size());
}

Known Compiler::given(const Function& function, const Known& input,
                      const std::vector<Known>& arguments) {
  const auto at_most_one = [](Known known) {
    known.least = 0;
    return known;
  };
  switch (function.gives) {
    case Gives::input:
      return at_most_one(function.input == Input::number || function.input == Input::bounded
                             ? as_system(input)
                             : input);
    case Gives::argument: return at_most_one(arguments[0]);
    case Gives::both: {
      Known known = input;
      known.add(arguments[0]);
      return known;
    }
    case Gives::nothing: return Known::nothing();
    case Gives::boolean: return Known::one(SystemType::boolean);
    case Gives::integer: return Known::one(SystemType::integer);
    case Gives::decimal: return Known::one(SystemType::decimal);
    case Gives::string: return Known::one(SystemType::string);
    case Gives::date: return Known::one(SystemType::date);
    case Gives::date_time: return Known::one(SystemType::date_time);
    case Gives::time: return Known::one(SystemType::time);
    case Gives::quantity: return Known::one(SystemType::quantity);
    case Gives::type_info: return Known::one(type_info_type);
    case Gives::extension: return Known::one(type_of(tables::extension_structure));
    case Gives::unknown: break;
  }
  if (function.op == Op::iif) {
    Known known = at_most_one(arguments[1]);
    if (arguments.size() > 2) {
      known.add(arguments[2]);
    }
    return known;
  }
  return function.op == Op::get_value ? at_most_one(as_system(input)) : Known::anything();
}

}  // namespace holdfast::fhir::path
