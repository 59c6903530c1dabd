// fhir/terminology/tables.h: code systems, value sets and concept maps as rows of numbers and
// offsets, without pointers: those of FHIR R4 lie in the binary, need no relocation and no start-up
// time, and are not in memory until somebody looks; those of packages are laid out in the same way
// when they are read (layer.h).
//
// tools/definitions/terminology.py writes the built-in tables at build time. Every code that is
// known has a number; those of one system follow each other, parents before what is nested in them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::fhir::terminology {

/// Offset of a text in `texts`: its length as LEB128, then its bytes. 0 is the empty text.
using TextAt = std::uint32_t;

/// https://hl7.org/fhir/R4/valueset-codesystem-content-mode.html. `listed`: the system is not here
/// (not-present), only the codes of it that value sets list.
enum class Content : std::uint8_t { complete, fragment, example, listed };
/// CodeSystem.caseSensitive. Where it is unsaid, "accept codes in any case" (R4, codesystem.html).
enum class CaseRule : std::uint8_t { unsaid, sensitive, insensitive };
/// CodeSystem.hierarchyMeaning. Where it is unsaid, nesting is taken as is-a.
enum class Hierarchy : std::uint8_t { unsaid, is_a, grouped_by, part_of, classified_with };

struct SystemRow {
  TextAt url;
  TextAt version;
  TextAt name;
  std::uint32_t first;  ///< its concepts
  std::uint32_t count;
  std::uint32_t slots;  ///< offset into `concept_slots`
  Content content;
  CaseRule case_rule;
  Hierarchy hierarchy;
  std::uint8_t slot_bits;
};

struct ConceptRow {
  TextAt code;
  TextAt display;
  std::uint32_t parent : 24;  ///< 1 + its place in the system; 0 is a root
  std::uint32_t flags : 8;
  std::uint32_t subtree;  ///< how many concepts are nested in it; they follow
};
static_assert(sizeof(ConceptRow) == 16);
constexpr std::uint8_t concept_abstract = 1;  ///< notSelectable
constexpr std::uint8_t concept_inactive = 2;  ///< status retired or inactive
constexpr std::uint8_t concept_properties = 4;
constexpr std::uint8_t concept_designations = 8;
constexpr std::uint8_t concept_edges = 16;  ///< it is named in `edges`
constexpr std::uint32_t concepts_max = (1U << 24U) - 1;

/// A parent beside the one that a concept is nested in. In order of the child.
struct EdgeRow {
  std::uint32_t child;   ///< number of the concept
  std::uint32_t parent;  ///< number of the concept
};

enum class PropertyKind : std::uint8_t { code, string, boolean, integer, date_time, decimal };
struct PropertyRow {
  std::uint32_t owner;  ///< number of the concept
  TextAt code;
  TextAt value;
  PropertyKind kind;
};
struct DesignationKindRow {
  TextAt language;
  TextAt use_system;
  TextAt use_code;
  TextAt use_display;
};
struct DesignationRow {
  std::uint32_t owner;  ///< number of the concept
  TextAt value;
  std::uint32_t kind;  ///< in `designation_kinds`
};

/// Concepts whose numbers follow each other.
struct Run {
  std::uint32_t first;
  std::uint32_t count;
};

/// https://hl7.org/fhir/R4/valueset-publication-status.html
enum class Status : std::uint8_t { draft, active, retired, unknown };

constexpr std::uint8_t set_open = 1;         ///< it holds codes that cannot be enumerated here
constexpr std::uint8_t set_active_only = 2;  ///< compose.inactive is false
struct ValueSetRow {
  TextAt url;
  TextAt version;
  TextAt name;
  TextAt title;
  std::uint32_t first_rule;
  std::uint32_t runs;  ///< members in the order of the compose: offset into `runs`
  std::uint32_t run_count;
  std::uint32_t sorted_runs;  ///< the same members in order of their numbers
  std::uint32_t sorted_run_count;
  std::uint16_t rule_count;
  std::uint8_t flags;
  Status status;
};

/// ValueSet.compose.include or .exclude.
constexpr std::uint8_t rule_exclude = 1;
constexpr std::uint8_t rule_listed = 2;  ///< it lists its codes, be there none
struct RuleRow {
  std::uint32_t system;  ///< 1 + index in `systems`; 0 is none
  TextAt version;
  std::uint32_t listed;  ///< offset into `listed`
  std::uint32_t listed_count;
  std::uint32_t filters;  ///< offset into `filters`
  std::uint32_t imports;  ///< offset into `imports`
  std::uint16_t filter_count;
  std::uint16_t import_count;
  std::uint8_t flags;
};
struct ListedRow {
  std::uint32_t member;  ///< number of the concept
  TextAt display;        ///< 0: that of the concept
};
/// https://hl7.org/fhir/R4/valueset-filter-operator.html
enum class Operator : std::uint8_t {
  equals,
  is_a,
  descendent_of,
  is_not_a,
  regex,
  in,
  not_in,
  generalizes,
  exists
};
struct FilterRow {
  TextAt property;
  TextAt value;
  Operator op;
};

