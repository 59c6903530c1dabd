// fhir/terminology/terminology.h: what codes mean and which value sets hold them: the code systems
// and value sets of FHIR R4, and over them those of packages, of the record, or of one request.
//
//   const Terminology base;                                          // built in; costs nothing
//   TRY(Terminology with_uk, Terminology::over(base, resources));    // layers, top counts first
//   TRY(ValueSetId set, with_uk.value_set("http://hl7.org/fhir/ValueSet/administrative-gender"));
//   with_uk.contains(set, {.system = "", .code = "female"}).truth;   // yes
//
// Immutable, and safe from any number of threads. Texts that it gives live as long as it, or any
// Terminology that was laid over it. What cannot be known here (codes of SNOMED CT, LOINC and other
// systems that are not bundled) is `unknown`, never guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/terminology/bindings.h"
#include "fhir/terminology/tables.h"

namespace holdfast::fhir::terminology {

/// A concept: its layer in the upper eight bits, its number in the layer below.
struct ConceptId {
  std::uint32_t value = 0;
  auto operator<=>(const ConceptId&) const = default;
  [[nodiscard]] std::uint32_t layer() const { return value >> 24U; }
  [[nodiscard]] std::uint32_t number() const { return value & 0xffffffU; }
};
/// A value set, a code system or a concept map of one layer.
struct ValueSetId {
  std::uint32_t layer = 0;
  std::uint32_t index = 0;
  auto operator<=>(const ValueSetId&) const = default;
};
struct SystemId {
  std::uint32_t layer = 0;
  std::uint32_t index = 0;
  auto operator<=>(const SystemId&) const = default;
};
struct ConceptMapId {
  std::uint32_t layer = 0;
  std::uint32_t index = 0;
  auto operator<=>(const ConceptMapId&) const = default;
};

/// Layers over each other; the built-in one included.
constexpr std::size_t layers_max = 16;
/// Concepts that one expansion may hold, or one visit show.
constexpr std::size_t members_max = 100'000;
/// Entries of one page of an expansion; it is also what a page holds if nothing is said.
constexpr std::size_t expansion_entries_max = 10'000;
/// Value sets that import each other.
constexpr unsigned import_depth_max = 16;

enum class Truth : std::uint8_t { no, yes, unknown };

/// A code as somebody wrote it. What is empty was not said.
struct Coding {
  std::string_view system;
  std::string_view version;
  std::string_view code;
  std::string_view display;
};

/// Whether abstract concepts (notSelectable: they only group others) count.
enum class Abstract : std::uint8_t { refused, allowed };

/// What became of a question about one code.
struct Verdict {
  Truth truth = Truth::unknown;
  std::optional<ConceptId> found;  ///< the concept, where it is known here
  std::string message;             ///< why not, why unknown, or what is odd though it is right
};

/// One entry of an expansion.
struct Entry {
  ConceptId id;
  std::string_view system;
  std::string_view version;
  std::string_view code;
  std::string_view display;  ///< as the value set says, else as the system does
  bool is_abstract = false;
  bool is_inactive = false;
};
struct ExpansionTerms {
  /// Only codes that begin with it, or whose display has each of its words at the start of a word;
  /// without regard to the case of ASCII letters. Empty: all.
  std::string_view filter;
  std::size_t offset = 0;
  std::optional<std::size_t> count;
  bool active_only = false;
  Abstract abstract_concepts = Abstract::refused;  ///< those that only group, unless listed by code
  std::string_view language;                       ///< displays in it, where there are designations
};
struct Expansion {
  std::size_t total = 0;  ///< entries on all pages
  std::vector<Entry> entries;
  std::vector<SystemId> systems;  ///< those that members come from
};

struct Designation {
  std::string_view language;
  std::string_view use_system;
  std::string_view use_code;
  std::string_view use_display;
  std::string_view value;
};
struct Property {
  std::string_view code;
  std::string_view value;
  PropertyKind kind{};
  std::string_view description;  ///< of the concept that a child or parent is
};
struct Description {
  std::string_view system_name;
  std::string_view version;
  std::string_view display;
  std::string definition;
  std::vector<Property> properties;  ///< with inactive, parent and child, as $lookup names them
  std::vector<Designation> designations;
};

enum class Subsumption : std::uint8_t { equivalent, subsumes, subsumed_by, not_subsumed };
/// "subsumed-by"
[[nodiscard]] std::string_view name(Subsumption subsumption);
/// "wider"
[[nodiscard]] std::string_view name(Equivalence equivalence);
[[nodiscard]] std::string_view name(Content content);
/// "active"
[[nodiscard]] std::string_view name(Status status);

/// One answer of a concept map.
struct Translation {
  struct Product {
    std::string_view element;
    std::string_view system;
    std::string_view code;
    std::string_view display;
  };
  Equivalence equivalence{};
  std::string_view system;
  std::string_view code;  ///< empty for unmatched
  std::string_view display;
  std::string_view comment;
  std::string_view map;  ///< url
  std::vector<Product> products;
};
struct TranslateTerms {
  std::string_view map;            ///< url of a concept map; empty: all that fit
  std::string_view source;         ///< value set
  std::string_view target;         ///< value set
  std::string_view target_system;  ///< code system
  bool reverse = false;
  std::optional<ConceptMapId> only = std::nullopt;  ///< this one, instead of `map`
};

/// Gets each code in turn.
using Visit = std::function<void(std::string_view system, std::string_view code)>;

struct Layer;

class Terminology {
 public:
  /// What is built in.
  Terminology();

