// fhir/path/known.h: what can be said about a collection before any document is read. Inside this
// folder only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/functions.h"
#include "fhir/path/syntax.h"
#include "fhir/path/types.h"

namespace holdfast::fhir::path {

/// The types that items of a collection can have, and how many there are at least.
struct Known {
  bool is_open = true;         ///< they may have any other type as well
  std::uint8_t least = 0;      ///< 0, 1, or 2 for more than one
  std::vector<TypeRef> types;  ///< no type twice

  [[nodiscard]] static Known anything() { return {}; }
  [[nodiscard]] static Known nothing() { return {false, 0, {}}; }
  [[nodiscard]] static Known one(TypeRef type) { return {false, 0, {type}}; }
  [[nodiscard]] static Known one(SystemType type) { return one(type_of(type)); }
  /// unknown_type, and the abstract types, say nothing.
  [[nodiscard]] static Known of_context(TypeRef type);

  void add(TypeRef type);
  void add(const Known& other);
};

/// What operators tell apart, as bits.
namespace category {
constexpr unsigned number = 1, text = 2, date = 4, date_time = 8, time = 16, quantity = 32,
                   boolean = 64, other = 128, all = 255;
constexpr unsigned moment = date | date_time | time;
}  // namespace category
[[nodiscard]] unsigned categories(const Known& of);
/// Whether nothing known speaks against it. An empty collection fits everywhere.
[[nodiscard]] bool fits(const Known& given, unsigned wanted);
[[nodiscard]] bool fits(const Known& given, Input wanted);
/// Whether some value on the left and some on the right could be operands of that operator.
[[nodiscard]] bool can_combine(NodeKind op, const Known& left, const Known& right);
/// What an arithmetic operator gives.
[[nodiscard]] Known combined(NodeKind op, const Known& left, const Known& right);
/// The types as operators see them: FHIR.integer as System.Integer.
[[nodiscard]] Known as_system(const Known& of);

/// "Integer or Date", for messages.
[[nodiscard]] std::string types_text(const Known& of);
[[nodiscard]] std::string_view input_text(Input wanted);

/// The rows of an element in one type; several for a choice. Empty if it has no such element.
[[nodiscard]] std::vector<const ElementRow*> rows_named(TypeRef in, std::string_view name);
/// "HumanName has no element given1 (did you mean given?)".
[[nodiscard]] std::string no_element_text(const Known& in, std::string_view name);

}  // namespace holdfast::fhir::path
