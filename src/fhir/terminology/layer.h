// fhir/terminology/layer.h: one layer of a Terminology: the built-in tables, or resources read into
// tables of the same shape. Inside this folder only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/terminology/tables.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {

/// The rows behind the Tables of a layer that was read.
struct Rows {
  std::string texts = std::string(1, '\0');
  std::vector<SystemRow> systems;
  std::vector<std::uint32_t> system_slots;
  std::vector<ConceptRow> concepts;
  std::vector<std::uint32_t> concept_slots;
  std::vector<EdgeRow> edges;
  std::vector<PropertyRow> properties;
  std::vector<DesignationRow> designations;
  std::vector<DesignationKindRow> designation_kinds;
  std::vector<TextAt> definitions;  // a concept each
  std::vector<ValueSetRow> value_sets;
  std::vector<std::uint32_t> value_set_slots;
  std::vector<RuleRow> rules;
  std::vector<ListedRow> listed;
  std::vector<FilterRow> filters;
  std::vector<TextAt> imports;
  std::vector<Run> runs;
  std::vector<ConceptMapRow> concept_maps;
  std::vector<MapGroupRow> map_groups;
  std::vector<MapRow> map_rows;
  std::vector<MapProductRow> map_products;
};

/// Members of a value set below this layer, as they are now that this layer counts too.
struct Recomposed {
  ValueSetId set;
  std::uint32_t runs = 0;
  std::uint32_t run_count = 0;
  std::uint32_t sorted_runs = 0;
  std::uint32_t sorted_run_count = 0;
  bool open = false;
};

struct Layer {
  Tables tables;
  std::unique_ptr<const Rows> rows;    // null for the built-in layer
  std::vector<Recomposed> recomposed;  // in order of their sets

  [[nodiscard]] std::string definition(std::uint32_t number) const;
};

[[nodiscard]] Tables tables_of(const Rows& rows);

/// Reads resources into rows. `under` is what they are laid over: codes that they list and that
/// are known there keep their numbers.
class Reading {
 public:
  Reading(const Terminology& under, std::uint32_t layer) : under_(under), layer_(layer) {}

  /// Code systems first, then the others, so that value sets find the codes.
  [[nodiscard]] Result<void> read(std::span<const JsonValue> resources);
  /// The rows; value sets have no runs yet.
  [[nodiscard]] Rows take() { return std::move(rows_); }

 private:
  /// A code that is only listed, of a system that this layer does not hold.
  struct Stray {
    std::uint32_t system;
    std::string code;
    std::string display;
  };

  [[nodiscard]] Result<void> read_kind(std::span<const JsonValue> resources, std::string_view type,
                                       Result<void> (Reading::*read_one)(JsonValue));
  [[nodiscard]] Result<void> read_system(JsonValue resource);
  [[nodiscard]] Result<void> read_concepts(JsonValue list, std::uint32_t first,
                                           std::uint32_t parent);
  [[nodiscard]] Result<void> read_properties(JsonValue raw, std::uint32_t number);
  void read_designations(JsonValue raw, std::uint32_t number);
  void link_parents(const SystemRow& row, std::size_t first_property);
  [[nodiscard]] Result<void> read_set(JsonValue resource);
  [[nodiscard]] Result<void> read_rules(JsonValue compose, std::string_view key,
                                        std::uint8_t flags);
  [[nodiscard]] Result<void> read_rule(JsonValue raw, std::uint8_t flags);
  [[nodiscard]] Result<void> read_filter(JsonValue raw);
  [[nodiscard]] Result<void> read_expansion(JsonValue contains, std::uint32_t first_rule);
  [[nodiscard]] Result<void> read_map(JsonValue resource);
  [[nodiscard]] Result<void> read_group(JsonValue raw);
  [[nodiscard]] Result<void> read_target(JsonValue element, JsonValue target);
  [[nodiscard]] std::uint32_t system_named(std::string_view url);
  [[nodiscard]] std::optional<std::uint32_t> member(std::uint32_t system, std::string_view code,
                                                    std::string_view display);
  void place_strays();
  TextAt intern(std::string_view text);

  const Terminology& under_;
  const std::uint32_t layer_;
  Rows rows_;
  std::unordered_map<std::string, TextAt> known_texts_;
  std::map<std::string, std::uint32_t, std::less<>> systems_;     // by url: index
  std::map<std::string, std::uint32_t, std::less<>> value_sets_;  // by url: index
  std::map<std::array<TextAt, 4>, std::uint32_t> designation_kinds_;
  std::vector<Stray> strays_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> stray_at_;
};

}  // namespace holdfast::fhir::terminology
