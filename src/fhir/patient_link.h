// fhir/patient_link.h: the link from a Patient to the one who stands for them since a merge.
// https://hl7.org/fhir/R4/patient-definitions.html#Patient.link
#pragma once

#include <optional>
#include <string>

#include "fhir/json.h"

namespace holdfast::fhir {

/// The Reference of the link `replaced-by`; nothing where there is none.
[[nodiscard]] std::optional<JsonValue> replaced_by(JsonValue patient);
/// The id of the Patient that it refers to; empty where it refers to none.
[[nodiscard]] std::string replacing_id(JsonValue patient);

}  // namespace holdfast::fhir
