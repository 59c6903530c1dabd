// fhir/member.h: one member of a resource put in, in the place of another, or taken out.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// The resource with that member, in the place of the one that is there; without it for nothing.
[[nodiscard]] Bytes with_member(JsonValue resource, std::string_view key,
                                const std::optional<Bytes>& value);

}  // namespace holdfast::fhir
