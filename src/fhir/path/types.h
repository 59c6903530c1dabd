// fhir/path/types.h: the types that a value can have: those of FHIRPath (System.Integer), those of
// FHIR (Patient, HumanName, code), and who descends from whom.
//
// https://hl7.org/fhirpath/N1/#models, https://hl7.org/fhir/R4/fhirpath.html#types
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/definitions.h"

namespace holdfast::fhir::path {

enum class SystemType : std::uint8_t {
  boolean,
  integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
};

/// One type, as a number.
struct TypeRef {
  std::uint16_t value = UINT16_MAX;
  auto operator<=>(const TypeRef&) const = default;

  [[nodiscard]] constexpr bool is_known() const { return value != UINT16_MAX; }
  [[nodiscard]] constexpr bool is_structure() const { return value < first_primitive; }
  [[nodiscard]] constexpr bool is_primitive() const {
    return value >= first_primitive && value < first_system;
  }
  [[nodiscard]] constexpr bool is_system() const {
    return value >= first_system && value < first_abstract;
  }
  [[nodiscard]] constexpr StructureId structure() const { return {value}; }
  [[nodiscard]] constexpr ElementKind primitive() const {
    return static_cast<ElementKind>(value - first_primitive);
  }
  [[nodiscard]] constexpr SystemType system() const {
    return static_cast<SystemType>(value - first_system);
  }

  static constexpr std::uint16_t first_primitive = 0x4000;
  static constexpr std::uint16_t first_system = 0x5000;
  static constexpr std::uint16_t first_abstract = 0x6000;
};

constexpr TypeRef unknown_type{};
constexpr TypeRef type_of(StructureId structure) { return {structure.value}; }
constexpr TypeRef type_of(ElementKind primitive) {
  return {
      static_cast<std::uint16_t>(TypeRef::first_primitive + static_cast<std::uint16_t>(primitive))};
}
constexpr TypeRef type_of(SystemType system) {
  return {static_cast<std::uint16_t>(TypeRef::first_system + static_cast<std::uint16_t>(system))};
}
/// Any resource; what a row of kind `resource` holds before it is looked at.
constexpr TypeRef resource_type{TypeRef::first_abstract};
constexpr TypeRef domain_resource_type{TypeRef::first_abstract + 1};
constexpr TypeRef element_type{TypeRef::first_abstract + 2};
constexpr TypeRef backbone_type{TypeRef::first_abstract + 3};
/// What type() gives.
constexpr TypeRef type_info_type{TypeRef::first_abstract + 4};

/// What the row of a definition holds.
[[nodiscard]] TypeRef type_of(const ElementRow& row);
/// "Patient" as resource, data type or primitive of FHIR; also the abstract ones.
[[nodiscard]] std::optional<TypeRef> fhir_type(std::string_view name);

/// A name of a type in an expression may mean one of FHIR, one of System, or either.
struct TypeName {
  TypeRef fhir;
  TypeRef system;
};
/// "FHIR.Patient", "System.String", "Quantity". Nothing where nothing has that name; a name that
/// begins with "System." is known even if there is no such type, and then nothing is of it.
[[nodiscard]] std::optional<TypeName> type_named(std::string_view qualified);

/// Whether a value of the first type is one of the second: the same, or a descendant. Integers are
/// no decimals, and FHIR.boolean is not System.Boolean.
[[nodiscard]] bool is_a(TypeRef type, TypeRef of);
[[nodiscard]] bool is_a(TypeRef type, const TypeName& of);
/// As `as` and ofType() choose: primitives of exactly that type, everything else as is_a().
[[nodiscard]] bool is_chosen(TypeRef type, const TypeName& of);

/// "Patient", "boolean", "Boolean", "BackboneElement".
[[nodiscard]] std::string_view name(TypeRef type);
/// "FHIR" or "System".
[[nodiscard]] std::string_view space(TypeRef type);
/// The type of FHIRPath that a primitive of FHIR is converted to where an operator needs one.
[[nodiscard]] SystemType system_type(ElementKind primitive);
/// Whether values of that type are Quantities of FHIR: Quantity, Age, Duration and their like.
[[nodiscard]] bool is_quantity(TypeRef type);

}  // namespace holdfast::fhir::path
