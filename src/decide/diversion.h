// decide/diversion.h: where what is meant for a channel goes instead, as its Endpoint says
// (docs/adr/0026).
#pragma once

#include <optional>
#include <string>

#include "fhir/json.h"

namespace holdfast::decide {

/// From one channel to the next; beyond, and in a circle, what is diverted stays where that ends.
inline constexpr int diversions_max = 8;

/// The channel that an Endpoint's extension urn:holdfast:channel-diverted-to names; nothing where
/// it names no Endpoint of a channel, which diverts nothing.
[[nodiscard]] std::optional<std::string> diverted_to(fhir::JsonValue endpoint);

}  // namespace holdfast::decide
