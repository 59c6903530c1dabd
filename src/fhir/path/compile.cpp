#include "fhir/path/compile.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/check.h"
#include "fhir/path/functions.h"
#include "fhir/path/known.h"
#include "fhir/path/lexer.h"
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

bool begins_upper(std::string_view name) { return name[0] >= 'A' && name[0] <= 'Z'; }

}  // namespace

class Compiler {
 public:
  Compiler(const Syntax& syntax, const CompileOptions& options)
      : syntax_(syntax), options_(options) {
    program_.expression_ = syntax.expression();
    for (const std::string_view name : options.variables) {
      program_.variables_.emplace_back(name);
    }
  }

  Result<Program> run() {
    const Scope scope{Known::of_context(options_.type)};
    TRY(const Made made, compile(syntax_.root(), scope));
    if (made.step != program_.root()) {  // the last step is where evaluation begins
      check(made.step == no_step, "only $this has no step");
      add({.op = Op::this_item});
    }
    if (!made.known.is_open) {
      program_.result_types_ = made.known.types;
    }
    return std::move(program_);
  }

 private:
  struct Scope {
    Known self;  // $this
  };
  /// A step and what is known about what it gives. no_step stands for $this.
  struct Made {
    StepId step = no_step;
    Known known;
  };

  StepId add(const Step& step, std::span<const StepId> operands = {}) {
    Step added = step;
    added.first = static_cast<std::uint32_t>(program_.operands_.size());
    added.count = static_cast<std::uint16_t>(operands.size());
    program_.operands_.insert(program_.operands_.end(), operands.begin(), operands.end());
    program_.steps_.push_back(added);
    return program_.root();
  }
  /// Operands are always steps of their own.
  StepId step_of(const Made& made) {
    return made.step != no_step ? made.step : add({.op = Op::this_item});
  }
  [[nodiscard]] std::unexpected<Error> refuse(NodeId node, Code code, std::string what) const {
    return fail_at(syntax_.node(node).at, code, std::move(what));
  }
  std::uint32_t keep_text(std::string_view text) {
    program_.texts_.emplace_back(text);
    return static_cast<std::uint32_t>(program_.texts_.size() - 1);
  }
  std::uint32_t keep_type(const TypeName& type) {
    program_.types_.push_back(type);
    return static_cast<std::uint32_t>(program_.types_.size() - 1);
  }
  Made constant(const Value& value, std::uint32_t at) {
    program_.constants_.push_back(value);
    Step step{.at = at, .op = Op::constant};
    step.data = static_cast<std::uint32_t>(program_.constants_.size() - 1);
    Known known = Known::one(value.type());
    known.least = 1;
    return {add(step), std::move(known)};
  }
  Made text_constant(std::string_view text, std::uint32_t at) {
    return constant(Value::of(std::string_view(program_.texts_[keep_text(text)])), at);
  }

  Result<Made> compile(NodeId id, const Scope& scope) {
    const SyntaxNode& node = syntax_.node(id);
    switch (node.kind) {
      case NodeKind::empty: return Made{add({.at = node.at, .op = Op::empty}), Known::nothing()};
      case NodeKind::boolean: return constant(Value::of(syntax_.text(id) == "true"), node.at);
      case NodeKind::string: return text_constant(syntax_.text(id), node.at);
      case NodeKind::integer:
      case NodeKind::decimal:
      case NodeKind::quantity: return compile_number(id);
      case NodeKind::date: return compile_moment(id, MomentKind::date);
      case NodeKind::date_time: return compile_moment(id, MomentKind::date_time);
      case NodeKind::time: return compile_moment(id, MomentKind::time);
      case NodeKind::variable: return compile_variable(id, scope);
      case NodeKind::this_item: return Made{no_step, scope.self};
      case NodeKind::index:
        return Made{add({.at = node.at, .op = Op::index}), Known::one(SystemType::integer)};
      case NodeKind::total: return Made{add({.at = node.at, .op = Op::total}), Known::anything()};
      case NodeKind::member: return compile_member(id, scope);
      case NodeKind::function: return compile_function(id, scope);
      case NodeKind::indexer: return compile_indexer(id, scope);
      case NodeKind::is_type:
      case NodeKind::as_type: return compile_type_operator(id, scope);
      default: return compile_operator(id, scope);
    }
  }

