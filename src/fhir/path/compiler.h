// fhir/path/compiler.h: from the tree of an expression to its program. Inside this folder only:
// compile.h is the door.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/compile.h"
#include "fhir/path/functions.h"
#include "fhir/path/known.h"
#include "fhir/path/lexer.h"

namespace holdfast::fhir::path {

class Compiler {
 public:
  Compiler(const Syntax& syntax, const CompileOptions& options)
      : syntax_(syntax), options_(options) {
    program_.expression_ = syntax.expression();
    for (const std::string_view name : options.variables) {
      program_.variables_.emplace_back(name);
    }
  }

  Result<Program> run();

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

  Result<Made> compile(NodeId id, const Scope& scope);

  Result<Made> compile_number(NodeId id);

  Result<Made> compile_moment(NodeId id, MomentKind kind);

  // https://hl7.org/fhir/R4/fhirpath.html#variables
  Result<Made> compile_variable(NodeId id, const Scope&);

  Result<Made> compile_member(NodeId id, const Scope& scope);

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
  Result<Made> compile_type_prefix(NodeId id, const Scope& scope, TypeRef type);

  Result<Made> compile_indexer(NodeId id, const Scope& scope);

  Result<Made> compile_type_operator(NodeId id, const Scope& scope);

  Result<Made> apply_type(NodeId id, const Made& input, Op op, std::string_view type_name);

  Result<void> want_one(NodeId node, const Known& given, Input wanted, std::string_view what);

  Result<Made> compile_operator(NodeId id, const Scope& scope);

  Result<Made> compile_sign(NodeId id, StepId step, const Known& operand);

  /// Literals that differ stay beside each other.
  Known united(NodeId id, const std::vector<Known>& operands);

  Result<Made> compile_function(NodeId id, const Scope& scope);

  Result<Made> compile_call(NodeId id, const Scope& scope, const Function& function,
                            const Made& input);

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
  Result<std::uint32_t> compile_pattern(NodeId id);

  [[nodiscard]] static Known given(const Function& function, const Known& input,
                                   const std::vector<Known>& arguments);

  const Syntax& syntax_;
  const CompileOptions& options_;
  Program program_;
};

}  // namespace holdfast::fhir::path
