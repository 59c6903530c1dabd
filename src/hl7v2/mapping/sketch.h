// hl7v2/mapping/sketch.h: resources while they are put together. Rules come in the order of the
// message and JSON wants each array in one piece, so elements stand in one flat vector as a tree
// until all has been said. Nothing is copied: names and texts must outlive the sketch. Inside
// src/hl7v2/mapping only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace holdfast::hl7v2 {

struct NodeId {
  std::uint32_t value = 0;
  auto operator<=>(const NodeId&) const = default;
};
constexpr NodeId no_node{0xffff'ffff};
constexpr std::uint32_t no_root = 0xffff'ffff;

/// Which of the instances of an element that repeats. Rules with the same label mean the same one.
struct Instance {
  std::uint32_t label = 0;
  std::uint32_t repetition = 0;
  std::uint32_t segment = 0;
  bool operator==(const Instance&) const = default;
};

enum class NodeKind : std::uint8_t {
  open,   ///< has no value yet; with children it is an object
  text,   ///< a string of JSON
  token,  ///< a number or boolean, as it stands
};

struct Node {
  std::string_view name;
  std::string_view text;
  Instance instance;
  std::uint32_t parent = 0;  ///< of a root: itself
  std::uint32_t first = no_node.value;
  std::uint32_t next = no_node.value;
  std::uint32_t target = no_root;  ///< of a Reference: the root that it means
  NodeId target_node = no_node;    ///< and its node
  NodeKind kind = NodeKind::open;
  std::uint8_t choice = 0;
  bool repeats = false;
};

class Sketch {
 public:
  Sketch() { nodes_.reserve(512); }
  /// A new tree.
  NodeId root();
  [[nodiscard]] const Node& at(NodeId id) const { return nodes_[id.value]; }

  /// The member of that name and instance; no_node if it is not there.
  [[nodiscard]] NodeId find(NodeId parent, std::string_view name, Instance instance = {}) const;
  /// The first member of that name, whichever instance.
  [[nodiscard]] NodeId find_any(NodeId parent, std::string_view name) const;
  /// The same, put in where it is not there, beside others of that name. no_node where the parent
  /// holds a value, or another element of the same choice is there.
  NodeId enter(NodeId parent, std::string_view name, bool repeats, Instance instance = {},
               std::uint8_t choice = 0);

  /// False where another value, or an object, is there already.
  bool set(NodeId id, std::string_view text, NodeKind kind = NodeKind::text);
  void refer(NodeId id, std::uint32_t target, NodeId target_node) {
    nodes_[id.value].target = target;
    nodes_[id.value].target_node = target_node;
  }
  /// Neither value nor members.
  [[nodiscard]] bool is_empty(NodeId id) const;
  /// Takes it out, and those around it that are empty then, up to `end`.
  void drop_empty(NodeId id, NodeId end);
  /// Takes a member out with all in it.
  void drop(NodeId parent, NodeId member);
  /// Members of `from` of whose name `to` has none become members of `to`.
  void adopt(NodeId to, NodeId from);
  /// The same names and texts, in the same order; what is referred to is not looked at.
  [[nodiscard]] bool same(NodeId a, NodeId b) const;

  /// A range over the members: `for (NodeId id = first(of); id != no_node; id = next(id))`.
  [[nodiscard]] NodeId first(NodeId id) const { return {nodes_[id.value].first}; }
  [[nodiscard]] NodeId next(NodeId id) const { return {nodes_[id.value].next}; }
  /// Whether it has something to say: a value, a target, or a member that has; an extension needs
  /// more than its url.
  [[nodiscard]] bool says(NodeId id) const;

 private:
  std::vector<Node> nodes_;
};

}  // namespace holdfast::hl7v2
