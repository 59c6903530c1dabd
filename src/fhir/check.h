// fhir/check.h: is this JSON a resource of FHIR R4? Structure, cardinality, choice and the value
// space of every primitive, against the base definitions. Bindings, invariants and profiles are
// not looked at here, nor what a reference points to.
//
// https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/datatypes.html
#pragma once

#include <cstddef>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// Faults collected in one pass; what lies behind the last one is not looked at.
constexpr std::size_t issues_max = 20;

/// Refuses what is not a resource. The Error is the first fault, Error::more the others; each
/// `where` is a FHIRPath expression from the document's root with line and column, as where_text()
/// writes it: check before Json::minify(), while the lines are those of the sender.
/// Codes: unknown_type, structure (unknown, repeated or of the wrong kind), required, value.
[[nodiscard]] Result<void> check_resource(JsonValue resource);

/// The type that a resource names; refuses an object without or with an unknown resourceType.
[[nodiscard]] Result<TypeId> type_of(JsonValue resource);

}  // namespace holdfast::fhir