  /// `resources` (CodeSystem, ValueSet, ConceptMap; others are passed over) over `under`. They
  /// count before what lies under them, also where value sets there import or include them.
  /// Supplements are passed over. Code::structure, value or required for one that cannot be read;
  /// Code::too_large for more than layers_max layers or concepts_max concepts.
  [[nodiscard]] static Result<Terminology> over(const Terminology& under,
                                                std::span<const JsonValue> resources);

  // ---- finding ----
  /// By canonical: "url" or "url|version". Code::not_found names it, and says what could be done.
  [[nodiscard]] Result<ValueSetId> value_set(std::string_view canonical) const;
  /// The system, also where only codes of it are known (content listed); nothing otherwise.
  [[nodiscard]] std::optional<SystemId> system(std::string_view url) const;
  [[nodiscard]] Result<ConceptMapId> concept_map(std::string_view canonical) const;
  /// A built-in one, as it counts now.
  [[nodiscard]] ValueSetId value_set(SetNumber number) const;
  /// The concept of a code, where it is known here.
  [[nodiscard]] std::optional<ConceptId> find(std::string_view system, std::string_view code) const;

  [[nodiscard]] const SystemRow& row(SystemId id) const;
  [[nodiscard]] const ValueSetRow& row(ValueSetId id) const;
  [[nodiscard]] const ConceptRow& row(ConceptId id) const;
  [[nodiscard]] const ConceptMapRow& row(ConceptMapId id) const;
  [[nodiscard]] std::string_view text(std::uint32_t layer, TextAt at) const;
  [[nodiscard]] std::string_view url(ValueSetId id) const { return text(id.layer, row(id).url); }
  [[nodiscard]] std::string_view url(SystemId id) const { return text(id.layer, row(id).url); }
  [[nodiscard]] std::string_view code(ConceptId id) const { return text(id.layer(), row(id).code); }
  [[nodiscard]] std::string_view display(ConceptId id) const;
  [[nodiscard]] SystemId system_of(ConceptId id) const;
  [[nodiscard]] std::size_t layer_count() const { return layers_.size(); }
  [[nodiscard]] const Tables& tables(std::uint32_t layer) const;

  // ---- value sets ----
  /// Whether the set holds the code. Without a system, any system's code of that text counts.
  [[nodiscard]] Verdict contains(ValueSetId set, const Coding& coding,
                                 Abstract abstract_concepts = Abstract::allowed) const;
  /// Only the truth of it: no message, nothing allocated. What bindings and search ask.
  [[nodiscard]] Truth holds(ValueSetId set, std::string_view system, std::string_view code) const;
  /// Members in the order of the set, a page of them. Code::too_costly where the set holds codes
  /// that cannot be enumerated here, naming the system, or where no count was asked for and there
  /// are more than expansion_entries_max; Code::not_found for a set that it imports.
  [[nodiscard]] Result<Expansion> expand(ValueSetId set, const ExpansionTerms& terms) const;
  /// All members, abstract ones included: for `:in`. Fails as expand() does.
  [[nodiscard]] Result<void> visit_members(ValueSetId set, const Visit& visit) const;

  // ---- code systems ----
  /// Whether the system has the code.
  [[nodiscard]] Verdict has(const Coding& coding,
                            Abstract abstract_concepts = Abstract::allowed) const;
  /// Code::not_found for a code that is none; Code::unsupported for a system that is not bundled.
  [[nodiscard]] Result<ConceptId> concept_of(std::string_view system, std::string_view code) const;
  [[nodiscard]] Description describe(ConceptId id) const;
  [[nodiscard]] std::vector<Designation> designations(ConceptId id) const;
  /// Fails as concept_of() does.
  [[nodiscard]] Result<Subsumption> subsumes(std::string_view system, std::string_view a,
                                             std::string_view b) const;
  /// The code itself and all that it subsumes (`:below`), or all that subsume it (`:above`).
  [[nodiscard]] Result<void> visit_below(std::string_view system, std::string_view code,
                                         const Visit& visit) const;
  [[nodiscard]] Result<void> visit_above(std::string_view system, std::string_view code,
                                         const Visit& visit) const;
  /// Whether `ancestor` is `id` or above it. Both of one system and layer.
  [[nodiscard]] bool is_below(ConceptId id, ConceptId ancestor) const;
  /// One step up or down.
  [[nodiscard]] std::vector<ConceptId> parents(ConceptId id) const;
  [[nodiscard]] std::vector<ConceptId> children(ConceptId id) const;

  // ---- concept maps ----
  /// Best first, as the map has them. Code::not_found for a map that is not here.
  [[nodiscard]] Result<std::vector<Translation>> translate(const Coding& coding,
                                                           const TranslateTerms& terms) const;

 private:
  friend class Composer;
  friend class Question;
  explicit Terminology(std::vector<std::shared_ptr<const Layer>> layers);

  struct Members {
    std::span<const Run> ordered;
    std::span<const Run> sorted;
    bool open = false;
  };
  [[nodiscard]] Members members(ValueSetId set) const;

  std::vector<std::shared_ptr<const Layer>> layers_;  // bottom first
};

}  // namespace holdfast::fhir::terminology
