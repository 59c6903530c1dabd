// fhir/path/patch_value.h: what a FHIRPath Patch brings, as JSON of the element that it becomes: a
// value[x], a resource, or parts that are named as its elements are. Inside this folder only.
//
// https://hl7.org/fhir/R4/fhirpatch.html, https://hl7.org/fhir/R4/parameters.html
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/json.h"

namespace holdfast::fhir::path {

/// A new element: the row that it fits, and its text. One half may be empty.
struct PatchElement {
  const ElementRow* row = nullptr;
  Bytes value;
  Bytes sibling;
};

/// One Parameters.parameter or a part of one, taken apart.
struct PatchPart {
  std::string name;
  const ElementRow* type = nullptr;  ///< the row of its value[x]
  std::optional<JsonValue> value;
  std::optional<JsonValue> sibling;  ///< of value[x]
  std::optional<JsonValue> resource;
  std::optional<JsonValue> parts;
};
/// Code::structure where it is none. Extensions are not looked at; Code::unsupported for a
/// modifierExtension, which would have to be.
[[nodiscard]] Result<PatchPart> read_part(JsonValue part);

/// The rows of an element in a structure: several for a choice, one for a choice that is named with
/// its type (`valueString`). Code::structure, naming both, where there is none.
[[nodiscard]] Result<std::vector<const ElementRow*>> rows_of(StructureId in, std::string_view name);

/// The element that `part` makes where one of `rows` may be: the first that its type fits.
/// Code::value where none does, Code::required where it brings nothing.
[[nodiscard]] Result<PatchElement> make_element(std::span<const ElementRow* const> rows,
                                                const PatchPart& part);

}  // namespace holdfast::fhir::path
