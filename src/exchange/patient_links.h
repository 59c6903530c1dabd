// exchange/patient_links.h: Patient.link, by which merges and links are kept apart from what they
// join, and can be taken back. https://hl7.org/fhir/R4/patient.html#links
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "exchange/resolve.h"
#include "fhir/json.h"

namespace holdfast::exchange {

/// The patient with a link of that type ("replaced-by", "replaces", "seealso") to `name`, unless it
/// is there.
[[nodiscard]] Bytes with_link(fhir::JsonValue patient, std::string_view name,
                              std::string_view type);
/// Without any link to `name`.
[[nodiscard]] Bytes without_links(fhir::JsonValue patient, std::string_view name);

/// The patient that stands for this one today, followed over `replaced-by`; itself if there is
/// none. Code::mismatch after more than eight.
[[nodiscard]] Result<Stored> survivor_of(const Ground& ground, const std::string& id);

}  // namespace holdfast::exchange
