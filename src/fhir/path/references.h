// fhir/path/references.h: what a reference points to within its own document: a contained resource,
// or another entry of the same Bundle.
// https://hl7.org/fhir/R4/references.html#contained, https://hl7.org/fhir/R4/bundle.html#references
#pragma once

#include <optional>
#include <string_view>

#include "fhir/path/value.h"

namespace holdfast::fhir::path {

/// The resource that `reference` names as it stands at `from`; nothing if it is not in the
/// document.
[[nodiscard]] std::optional<Value> find_in_document(const Value& from, std::string_view reference);

}  // namespace holdfast::fhir::path
