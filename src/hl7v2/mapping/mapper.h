// hl7v2/mapping/mapper.h: applies the tables to one message: segment by segment, rule by rule, into
// a Sketch. What it leaves are roots: the resources that the message speaks of. Inside
// src/hl7v2/mapping only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hl7v2/mapping/draft.h"
#include "hl7v2/mapping/groups.h"
#include "hl7v2/mapping/reading.h"
#include "hl7v2/mapping/sketch.h"
#include "hl7v2/mapping/tables.h"

namespace holdfast::hl7v2 {

/// A resource that is being put together.
struct Root {
  std::uint8_t type = 0;
  NodeId node{};
  std::uint16_t resource =
      tables::none;  ///< its row; none: it stands behind a Reference of `owner`
  std::uint32_t owner = no_root;
  std::uint32_t instance = 0;  ///< its group
  std::uint32_t segment = 0;   ///< the first one that spoke of it
  DraftMode mode = DraftMode::create_if_absent;
  std::vector<std::string_view> said;
  std::vector<std::string_view> removed;
};

class Mapper {
 public:
  Mapper(const Message& message, const MapInput& input, const tables::StructureRow& structure)
      : reading_(message, input), groups_(message, structure), structure_(structure) {}

  /// All segments.
  void run();

  [[nodiscard]] Reading& reading() { return reading_; }
  [[nodiscard]] const Reading& reading() const { return reading_; }
  [[nodiscard]] Sketch& sketch() { return sketch_; }
  [[nodiscard]] const Groups& groups() const { return groups_; }
  [[nodiscard]] std::vector<Root>& roots() { return roots_; }
  [[nodiscard]] const tables::StructureRow& structure() const { return structure_; }

  /// Where a rule or condition stands.
  struct Scope {
    std::uint32_t instance = 0;
    std::uint32_t segment = 0;
    tables::SegmentName name = 0;
    Value value;  ///< the repetition at hand; of a type map, its own value
  };
  [[nodiscard]] bool holds(std::uint16_t condition, const Scope& scope);
  /// What a path leads to from there: a field of a segment that it finds, the first repetition.
  [[nodiscard]] Value follow(const tables::PathRow& path, const Scope& scope);
  /// The text at a path of a key: unescaped, trimmed.
  [[nodiscard]] std::string_view text_at(const tables::PathRow& path, const Scope& scope);

  // For finish.cpp.
  /// The node at the end of these steps, put in where it is not there. no_node where it cannot be.
  /// `root` is the resource that `from` is in; then the one that the node is in.
  NodeId enter(NodeId from, const tables::StepRow* steps, std::size_t count,
               std::uint32_t repetition, std::uint32_t segment, std::uint32_t& root);

 private:
  struct RuleScope {
    Scope scope;
    NodeId from;             ///< where the rule's path begins
    NodeId from_parent;      ///< around it; no_node at a root
    std::uint32_t root = 0;  ///< the resource it belongs to
    std::uint32_t repetition = 0;
    std::uint16_t codes = tables::none;  ///< of the rule that called this type map
    bool at_root = false;                ///< `from` is a resource's own root that may be merged
  };
  [[nodiscard]] std::optional<std::uint32_t> root_for(const tables::BindingRow& binding,
                                                      const Placed& placed);
  void apply_segment(const Placed& placed);
  void apply_rules(std::uint32_t first, std::uint32_t count, const RuleScope& at);
  void apply_field(const tables::RuleRow& rule, const RuleScope& at);
  bool apply_value(const tables::RuleRow& rule, const RuleScope& at, const Value& value);
  bool put(const tables::RuleRow& rule, const RuleScope& at, const Value& value);
  bool apply_type(const tables::RuleRow& rule, const RuleScope& at, const Value& value);
  void apply_rest(const Placed& placed);
  void say(const tables::RuleRow& rule, const RuleScope& at, bool removed);
  [[nodiscard]] bool test(const tables::OpRow& op, const Scope& scope);

  Reading reading_;
  Sketch sketch_;
  Groups groups_;
  const tables::StructureRow& structure_;
  std::vector<Root> roots_;
};

/// The row of that segment; null if no table describes it.
[[nodiscard]] const tables::SegmentRow* segment_row(tables::SegmentName name);

}  // namespace holdfast::hl7v2
