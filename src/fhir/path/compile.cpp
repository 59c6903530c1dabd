#include "fhir/path/compile.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/path/compiler.h"
#include "fhir/path/keep.h"

namespace holdfast::fhir::path {
namespace {

bool begins_upper(std::string_view name) { return name[0] >= 'A' && name[0] <= 'Z'; }

}  // namespace

Result<Program> Compiler::run() {
  const Scope scope{Known::of_context(options_.type)};
  TRY(const Made made, compile(syntax_.root(), scope));
  check(step_of(made) == program_.root(), "the last step is where evaluation begins");
  program_.slots_ = mark_kept(program_.steps_, program_.operands_);
  if (!made.known.is_open) {
    program_.result_types_ = made.known.types;
  }
  return std::move(program_);
}

Result<Compiler::Made> Compiler::compile(NodeId id, const Scope& scope) {
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

Result<Compiler::Made> Compiler::compile_number(NodeId id) {
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
  if (!number || !number->is_in_range()) {
    return refuse(id, Code::value,
                  fmt::format("a number has at most {} digits, and up to {} zeros",
                              decimal_digits_max, json_exponent_max));
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

Result<Compiler::Made> Compiler::compile_moment(NodeId id, MomentKind kind) {
  const auto moment = parse_moment(syntax_.text(id), kind);
  if (!moment) {
    return refuse(id, Code::value, fmt::format("there is no {}", syntax_.source(id).substr(1)));
  }
  return constant(Value::of(*moment, kind), syntax_.node(id).at);
}

Result<Compiler::Made> Compiler::compile_variable(NodeId id, const Scope&) {
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
    return text_constant(fmt::format("http://hl7.org/fhir/StructureDefinition/{}", name.substr(4)),
                         at);
  }
  return refuse(id, Code::usage, fmt::format("there is no variable %{}", name));
}

Result<Compiler::Made> Compiler::compile_member(NodeId id, const Scope& scope) {
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

Result<Compiler::Made> Compiler::compile_type_prefix(NodeId id, const Scope& scope, TypeRef type) {
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

Result<Program> compile(const Syntax& syntax, const CompileOptions& options) {
  return Compiler(syntax, options).run();
}

Result<Program> compile(std::string_view expression, const CompileOptions& options) {
  TRY(const Syntax syntax, parse(expression));
  return compile(syntax, options);
}

}  // namespace holdfast::fhir::path
