// fhir/type.h: the concrete resource types of FHIR R4 as dense small numbers, in alphabetical
// order. The numbers belong to one epoch of definitions: nothing durable holds one without it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::fhir {

/// Number of a concrete resource type: 0 is Account, type_count - 1 is VisionPrescription.
struct TypeId {
  std::uint8_t value = 0;
  auto operator<=>(const TypeId&) const = default;
};

/// R4 names 148 resource types; two of them, Resource and DomainResource, are abstract and cannot
/// be instantiated. https://hl7.org/fhir/R4/valueset-resource-types.html
constexpr std::size_t type_count = 146;

/// The type of that name, exactly as the standard spells it; nothing for any other.
[[nodiscard]] std::optional<TypeId> type_id(std::string_view name);

/// "Patient". The number must be below type_count.
[[nodiscard]] std::string_view name(TypeId type);

}  // namespace holdfast::fhir
