// fhir/path/program.h: an expression after its names have been looked up: a flat tree of operations
// that an Evaluator runs over documents. It holds no reference to anything but the definitions.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/types.h"
#include "fhir/path/value.h"

namespace re2 {
class RE2;
}

namespace holdfast::fhir::path {

/// What a step does. Functions are named as in FHIRPath, with the ones that would be words of C++
/// or that mean two things spelt out.
enum class Op : std::uint8_t {
  empty,
  constant,  // data: index of the value
  this_item,
  index,
  total,
  context,
  resource,
  root_resource,
  variable,       // data: index of the variable
  of_type_named,  // the input if it is of type data: the name of a type that begins a path
  member,         // one row: data is its index
  member_any,  // data: index of the name; found in the structure that the input turns out to have
  indexer,
  // operators
  negative,
  positive,
  multiply,
  divide,
  div,
  mod,
  add,
  subtract,
  concatenate,
  unite,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  equivalent,
  not_equal,
  not_equivalent,
  in,
  contains,
  both,
  either,
  exclusive,
  implies,
  is,
  as,
  // existence
  is_empty,
  exists,
  exists_where,
  all,
  all_true,
  any_true,
  all_false,
  any_false,
  subset_of,
  superset_of,
  count,
  distinct,
  is_distinct,
  negate,
  // filtering and projection
  where,
  select,
  repeat,
  of_type,
  // subsetting and combining
  single,
  first,
  last,
  tail,
  skip,
  take,
  intersect,
  exclude,
  union_with,
  combine,
  // conversion
  iif,
  to_type,
  converts_to,
  to_quantity,
  converts_to_quantity,
  // text
  index_of,
  last_index_of,
  substring,
  starts_with,
  ends_with,
  contains_text,
  upper,
  lower,
  replace,
  matches,
  matches_full,
  replace_matches,
  length,
  to_chars,
  trim,
  split,
  join,
  encode,
  decode,
  escape,
  unescape,
  // mathematics
  abs,
  ceiling,
  exp,
  floor,
  ln,
  log,
  power,
  round,
  sqrt,
  truncate,
  // trees and the rest
  children,
  descendants,
  trace,
  now,
  today,
  time_of_day,
  type,
  aggregate,
  low_boundary,
  high_boundary,
  precision,
  comparable,
  // FHIR
  extension,
  has_value,
  get_value,
  resolve,
  check_modifiers,
  conforms_to,
  member_of,
  subsumes,
  subsumed_by,
  html_checks,
};

/// Number of a step within its Program.
using StepId = std::uint32_t;
constexpr StepId no_step = UINT32_MAX;

struct Step {
  StepId input = no_step;   ///< evaluated first; no_step is $this
  std::uint32_t first = 0;  // of its operands
  std::uint32_t at = 0;     ///< offset in the expression, for messages
  std::uint32_t data = 0;   ///< see Op
  std::uint16_t count = 0;
  std::uint16_t slot = 0;  ///< not 0: what it gives is the same for every item, and is kept there
  Op op = Op::empty;
};

/// Made by compile(). Movable; may be run by several Evaluators at once.
class Program {
 public:
  Program() = default;
  Program(Program&&) noexcept = default;
  Program& operator=(Program&&) noexcept = default;
  Program(const Program&) = delete;  // its constants point into it
  Program& operator=(const Program&) = delete;
  ~Program() = default;

  [[nodiscard]] const std::string& expression() const { return expression_; }
  /// The types that results can have, as far as the definitions say; empty if nothing is known.
  [[nodiscard]] std::span<const TypeRef> result_types() const { return result_types_; }
  /// The user variables that it refers to, in the order of CompileOptions::variables.
  [[nodiscard]] std::span<const std::string> variables() const { return variables_; }

  // For the evaluator.
  [[nodiscard]] StepId root() const { return static_cast<StepId>(steps_.size() - 1); }
  [[nodiscard]] const Step& step(StepId id) const { return steps_[id]; }
  [[nodiscard]] std::uint16_t slots() const { return slots_; }
  [[nodiscard]] std::span<const StepId> operands(const Step& of) const {
    return std::span(operands_).subspan(of.first, of.count);
  }
  [[nodiscard]] const Value& constant(std::uint32_t index) const { return constants_[index]; }
  [[nodiscard]] std::string_view name(std::uint32_t index) const { return texts_[index]; }
  [[nodiscard]] const TypeName& type_name(std::uint32_t index) const { return types_[index]; }
  [[nodiscard]] const re2::RE2& pattern(std::uint32_t index) const { return *patterns_[index]; }

 private:
  friend class Compiler;
  std::string expression_;
  std::vector<Step> steps_;
  std::vector<StepId> operands_;
  std::vector<Value> constants_;
  std::vector<TypeName> types_;
  std::deque<std::string> texts_;  // constants point into them
  std::deque<Decimal> decimals_;
  std::deque<PathQuantity> quantities_;
  std::vector<std::shared_ptr<const re2::RE2>> patterns_;
  std::vector<TypeRef> result_types_;
  std::vector<std::string> variables_;
  std::uint16_t slots_ = 0;
};

}  // namespace holdfast::fhir::path