  Result<Made> compile_number(NodeId id) {
    const SyntaxNode& node = syntax_.node(id);
    const std::string_view text = syntax_.text(id);
    if (node.kind == NodeKind::integer) {
      std::int32_t number = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      if (read.ec != std::errc()) {
        return refuse(id, Code::value,
                      fmt::format("{} is no Integer: they end at {}", text, INT32_MAX));
      }
      return constant(Value::of(std::int64_t{number}), node.at);
    }
    const auto number = Decimal::parse(text);
    if (!number) {
      return refuse(id, Code::value,
                    fmt::format("a number has at most {} digits", decimal_digits_max));
    }
    if (node.kind == NodeKind::decimal) {
      return constant(Value::of(&program_.decimals_.emplace_back(*number)), node.at);
    }
    PathQuantity quantity;
    quantity.value = *number;
    quantity.calendar = node.calendar_unit;
    quantity.unit = program_.texts_[keep_text(syntax_.unit(id))];
    return constant(Value::of(&program_.quantities_.emplace_back(quantity)), node.at);
  }

  Result<Made> compile_moment(NodeId id, MomentKind kind) {
    const auto moment = parse_moment(syntax_.text(id), kind);
    if (!moment) {
      return refuse(id, Code::value, fmt::format("there is no {}", syntax_.source(id).substr(1)));
    }
    return constant(Value::of(*moment, kind), syntax_.node(id).at);
  }

  // https://hl7.org/fhir/R4/fhirpath.html#variables
  Result<Made> compile_variable(NodeId id, const Scope&) {
    const std::string_view name = syntax_.text(id);
    const std::uint32_t at = syntax_.node(id).at;
    const auto* const first = options_.variables.data();
    if (const auto found = std::ranges::find(options_.variables, name);
        found != options_.variables.end()) {
      Step step{.at = at, .op = Op::variable};
      step.data = static_cast<std::uint32_t>(&*found - first);
      return Made{add(step), Known::anything()};
    }
    if (name == "context") {
      return Made{add({.at = at, .op = Op::context}), Known::of_context(options_.type)};
    }
    if (name == "resource") {
      return Made{add({.at = at, .op = Op::resource}), Known::anything()};
    }
    if (name == "rootResource") {
      return Made{add({.at = at, .op = Op::root_resource}), Known::anything()};
    }
    if (name == "ucum") {
      return text_constant("http://unitsofmeasure.org", at);
    }
    if (name == "sct") {
      return text_constant("http://snomed.info/sct", at);
    }
    if (name == "loinc") {
      return text_constant("http://loinc.org", at);
    }
    if (name.starts_with("vs-")) {
      return text_constant(fmt::format("http://hl7.org/fhir/ValueSet/{}", name.substr(3)), at);
    }
    if (name.starts_with("ext-")) {
      return text_constant(
          fmt::format("http://hl7.org/fhir/StructureDefinition/{}", name.substr(4)), at);
    }
    return refuse(id, Code::usage, fmt::format("there is no variable %{}", name));
  }

  Result<Made> compile_member(NodeId id, const Scope& scope) {
    const SyntaxNode& node = syntax_.node(id);
    const std::string_view name = syntax_.text(id);
    Made input{no_step, scope.self};
    if (node.input != no_node) {
      TRY(input, compile(node.input, scope));
    }
    std::vector<const ElementRow*> found;
    bool may_have = input.known.is_open || input.known.types.empty();
    for (const TypeRef type : input.known.types) {
      const auto more = rows_named(type, name);
      found.insert(found.end(), more.begin(), more.end());
      may_have = may_have || is_property(type, name) || !is_definite(type);
    }
    if (node.input == no_node && found.empty() && begins_upper(name)) {
      if (const auto type = fhir_type(name)) {
        return compile_type_prefix(id, scope, *type);
      }
    }
    if (found.empty() && !may_have) {
      if (options_.rigor == Rigor::strict) {
        return refuse(id, Code::structure, no_element_text(input.known, name));
      }
      return Made{add({.at = node.at, .op = Op::empty}), Known::nothing()};
    }
    Known known;
    known.is_open = may_have;
    for (const ElementRow* row : found) {
      known.add(type_of(*row));
      known.is_open = known.is_open || row->kind == ElementKind::resource;
    }
    if (input.known.types.empty() && !input.known.is_open) {
      known = Known::nothing();
    }
    Step step{.input = input.step, .at = node.at, .op = Op::member_any};
    if (found.size() == 1 && found[0]->base_bytes == found[0]->name_bytes) {
      step.op = Op::member;
      step.data = static_cast<std::uint32_t>(found[0] - tables::elements);
    } else {
      step.data = keep_text(name);
    }
    return Made{add(step), std::move(known)};
  }

  /// A type whose elements are all known.
  static bool is_definite(TypeRef type) { return type.value < TypeRef::first_abstract; }
  /// What values of FHIRPath have instead of elements.
  static bool is_property(TypeRef type, std::string_view name) {
    if (type == type_info_type) {
      return name == "name" || name == "namespace";
    }
    return type == type_of(SystemType::quantity) && (name == "value" || name == "unit");
  }

