// fhir/definitions.h: the FHIR R4 definitions as constant tables in the binary. They hold numbers
// and offsets only, no pointers, so they need no relocation and cost no start-up time.
//
// tools/definitions/generate.py writes the tables at build time from the package that
// definitions/package.json names. A structure is a resource, a data type or a backbone element; a
// row is one JSON member that it may have (each type of a choice element is a row of its own).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// What the JSON value of an element is. https://hl7.org/fhir/R4/datatypes.html
enum class ElementKind : std::uint8_t {
  boolean,
  integer,
  unsigned_int,
  positive_int,
  decimal,
  string,
  code,
  id,
  markdown,
  uri,
  url,
  canonical,
  oid,
  uuid,
  date,
  date_time,
  instant,
  time,
  base64_binary,
  xhtml,
  complex,   ///< an object of the row's structure
  resource,  ///< an object whose resourceType says its structure
};
[[nodiscard]] constexpr bool is_primitive(ElementKind kind) { return kind < ElementKind::complex; }

/// Index of a structure in the tables.
struct StructureId {
  std::uint16_t value = 0;
  auto operator<=>(const StructureId&) const = default;
};

enum class ParamKind : std::uint8_t {
  number,
  date,
  string,
  token,
  reference,
  composite,
  quantity,
  uri,
  special
};

/// One JSON member that a structure may have.
struct ElementRow {
  std::uint32_t name;  // offset into `names`
  std::uint8_t name_bytes;
  std::uint8_t base_bytes;  // of valueQuantity: 5; otherwise as name_bytes
  ElementKind kind;
  std::uint8_t flags;
  std::uint16_t structure;     // of a complex row
  std::uint16_t targets;       // of a Reference or canonical: index into `target_sets`, 0 is any
  std::uint8_t choice;         // rows of one choice element share a number from 1; 0 is none
  std::uint8_t required;       // bit number within the structure, or not_required
  std::uint16_t structure_of;  // the structure that this row belongs to
};
static_assert(sizeof(ElementRow) == 16);
constexpr std::uint8_t row_repeats = 1;   // max is *
constexpr std::uint8_t row_summary = 2;   // isSummary
constexpr std::uint8_t row_modifier = 4;  // isModifier
constexpr std::uint8_t not_required = 0xff;

struct StructureRow {
  std::uint64_t seed;   // of its perfect hash
  std::uint32_t name;   // offset into `names`: "Patient.contact"
  std::uint32_t slots;  // offset into `row_slots`
  std::uint16_t first;  // its rows, in the order of the definition
  std::uint16_t count;
  std::uint8_t name_bytes;
  std::uint8_t slot_bits;
  std::uint8_t required;  // how many required bits
  std::uint8_t is_resource;
};

/// A SearchParameter as the definitions write it. https://hl7.org/fhir/R4/searchparameter.html
struct SearchParameterRow {
  std::uint32_t code;  // offsets into `names`
  std::uint32_t expression;
  std::uint32_t url;
  std::uint16_t expression_bytes;  // 0: the standard gives none
  std::uint16_t first_base;        // into `search_parameter_bases`: the types it is for
  std::uint16_t first_component;   // into `search_components`
  std::uint16_t targets;           // index into `target_sets`
  std::uint8_t code_bytes;
  std::uint8_t url_bytes;
  std::uint8_t base_count;
  std::uint8_t component_count;  // of a composite
  ParamKind kind;
};
struct SearchComponentRow {
  std::uint32_t expression;
  std::uint16_t expression_bytes;
  std::uint16_t definition;  // its search parameter
};
/// A resource of `type` is in the compartment of those of type `compartment` that the parameter
/// leads to; by `_id` it is in its own. https://hl7.org/fhir/R4/compartmentdefinition.html
struct CompartmentRow {
  std::uint8_t compartment;
  std::uint8_t type;
  std::uint16_t parameter;
};

