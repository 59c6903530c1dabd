#include "fhir/path/types.h"

#include <algorithm>
#include <array>

#include "fhir/primitive.h"

namespace holdfast::fhir::path {
namespace {

constexpr std::array<std::string_view, 8> system_names{
    "Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity"};
constexpr std::array<std::string_view, 5> abstract_names{"Resource", "DomainResource", "Element",
                                                         "BackboneElement", "TypeInfo"};
/// Data types that are Quantities with rules of their own.
constexpr std::array<std::string_view, 6> quantity_names{
    "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"};

bool has_row(TypeRef type, std::string_view row) {
  return find_row(structure(type.structure()), row) != nullptr;
}

bool is_resource(TypeRef type) {
  return type.is_structure() && structure(type.structure()).is_resource != 0;
}

/// An element within a resource or data type, which has no name of its own.
bool is_inner(TypeRef type) {
  return name(structure(type.structure())).find('.') != std::string_view::npos;
}

std::optional<ElementKind> primitive_named(std::string_view text) {
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(ElementKind::complex); ++i) {
    if (name(static_cast<ElementKind>(i)) == text) {
      return static_cast<ElementKind>(i);
    }
  }
  return std::nullopt;
}

bool primitive_is_a(ElementKind kind, ElementKind of) {
  if (kind == of) {
    return true;
  }
  switch (kind) {
    case ElementKind::code:
    case ElementKind::id:
    case ElementKind::markdown: return of == ElementKind::string;
    case ElementKind::unsigned_int:
    case ElementKind::positive_int: return of == ElementKind::integer;
    case ElementKind::url:
    case ElementKind::canonical:
    case ElementKind::oid:
    case ElementKind::uuid: return of == ElementKind::uri;
    default: return false;
  }
}

}  // namespace

TypeRef type_of(const ElementRow& row) {
  switch (row.kind) {
    case ElementKind::complex: return type_of(StructureId{row.structure});
    case ElementKind::resource: return resource_type;
    default: return type_of(row.kind);
  }
}

std::optional<TypeRef> fhir_type(std::string_view text) {
  if (const auto primitive = primitive_named(text)) {
    return type_of(*primitive);
  }
  for (std::uint16_t i = 0; i < 4; ++i) {
    if (abstract_names[i] == text) {
      return TypeRef{static_cast<std::uint16_t>(TypeRef::first_abstract + i)};
    }
  }
  if (const auto resource = type_id(text)) {
    return type_of(structure_of(*resource));
  }
  for (std::uint32_t i = 0; i < tables::structure_count; ++i) {
    const StructureId id{static_cast<std::uint16_t>(i)};
    if (name(structure(id)) == text && text.find('.') == std::string_view::npos) {
      return type_of(id);
    }
  }
  return std::nullopt;
}

std::optional<TypeName> type_named(std::string_view qualified) {
  constexpr std::string_view fhir = "FHIR.";
  constexpr std::string_view system = "System.";
  const bool only_fhir = qualified.starts_with(fhir);
  const bool only_system = qualified.starts_with(system);
  const std::string_view text = qualified.substr(only_fhir     ? fhir.size()
                                                 : only_system ? system.size()
                                                               : 0);
  TypeName found;
  if (!only_system) {
    found.fhir = fhir_type(text).value_or(unknown_type);
  }
  if (const auto* at = std::ranges::find(system_names, text);
      !only_fhir && at != system_names.end()) {
    found.system = type_of(static_cast<SystemType>(at - system_names.begin()));
  }
  if (!found.fhir.is_known() && !found.system.is_known() && !only_system) {
    return std::nullopt;
  }
  return found;
}

bool is_a(TypeRef type, TypeRef of) {
  if (!type.is_known() || !of.is_known()) {
    return false;
  }
  if (type == of) {
    return true;
  }
  if (type.is_system() || of.is_system() || type == type_info_type) {
    return false;
  }
  if (type.is_primitive()) {
    return of == element_type ||
           (of.is_primitive() && primitive_is_a(type.primitive(), of.primitive()));
  }
  if (type == domain_resource_type || type == resource_type) {
    return of == resource_type;
  }
  if (!type.is_structure()) {
    return of == element_type;
  }
  if (is_resource(type)) {
    return of == resource_type || (of == domain_resource_type && has_row(type, "contained"));
  }
  if (of == element_type) {
    return true;
  }
  if (of == backbone_type) {
    return has_row(type, "modifierExtension");
  }
  return of.is_structure() && is_quantity(type) && name(of) == "Quantity";
}

bool is_a(TypeRef type, const TypeName& of) { return is_a(type, of.fhir) || is_a(type, of.system); }

bool is_chosen(TypeRef type, const TypeName& of) {
  return type.is_primitive() ? type == of.fhir : is_a(type, of);
}

std::string_view name(TypeRef type) {
  if (type.is_structure()) {
    if (is_inner(type)) {
      return has_row(type, "modifierExtension") ? "BackboneElement" : "Element";
    }
    return name(structure(type.structure()));
  }
  if (type.is_primitive()) {
    return name(type.primitive());
  }
  if (type.is_system()) {
    return system_names[static_cast<std::size_t>(type.system())];
  }
  return type.is_known() ? abstract_names[type.value - TypeRef::first_abstract] : "unknown";
}

std::string_view space(TypeRef type) {
  return type.is_system() || type == type_info_type ? "System" : "FHIR";
}

SystemType system_type(ElementKind primitive) {
  switch (primitive) {
    case ElementKind::boolean: return SystemType::boolean;
    case ElementKind::integer:
    case ElementKind::unsigned_int:
    case ElementKind::positive_int: return SystemType::integer;
    case ElementKind::decimal: return SystemType::decimal;
    case ElementKind::date: return SystemType::date;
    case ElementKind::date_time:
    case ElementKind::instant: return SystemType::date_time;
    case ElementKind::time: return SystemType::time;
    default: return SystemType::string;
  }
}

bool is_quantity(TypeRef type) {
  if (!type.is_structure()) {
    return false;
  }
  const std::string_view text = name(type);
  return text == "Quantity" || std::ranges::find(quantity_names, text) != quantity_names.end();
}

}  // namespace holdfast::fhir::path
