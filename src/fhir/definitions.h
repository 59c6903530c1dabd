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
#include <optional>
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

/// Number of a search parameter's code ("subject" is one number, whichever type it is used on),
/// dense, in alphabetical order of the codes.
struct ParamId {
  std::uint16_t value = 0;
  auto operator<=>(const ParamId&) const = default;
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
constexpr std::uint8_t row_steps = 2;     // some search parameter's path goes through it
constexpr std::uint8_t row_summary = 4;   // isSummary
constexpr std::uint8_t row_modifier = 8;  // isModifier
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

/// A point on the way from a resource to what a search parameter selects.
struct PathState {
  std::uint16_t first_step;
  std::uint16_t step_count;
  std::uint16_t first_action;
  std::uint16_t action_count;
};
struct PathStep {
  std::uint16_t row;
  std::uint16_t state;
};
/// What the value that a path ends in counts for.
struct PathAction {
  std::uint16_t param;
  std::uint8_t only;  // TypeId that the reference must resolve to, or any_type
  std::uint8_t flags;
};
constexpr std::uint8_t action_reference = 1;
constexpr std::uint8_t action_identifier = 2;
constexpr std::uint8_t action_patient_compartment = 4;
constexpr std::uint8_t any_type = 0xff;
constexpr std::uint16_t no_state = 0xffff;

/// A search parameter of one resource type.
struct ParamRow {
  std::uint16_t code;  // ParamId
  ParamKind kind;
  std::uint8_t extracted;  // 1 if the paths above cover its whole expression
  std::uint16_t targets;   // index into `target_sets`
};
/// A search parameter, or a part of its expression, that no path covers, and why.
struct UnsupportedRow {
  std::uint8_t type;
  std::uint8_t reason_bytes;
  std::uint16_t code;
  std::uint32_t reason;
  std::uint32_t expression;
  std::uint16_t expression_bytes;
};

namespace tables {
extern const char names[];
extern const ElementRow elements[];
extern const std::uint32_t element_count;
extern const StructureRow structures[];
extern const std::uint32_t structure_count;
extern const std::uint8_t row_slots[];  // row + 1 within its structure, 0 is none
extern const std::uint16_t type_structures[type_count];
extern const std::uint16_t type_states[type_count];
extern const std::uint16_t target_offsets[];  // of set n: types [n], [n + 1]
extern const std::uint8_t target_types[];
extern const PathState states[];
extern const PathStep steps[];
extern const PathAction actions[];
extern const std::uint16_t param_first[type_count + 1];
extern const ParamRow params[];
extern const std::uint32_t param_names[];  // offset << 8 | length
extern const std::uint32_t param_count;    // distinct codes
extern const UnsupportedRow unsupported[];
extern const std::uint32_t unsupported_count;
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

/// Where the path automaton goes from `state` over `row`; no_state if no parameter goes there.
[[nodiscard]] inline std::uint16_t step(std::uint16_t state, const ElementRow& row) {
  if (state == no_state || (row.flags & row_steps) == 0) {
    return no_state;
  }
  const PathState& from = tables::states[state];
  const auto index = static_cast<std::uint16_t>(&row - tables::elements);
  for (std::uint32_t i = from.first_step; i < std::uint32_t{from.first_step} + from.step_count;
       ++i) {
    if (tables::steps[i].row == index) {
      return tables::steps[i].state;
    }
  }
  return no_state;
}
[[nodiscard]] inline std::span<const PathAction> actions(std::uint16_t state) {
  if (state == no_state) {
    return {};
  }
  const PathState& at = tables::states[state];
  return {tables::actions + at.first_action, at.action_count};
}

/// Search parameters of a type, its own and those of all resources, in order of their codes.
[[nodiscard]] inline std::span<const ParamRow> params(TypeId type) {
  return {tables::params + tables::param_first[type.value],
          tables::params + tables::param_first[type.value + 1U]};
}
[[nodiscard]] std::optional<ParamId> param_id(std::string_view code);
[[nodiscard]] std::string_view name(ParamId param);
/// The parameter of that type and code; null if the standard defines none.
[[nodiscard]] const ParamRow* find_param(TypeId type, ParamId param);

}  // namespace holdfast::fhir