namespace tables {
extern const char names[];
extern const ElementRow elements[];
extern const std::uint32_t element_count;
extern const StructureRow structures[];
extern const std::uint32_t structure_count;
extern const std::uint8_t row_slots[];  // row + 1 within its structure, 0 is none
extern const std::uint16_t type_structures[type_count];
extern const std::uint16_t target_offsets[];  // of set n: types [n], [n + 1]
extern const std::uint8_t target_types[];
extern const SearchParameterRow search_parameters[];  // in order of their codes
extern const std::uint32_t search_parameter_count;
extern const std::uint8_t search_parameter_bases[];
extern const SearchComponentRow search_components[];
extern const CompartmentRow compartments[];
extern const std::uint32_t compartment_count;
extern const StructureId element_structure;
extern const StructureId reference_structure;
extern const StructureId identifier_structure;
extern const StructureId extension_structure;
extern const StructureId narrative_structure;
extern const StructureId meta_structure;
}  // namespace tables

[[nodiscard]] inline std::string_view pool_text(std::uint32_t offset, std::size_t bytes) {
  return {tables::names + offset, bytes};
}
[[nodiscard]] inline std::string_view name(const ElementRow& row) {
  return pool_text(row.name, row.name_bytes);
}
/// The element's name in FHIRPath: "value" for valueQuantity.
[[nodiscard]] inline std::string_view path_name(const ElementRow& row) {
  return pool_text(row.name, row.base_bytes);
}
[[nodiscard]] inline const StructureRow& structure(StructureId id) {
  return tables::structures[id.value];
}
[[nodiscard]] inline std::string_view name(const StructureRow& row) {
  return pool_text(row.name, row.name_bytes);
}
[[nodiscard]] inline StructureId structure_of(TypeId type) {
  return {tables::type_structures[type.value]};
}
/// Rows of a structure, in the order of the definition.
[[nodiscard]] inline std::span<const ElementRow> rows(const StructureRow& of) {
  return {tables::elements + of.first, of.count};
}
/// Types that a Reference or canonical may point to; empty is any.
[[nodiscard]] inline std::span<const std::uint8_t> target_types(std::uint16_t set) {
  return {tables::target_types + tables::target_offsets[set],
          tables::target_types + tables::target_offsets[set + 1U]};
}

/// Mixes a name for the perfect hash; generate.py does the same.
[[nodiscard]] constexpr std::uint64_t mix_name(std::uint64_t first8, std::uint64_t last8,
                                               std::size_t bytes) {
  return (first8 ^ (last8 << 29U | last8 >> 35U)) + bytes;
}

/// The first and last eight bytes of a name as little-endian numbers; of a shorter one both are all
/// of it, zeros behind.
struct EightBytes {
  std::uint64_t first;
  std::uint64_t last;
};
[[nodiscard]] inline EightBytes eight_bytes(std::string_view text) {
  const char* from = text.data();
  const std::size_t bytes = text.size();
  if (bytes >= 8) {
    return {load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + bytes - 8)};
  }
  std::uint64_t all = 0;
  if (bytes >= 4) {  // two loads that overlap
    all = load_little<std::uint32_t>(from) |
          std::uint64_t{load_little<std::uint32_t>(from + bytes - 4)} << 8U * (bytes - 4);
  } else {
    for (std::size_t i = 0; i < bytes; ++i) {
      all |= std::uint64_t{static_cast<unsigned char>(from[i])} << 8U * i;
    }
  }
  return {all, all};
}

/// The row of that member name; null if the structure has none.
[[nodiscard]] inline const ElementRow* find_row(const StructureRow& in, std::string_view name_) {
  if (name_.empty()) {
    return nullptr;
  }
  const EightBytes ends = eight_bytes(name_);
  const std::uint64_t slot =
      (mix_name(ends.first, ends.last, name_.size()) * in.seed) >> (64U - in.slot_bits);
  const std::uint8_t found = tables::row_slots[in.slots + slot];
  if (found == 0) {
    return nullptr;
  }
  const ElementRow* row = tables::elements + in.first + found - 1;
  return row->name_bytes == name_.size() &&
                 std::memcmp(tables::names + row->name, name_.data(), name_.size()) == 0
             ? row
             : nullptr;
}

[[nodiscard]] inline std::string_view code(const SearchParameterRow& row) {
  return pool_text(row.code, row.code_bytes);
}
[[nodiscard]] inline std::string_view expression(const SearchParameterRow& row) {
  return pool_text(row.expression, row.expression_bytes);
}
[[nodiscard]] inline std::string_view url(const SearchParameterRow& row) {
  return pool_text(row.url, row.url_bytes);
}

}  // namespace holdfast::fhir
