#include "hl7v2/mapping/sketch.h"

namespace holdfast::hl7v2 {

NodeId Sketch::root() {
  const auto id = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back().parent = id;
  return {id};
}

NodeId Sketch::find(NodeId parent, std::string_view name, Instance instance) const {
  for (NodeId id = first(parent); id != no_node; id = next(id)) {
    const Node& node = at(id);
    if (node.instance == instance && node.name == name) {
      return id;
    }
  }
  return no_node;
}

NodeId Sketch::find_any(NodeId parent, std::string_view name) const {
  for (NodeId id = first(parent); id != no_node; id = next(id)) {
    if (at(id).name == name) {
      return id;
    }
  }
  return no_node;
}

NodeId Sketch::enter(NodeId parent, std::string_view name, bool repeats, Instance instance,
                     std::uint8_t choice) {
  if (at(parent).kind != NodeKind::open) {
    return no_node;
  }
  NodeId last = no_node;  // of all
  NodeId same = no_node;  // of that name
  for (NodeId id = first(parent); id != no_node; id = next(id)) {
    const Node& node = at(id);
    if (node.name == name) {
      if (node.instance == instance) {
        return id;
      }
      same = id;
    } else if (choice != 0 && node.choice == choice) {
      return no_node;
    }
    last = id;
  }
  const NodeId made = root();
  Node& node = nodes_[made.value];
  node.name = name;
  node.instance = instance;
  node.parent = parent.value;
  node.choice = choice;
  node.repeats = repeats;
  const NodeId behind = same != no_node ? same : last;
  if (behind == no_node) {
    nodes_[parent.value].first = made.value;
  } else {
    node.next = nodes_[behind.value].next;
    nodes_[behind.value].next = made.value;
  }
  return made;
}

bool Sketch::set(NodeId id, std::string_view text, NodeKind kind) {
  Node& node = nodes_[id.value];
  if (node.kind != NodeKind::open) {
    return node.kind == kind && node.text == text;
  }
  if (node.first != no_node.value || node.target != no_root) {
    return false;
  }
  node.kind = kind;
  node.text = text;
  return true;
}

bool Sketch::is_empty(NodeId id) const {
  const Node& node = at(id);
  return node.kind == NodeKind::open && node.first == no_node.value && node.target == no_root;
}

void Sketch::drop_empty(NodeId id, NodeId end) {
  while (id != end && at(id).parent != id.value && is_empty(id)) {
    const NodeId parent{at(id).parent};
    std::uint32_t* link = &nodes_[parent.value].first;
    while (*link != id.value) {
      link = &nodes_[*link].next;
    }
    *link = at(id).next;
    id = parent;
  }
}

void Sketch::drop(NodeId parent, NodeId member) {
  std::uint32_t* link = &nodes_[parent.value].first;
  while (*link != member.value) {
    link = &nodes_[*link].next;
  }
  *link = at(member).next;
}

void Sketch::adopt(NodeId to, NodeId from) {
  std::uint32_t last = no_node.value;
  for (NodeId id = first(to); id != no_node; id = next(id)) {
    last = id.value;
  }
  const std::uint32_t had = last;  // what is behind it came from `from`
  std::uint32_t* link = &nodes_[from.value].first;
  while (*link != no_node.value) {
    Node& node = nodes_[*link];
    bool there = had != no_node.value;
    for (NodeId id = first(to); there; id = next(id)) {
      if (at(id).name == node.name) {
        break;
      }
      there = id.value != had;
    }
    if (there) {
      link = &node.next;
      continue;
    }
    const std::uint32_t moved = *link;
    *link = node.next;
    node.next = no_node.value;
    node.parent = to.value;
    (last == no_node.value ? nodes_[to.value].first : nodes_[last].next) = moved;
    last = moved;
  }
}

bool Sketch::same(NodeId a, NodeId b) const {
  const Node& left = at(a);
  const Node& right = at(b);
  if (left.name != right.name || left.kind != right.kind || left.text != right.text) {
    return false;
  }
  NodeId of_a = first(a);
  NodeId of_b = first(b);
  for (; of_a != no_node && of_b != no_node; of_a = next(of_a), of_b = next(of_b)) {
    if (!same(of_a, of_b)) {
      return false;
    }
  }
  return of_a == of_b;
}

bool Sketch::says(NodeId id) const {
  const Node& node = at(id);
  if (node.kind != NodeKind::open || (node.target != no_root && says(node.target_node))) {
    return true;
  }
  const bool extension = node.name == "extension";
  for (NodeId member = first(id); member != no_node; member = next(member)) {
    if (!(extension && at(member).name == "url") && says(member)) {
      return true;
    }
  }
  return false;
}

}  // namespace holdfast::hl7v2
