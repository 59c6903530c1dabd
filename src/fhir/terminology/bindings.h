// fhir/terminology/bindings.h: which value set an element of the base definitions is bound to.
// One row for each ElementRow, in the same order; the builder of the tables stops where they
// differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/definitions.h"
#include "fhir/terminology/tables.h"

namespace holdfast::fhir::terminology {

/// Index of a built-in value set.
struct SetNumber {
  std::uint16_t value = 0;
  auto operator<=>(const SetNumber&) const = default;
};

struct Binding {
  Strength strength{};
  std::string_view url;          ///< of the value set, without a version
  std::optional<SetNumber> set;  ///< nothing where the package lacks it (five, of others)
  std::string_view widest_url;   ///< elementdefinition-maxValueSet; empty for none
  std::optional<SetNumber> widest;
};

/// Nothing for an element that is bound to no value set. Of a choice, only those types count that
/// can hold a code: code, Coding, CodeableConcept, Quantity, string, uri.
/// https://hl7.org/fhir/R4/terminologies.html
[[nodiscard]] std::optional<Binding> binding_of(const ElementRow& element);

/// "extensible"
[[nodiscard]] std::string_view name(Strength strength);

}  // namespace holdfast::fhir::terminology