  // https://hl7.org/fhirpath/N1/#path-selection: a path may begin with the type of its context.
  Result<Made> compile_type_prefix(NodeId id, const Scope& scope, TypeRef type) {
    const Known& self = scope.self;
    const auto fits = [type](TypeRef of) { return is_a(of, type); };
    if (!self.is_open && std::ranges::all_of(self.types, fits)) {
      return Made{no_step, self};
    }
    if (!self.is_open && std::ranges::none_of(self.types, fits)) {
      if (options_.rigor == Rigor::strict) {
        return refuse(id, Code::structure,
                      fmt::format("the expression is evaluated on {}, which is no {}",
                                  types_text(self), name(type)));
      }
      return Made{add({.at = syntax_.node(id).at, .op = Op::empty}), Known::nothing()};
    }
    Step step{.at = syntax_.node(id).at, .op = Op::of_type_named};
    step.data = keep_type({type, unknown_type});
    return Made{add(step), Known::of_context(type)};
  }

  Result<Made> compile_indexer(NodeId id, const Scope& scope) {
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

  Result<Made> compile_type_operator(NodeId id, const Scope& scope) {
    const SyntaxNode& node = syntax_.node(id);
    TRY(const Made input, compile(node.input, scope));
    return apply_type(id, input, node.kind == NodeKind::is_type ? Op::is : Op::as,
                      syntax_.text(id));
  }

  Result<Made> apply_type(NodeId id, const Made& input, Op op, std::string_view type_name) {
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

  Result<void> want_one(NodeId node, const Known& given, Input wanted, std::string_view what) {
    if (given.least > 1) {
      return refuse(node, Code::structure, fmt::format("{} is one value, not several", what));
    }
    if (!path::fits(given, wanted)) {
      return refuse(node, Code::structure,
                    fmt::format("{} is {}, not {}", what, input_text(wanted), types_text(given)));
    }
    return ok();
  }

  Result<Made> compile_operator(NodeId id, const Scope& scope) {
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

  Result<Made> compile_sign(NodeId id, StepId step, const Known& operand) {
    if (!path::fits(operand, category::number | category::quantity)) {
      return refuse(
          id, Code::structure,
          fmt::format("a sign stands before a number or quantity, not {}", types_text(operand)));
    }
    program_.steps_[step].data = syntax_.node(id).kind == NodeKind::negative ? 1 : 0;
    return Made{step, as_system(operand)};
  }

  /// Literals that differ stay beside each other.
  Known united(NodeId id, const std::vector<Known>& operands) {
    Known known = Known::nothing();
    std::vector<std::string_view> literals;
    const auto nodes = syntax_.operands(id);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      known.add(operands[i]);
      known.least = std::max(known.least, operands[i].least);
      const NodeKind kind = syntax_.node(nodes[i]).kind;
      if (kind == NodeKind::string || kind == NodeKind::integer || kind == NodeKind::boolean) {
        if (std::ranges::find(literals, syntax_.source(nodes[i])) == literals.end()) {
          literals.push_back(syntax_.source(nodes[i]));
        }
      }
    }
    known.least = literals.size() > 1 ? std::uint8_t{2} : known.least;
    return known;
  }

  Result<Made> compile_function(NodeId id, const Scope& scope) {
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

  Result<Made> compile_call(NodeId id, const Scope& scope, const Function& function,
                            const Made& input) {
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

  static bool is_per_item(const Function& function, std::size_t argument, const Made& input) {
    switch (function.arguments) {
      case Arguments::criteria: return true;
      case Arguments::aggregate: return argument == 0;
      case Arguments::trace: return argument == 1;
      case Arguments::conditional: return input.step != no_step;
      default: return false;
    }
  }

  /// A literal pattern is compiled now, and refused now; 0 stands for one that comes later.
  Result<std::uint32_t> compile_pattern(NodeId id) {
    if (syntax_.node(id).kind != NodeKind::string) {
      return std::uint32_t{0};
    }
    auto pattern = make_pattern(syntax_.text(id));
    if (!pattern) {
      return refuse(id, pattern.error().code, pattern.error().what);
    }
    program_.patterns_.push_back(*std::move(pattern));
    return static_cast<std::uint32_t>(program_.patterns_.size());
  }

  [[nodiscard]] static Known given(const Function& function, const Known& input,
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

  const Syntax& syntax_;
  const CompileOptions& options_;
  Program program_;
};

Result<Program> compile(const Syntax& syntax, const CompileOptions& options) {
  return Compiler(syntax, options).run();
}

Result<Program> compile(std::string_view expression, const CompileOptions& options) {
  TRY(const Syntax syntax, parse(expression));
  return compile(syntax, options);
}

}  // namespace holdfast::fhir::path
