// exchange/patient_links.h: Patient.link, by which merges and links are kept apart from what they
// join, and can be taken back. https://hl7.org/fhir/R4/patient.html#links
// Encounter and Account have no link: of those the extensions below say the same.
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

/// Of an Encounter or Account that was merged: a Reference to the one that stands for it.
constexpr std::string_view replaced_by_extension = "urn:holdfast:replaced-by";
/// Of the one that stands for it.
constexpr std::string_view replaces_extension = "urn:holdfast:replaces";
/// The resource with that extension, a Reference to `name`, unless it is there.
[[nodiscard]] Bytes with_reference(fhir::JsonValue resource, std::string_view url,
                                   std::string_view name);

/// The Patient, Encounter or Account that stands for this one today, followed over `replaced-by`;
/// itself if there is none. Code::mismatch after more than eight.
[[nodiscard]] Result<Stored> survivor_of(const Ground& ground, fhir::TypeId type,
                                         const std::string& id);

}  // namespace holdfast::exchange
