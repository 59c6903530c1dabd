// fhir/path/machine.h: what runs a Program: a stack of collections. Each step leaves its results on
// top of the stack, above what was there before. Inside this folder only.
//
// The functions are spread over several files by family. Those that can fail return false after
// fail() has noted why and where: an Error is made once, not carried through every return.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/path/evaluate.h"
#include "fhir/path/program.h"
#include "fhir/path/value.h"

namespace holdfast::fhir::path {

/// true, false, or nothing: https://hl7.org/fhirpath/N1/#boolean-logic
enum class Truth : std::uint8_t { no, yes, unknown };
[[nodiscard]] constexpr Truth truth(bool of) { return of ? Truth::yes : Truth::no; }

class Machine {
 public:
  [[nodiscard]] Result<std::span<const Value>> run(const Program& program, const Value& context,
                                                   const Surroundings& surroundings);
  [[nodiscard]] std::uint64_t spent() const { return spent_; }

 private:
  /// What $this, $index and $total are while a criterion is evaluated.
  struct Frame {
    Value self;
    bool has_self = true;  // iif() may stand on nothing
    std::int64_t index = 0;
    std::size_t total_begin = 0;  // on the stack
    std::size_t total_end = 0;
  };

  // ---- machine.cpp
  bool eval(StepId id, const Frame& frame);
  bool eval_step(const Step& step, const Frame& frame);
  bool eval_kept(const Step& step, const Frame& frame);
  bool eval_input(const Step& step, const Frame& frame);
  bool apply(const Step& step, const Frame& frame, std::size_t base);
  bool apply_more(const Step& step, const Frame& frame, std::size_t base);
  bool fail(const Step& step, Code code, std::string what);
  bool spend(std::uint64_t steps) {
    spent_ += steps;
    return (spent_ <= surroundings_->limits.steps &&
            arena_.bytes() <= surroundings_->limits.bytes) ||
           refuse_cost();
  }
  bool refuse_cost();
  bool push(const Value& value) {
    stack_.push_back(value);
    return stack_.size() <= surroundings_->limits.items || refuse_cost();
  }
  void drop(std::size_t base) { stack_.resize(base); }
  /// Replaces everything above `base`.
  bool answer(std::size_t base, const Value& value) {
    stack_.resize(base);
    return push(value);
  }
  bool answer(std::size_t base, Truth value) {
    stack_.resize(base);
    return value == Truth::unknown || push(Value::of(value == Truth::yes));
  }
  /// Removes [from, to) and closes the gap.
  void erase(std::size_t from, std::size_t to) {
    stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(from),
                 stack_.begin() + static_cast<std::ptrdiff_t>(to));
  }
  std::string_view keep(std::string_view text) { return arena_.keep(text); }
  Value make(const Decimal& number) { return Value::of(arena_.keep(number)); }
  Value make(const PathQuantity& quantity) { return Value::of(arena_.keep(quantity)); }
  Value make_text(std::string_view text) { return Value::of(keep(text)); }
  /// The single item above `base`, as a value of FHIRPath; nothing where there is none. False if
  /// there are several.
  bool one(const Step& step, std::size_t base, std::optional<Value>& to);
  bool one_argument(const Step& step, std::size_t which, const Frame& frame,
                    std::optional<Value>& to);
  /// The argument as a text or whole number; false, with the reason, if it is anything else.
  bool text_argument(const Step& step, std::size_t which, const Frame& frame,
                     std::optional<std::string_view>& to);
  bool whole_argument(const Step& step, std::size_t which, const Frame& frame,
                      std::optional<std::int64_t>& to);
  /// What is above `base` as a condition.
  bool truth_of(const Step& step, std::size_t base, Truth& to);
  bool condition(StepId criterion, const Step& step, const Frame& frame, Truth& to);

  // ---- navigate.cpp
  bool member(const Step& step, const Frame& frame, std::size_t base);
  bool push_row(const Value& parent, const ElementRow& row);
  bool push_named(const Value& parent, std::string_view name);
  bool push_property(const Value& parent, std::string_view name);
  bool push_children(const Value& parent);
  bool push_element(const Json& json, const ElementRow& row, std::uint32_t value,
                    std::uint32_t sibling);
  bool push_one(const Json& json, TypeRef type, std::uint32_t value, std::uint32_t sibling);
  bool descend(std::size_t base);
  bool repeat(const Step& step, const Frame& frame, std::size_t base);

  // ---- equality.cpp
  enum class Sameness : std::uint8_t { equal, equivalent };
  Truth same(const Value& a, const Value& b, Sameness how);
  Truth same_system(const Value& a, const Value& b, Sameness how);
  static Truth same_quantity(const PathQuantity& a, const PathQuantity& b, Sameness how);
  bool same_json(JsonValue a, JsonValue b, Sameness how);
  bool same_collections(std::size_t a, std::size_t b, Sameness how, Truth& to);
  bool holds_item(std::size_t from, std::size_t to, const Value& item, bool& found);
  bool distinct(std::size_t base);
  bool distinct_texts(std::size_t base);