/// https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html
enum class Equivalence : std::uint8_t {
  relatedto,
  equivalent,
  equal,
  wider,
  subsumes,
  narrower,
  specializes,
  inexact,
  unmatched,
  disjoint
};
/// ConceptMap.group.unmapped.mode
enum class Unmapped : std::uint8_t { none, provided, fixed, other_map };
struct ConceptMapRow {
  TextAt url;
  TextAt version;
  TextAt source;
  TextAt target;
  std::uint32_t first_group;
  std::uint32_t group_count;
};
struct MapGroupRow {
  TextAt source;        ///< system
  TextAt target;        ///< system
  std::uint32_t first;  ///< in `map_rows`, in order of the codes
  std::uint32_t count;
  TextAt unmapped_code;
  TextAt unmapped_display;
  TextAt unmapped_url;
  Unmapped unmapped;
};
struct MapRow {
  TextAt code;
  TextAt display;
  TextAt target_code;
  TextAt target_display;
  TextAt comment;
  Equivalence equivalence;
  std::uint8_t depends;  ///< 1: it counts only beside other values (dependsOn)
};
struct MapProductRow {
  std::uint32_t row;  ///< in `map_rows`
  TextAt element;
  TextAt system;
  TextAt code;
  TextAt display;
};

/// https://hl7.org/fhir/R4/valueset-binding-strength.html
enum class Strength : std::uint8_t { required, extensible, preferred, example };
constexpr std::uint16_t no_value_set = 0xffff;
/// What an ElementRow of the same index is bound to.
struct BindingRow {
  std::uint16_t value_set;  ///< index in `value_sets`; behind them in `sets_elsewhere`
  std::uint16_t widest;     ///< the same for elementdefinition-maxValueSet
  Strength strength;
};

/// Concepts in one block of packed definitions: each its length in two bytes, then the text.
constexpr std::uint32_t definitions_per_block = 512;

namespace tables {
extern const std::uint64_t texts[];  // bytes, eight in a word, little-endian
extern const SystemRow systems[];    // in order of their urls
extern const std::uint32_t system_count;
extern const std::uint8_t system_slot_bits;
extern const std::uint32_t system_slots[];
extern const ConceptRow concepts[];
extern const std::uint32_t concept_count;
extern const std::uint32_t concept_slots[];  // of each system: 1 + place in the system; 0 is none
extern const EdgeRow edges[];
extern const std::uint32_t edge_count;
extern const PropertyRow properties[];
extern const std::uint32_t property_count;
extern const DesignationRow designations[];
extern const std::uint32_t designation_count;
extern const DesignationKindRow designation_kinds[];
extern const std::uint64_t packed_definitions[];  // zlib streams, eight bytes in a word
extern const std::uint32_t definition_blocks[];   // where each begins, and where the last ends
extern const std::uint32_t definition_block_bytes[];
extern const ValueSetRow value_sets[];  // in order of their urls
extern const std::uint32_t value_set_count;
extern const std::uint8_t value_set_slot_bits;
extern const std::uint32_t value_set_slots[];
extern const RuleRow rules[];
extern const ListedRow listed[];
extern const FilterRow filters[];
extern const TextAt imports[];
extern const Run runs[];
extern const ConceptMapRow concept_maps[];
extern const std::uint32_t concept_map_count;
extern const MapGroupRow map_groups[];
extern const MapRow map_rows[];
extern const MapProductRow map_products[];
extern const std::uint32_t map_product_count;
extern const TextAt sets_elsewhere[];  // urls that elements are bound to and the package lacks
extern const std::uint32_t sets_elsewhere_count;
extern const BindingRow bindings[];
extern const std::uint32_t binding_count;
}  // namespace tables

/// The tables of one layer, wherever they lie.
struct Tables {
  const char* texts;
  std::span<const SystemRow> systems;
  std::span<const std::uint32_t> system_slots;
  std::span<const ConceptRow> concepts;
  const std::uint32_t* concept_slots;
  std::span<const EdgeRow> edges;
  std::span<const PropertyRow> properties;
  std::span<const DesignationRow> designations;
  const DesignationKindRow* designation_kinds;
  std::span<const ValueSetRow> value_sets;
  std::span<const std::uint32_t> value_set_slots;
  const RuleRow* rules;
  const ListedRow* listed;
  const FilterRow* filters;
  const TextAt* imports;
  const Run* runs;
  std::span<const ConceptMapRow> concept_maps;
  const MapGroupRow* map_groups;
  const MapRow* map_rows;
  std::span<const MapProductRow> map_products;
};

/// Those of FHIR R4.
[[nodiscard]] Tables built_in();

[[nodiscard]] inline std::string_view text_at(const char* texts, TextAt at) {
  const char* from = texts + at;
  std::size_t bytes = static_cast<unsigned char>(*from) & 0x7fU;
  for (unsigned shift = 7; (static_cast<unsigned char>(*from) & 0x80U) != 0; shift += 7) {
    ++from;
    bytes |= (static_cast<unsigned char>(*from) & std::size_t{0x7f}) << shift;
  }
  return {from + 1, bytes};
}

/// What a text is hashed to; the same for every case of ASCII letters. terminology.py does the
/// same. `bits` is 1 to 32.
[[nodiscard]] std::size_t slot_of(std::string_view text, unsigned bits);
/// Equal but for the case of ASCII letters.
[[nodiscard]] bool same_folded(std::string_view a, std::string_view b);

/// Index of the system or value set of that url; -1 if there is none.
[[nodiscard]] std::int64_t find_system(const Tables& in, std::string_view url);
[[nodiscard]] std::int64_t find_value_set(const Tables& in, std::string_view url);
/// Number of the concept of exactly that code, else, where the system allows it, of one that
/// differs in case only; -1 if there is none.
[[nodiscard]] std::int64_t find_concept(const Tables& in, const SystemRow& system,
                                        std::string_view code);
/// Whether a number is among sorted runs.
[[nodiscard]] bool holds(std::span<const Run> sorted, std::uint32_t number);

/// The definition of a built-in concept, unpacked. Empty if it has none.
[[nodiscard]] std::string built_in_definition(std::uint32_t number);

}  // namespace holdfast::fhir::terminology
