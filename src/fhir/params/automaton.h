// fhir/params/automaton.h: the paths of all indexes as one automaton. Inside this folder only.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "fhir/search_params.h"

namespace holdfast::fhir {

/// A tree of element rows for each type; finish() lays it flat.
class AutomatonBuilder {
 public:
  /// From the type's root over `steps`, all of Kind::child, to an action.
  void add(TypeId type, std::span<const SelectStep> steps, PathAction action);
  /// Whether the paths of one more index surely fit: states and actions have 16 bits.
  [[nodiscard]] bool has_room() const {
    return nodes_.size() < nodes_full && actions_ < nodes_full;
  }
  [[nodiscard]] PathAutomaton finish() const;

 private:
  struct Node {
    std::map<std::uint16_t, std::uint16_t> next;  // row -> node
    std::vector<PathAction> actions;
  };
  static constexpr std::size_t nodes_full = 50'000;
  void add_below(std::uint16_t node, std::span<const SelectStep> steps, PathAction action);

  std::vector<Node> nodes_;
  std::map<TypeId, std::uint16_t> roots_;
  std::size_t actions_ = 0;
};

}  // namespace holdfast::fhir
