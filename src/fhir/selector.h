// fhir/selector.h: a path from a value to values below it, resolved against the definitions: what a
// search parameter's expression becomes where it is more than plain steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// A value together with the row of the definition that it is of; null for the resource itself.
struct Selected {
  const ElementRow* row = nullptr;
  std::uint32_t node = 0;  ///< JsonValue::index() in its document
};

struct SelectStep {
  enum class Kind : std::uint8_t {
    child,   ///< to the members of any of `rows`
    equals,  ///< keeps those whose member of any of `rows` is the string `literal`
    item,    ///< keeps the one at `position`, from 0
  };
  Kind kind = Kind::child;
  std::vector<std::uint16_t> rows;  ///< numbers of element rows
  std::string literal;
  std::uint32_t position = 0;
  bool operator==(const SelectStep&) const = default;
};

struct Selector {
  bool from_resource = false;  ///< begins at the resource, not at the value given (%resource)
  std::vector<SelectStep> steps;
  bool operator==(const Selector&) const = default;
};

/// Appends what `steps` lead to from `from`, in document order; JSON null is not a value. A value
/// that has not the shape of the definition leads nowhere.
void select(const Json& json, const Selected& from, const std::vector<SelectStep>& steps,
            std::vector<Selected>& found);

/// The structure of a value: of its row, or of the resource type that it names; null for a
/// primitive, or where it names none.
[[nodiscard]] const StructureRow* structure_at(const Json& json, const Selected& value);

}  // namespace holdfast::fhir
