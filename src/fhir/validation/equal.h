// fhir/validation/equal.h: whether a value is the fixed one, or fits a pattern.
// https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_ and
// #ElementDefinition.pattern_x_. Inside this folder only.
#pragma once

#include "fhir/json.h"

namespace holdfast::fhir::validation {

/// The same members and items with the same values; numbers by value, members in any order.
[[nodiscard]] bool is_same(JsonValue a, JsonValue b);
/// What the pattern has, the value has too: each member, and for each item of an array one that
/// fits.
[[nodiscard]] bool fits(JsonValue value, JsonValue pattern);

}  // namespace holdfast::fhir::validation