  // ---- operators.cpp
  bool binary(const Step& step, const Frame& frame, std::size_t base);
  bool equality(const Step& step, const Frame& frame, std::size_t base);
  bool order(const Step& step, const Frame& frame, std::size_t base);
  bool logic(const Step& step, const Frame& frame, std::size_t base);
  bool membership(const Step& step, const Frame& frame, std::size_t base);
  bool unite(const Step& step, const Frame& frame, std::size_t base);
  bool sign(const Step& step, const Frame& frame, std::size_t base);
  bool calculate(const Step& step, const Value& a, const Value& b, std::size_t base);
  bool calculate_quantities(const Step& step, const PathQuantity& a, const PathQuantity& b,
                            std::size_t base);
  bool shift_moment(const Step& step, const Value& moment, const PathQuantity& by,
                    std::size_t base);
  bool answer_number(std::size_t base, const std::optional<Decimal>& number);
  bool mismatch(const Step& step, const Value& a, const Value& b);

  // ---- functions_*.cpp
  bool collection_function(const Step& step, const Frame& frame, std::size_t base);
  bool all_of(const Step& step, std::size_t base);
  bool slice(std::size_t base, std::int64_t skip, std::int64_t take);
  bool where(const Step& step, const Frame& frame, std::size_t base);
  bool select(const Step& step, const Frame& frame, std::size_t base);
  bool exists_where(const Step& step, const Frame& frame, std::size_t base);
  bool all(const Step& step, const Frame& frame, std::size_t base);
  bool aggregate(const Step& step, const Frame& frame, std::size_t base);
  bool iif(const Step& step, const Frame& frame, std::size_t base);
  bool with_argument(const Step& step, const Frame& frame, std::size_t base);
  bool choose_type(const Step& step, std::size_t base);

  bool convert(const Step& step, const Frame& frame, std::size_t base);
  std::optional<Value> converted(const Value& value, SystemType to);
  std::optional<Value> text_converted(std::string_view text, SystemType to);
  std::optional<Value> to_quantity(const Value& value, std::optional<std::string_view> unit);
  bool boundary(const Step& step, const Frame& frame, std::size_t base);
  bool precision(const Step& step, std::size_t base);
  bool comparable(const Step& step, const Frame& frame, std::size_t base);

  bool text_function(const Step& step, const Frame& frame, std::size_t base);
  bool text_with_argument(const Step& step, const Frame& frame, std::size_t base,
                          std::string_view text);
  bool substring(const Step& step, const Frame& frame, std::size_t base, std::string_view text);
  bool match(const Step& step, const Frame& frame, std::size_t base, std::string_view text);
  bool replace(const Step& step, const Frame& frame, std::size_t base, std::string_view text);
  bool join(const Step& step, const Frame& frame, std::size_t base);
  bool split(std::size_t base, std::string_view text, std::string_view by);
  bool transcode(const Step& step, std::size_t base, std::string_view text, std::string_view how);
  const re2::RE2* pattern(const Step& step, std::string_view text);

  bool number_function(const Step& step, const Frame& frame, std::size_t base);
  bool trace(const Step& step, const Frame& frame, std::size_t base);
  bool clock(const Step& step, std::size_t base);

  bool extension(const Step& step, const Frame& frame, std::size_t base);
  bool has_value(std::size_t base);
  bool resolve(std::size_t base);
  std::optional<Value> resolve_one(const Value& item);
  bool check_modifiers(const Step& step, const Frame& frame, std::size_t base);
  bool conforms_to(const Step& step, const Frame& frame, std::size_t base);
  bool member_of(const Step& step, const Frame& frame, std::size_t base);
  bool subsumption(const Step& step, const Frame& frame, std::size_t base);
  bool codes_of(const Step& step, const Value& value, std::vector<PathCode>& to);
  bool html_checks(std::size_t base);

  const Program* program_ = nullptr;
  const Surroundings* surroundings_ = nullptr;
  Value context_;
  std::vector<Value> stack_;
  struct Slot {
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    bool is_set = false;
  };
  std::vector<Slot> slots_;  // of this run: where in kept_ a step's results lie
  std::vector<Value> kept_;
  Arena arena_;
  std::uint64_t spent_ = 0;
  std::optional<Error> error_;
  std::string scratch_;
  std::vector<std::pair<std::string_view, std::size_t>> texts_;  // of distinct_texts()
  struct KeptPattern {
    std::string text;
    std::shared_ptr<const re2::RE2> pattern;
  };
  std::vector<KeptPattern> patterns_;  // made while evaluating; the latest ones
};

}  // namespace holdfast::fhir::path
