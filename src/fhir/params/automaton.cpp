#include "fhir/params/automaton.h"

#include "base/check.h"

namespace holdfast::fhir {

void AutomatonBuilder::add(TypeId type, std::span<const SelectStep> steps, PathAction action) {
  const auto [root, fresh] = roots_.try_emplace(type, static_cast<std::uint16_t>(nodes_.size()));
  if (fresh) {
    nodes_.emplace_back();
  }
  add_below(root->second, steps, action);
}

void AutomatonBuilder::add_below(std::uint16_t node, std::span<const SelectStep> steps,
                                 PathAction action) {
  if (steps.empty()) {
    nodes_[node].actions.push_back(action);
    ++actions_;
    return;
  }
  check(steps[0].kind == SelectStep::Kind::child, "the automaton knows plain steps only");
  for (const std::uint16_t row : steps[0].rows) {
    const auto [next, fresh] =
        nodes_[node].next.try_emplace(row, static_cast<std::uint16_t>(nodes_.size()));
    const std::uint16_t to = next->second;
    if (fresh) {
      nodes_.emplace_back();
      check(nodes_.size() < no_state, "states have 16 bits");
    }
    add_below(to, steps.subspan(1), action);
  }
}

PathAutomaton AutomatonBuilder::finish() const {
  PathAutomaton automaton;
  for (const auto& [type, root] : roots_) {
    automaton.roots_[type.value] = root;
  }
  for (const Node& node : nodes_) {
    PathAutomaton::State state;
    state.first_action = static_cast<std::uint16_t>(automaton.actions_.size());
    state.action_count = static_cast<std::uint16_t>(node.actions.size());
    automaton.actions_.insert(automaton.actions_.end(), node.actions.begin(), node.actions.end());
    check(automaton.actions_.size() <= UINT16_MAX, "actions have 16 bits");
    state.first_next = static_cast<std::uint32_t>(automaton.next_.size());
    if (!node.next.empty()) {
      // All members of one value are rows of one structure, which lie side by side.
      state.first_row = node.next.begin()->first;
      state.row_count = static_cast<std::uint16_t>(node.next.rbegin()->first - state.first_row + 1);
      automaton.next_.resize(automaton.next_.size() + state.row_count, no_state);
      for (const auto& [row, to] : node.next) {
        automaton.next_[state.first_next + row - state.first_row] = to;
      }
    }
    automaton.states_.push_back(state);
  }
  return automaton;
}

}  // namespace holdfast::fhir
