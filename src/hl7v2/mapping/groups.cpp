#include "hl7v2/mapping/groups.h"

namespace holdfast::hl7v2 {
namespace {

using tables::GroupRow;
using tables::SegmentName;

/// Its place among the segments that open the group, from 0.
std::optional<std::uint32_t> opener(const GroupRow& row, SegmentName name) {
  for (std::uint32_t i = 0; i < row.openers; ++i) {
    if (tables::openers[row.first_opener + i] == name) {
      return i;
    }
  }
  return std::nullopt;
}

bool has_segment(const GroupRow& row, SegmentName name) {
  for (std::uint32_t i = 0; i < row.bindings; ++i) {
    if (tables::bindings[row.first_binding + i].segment == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

Groups::Groups(const Message& message, const tables::StructureRow& structure)
    : structure_(structure) {
  const auto count = static_cast<std::uint32_t>(message.segments());
  placed_.reserve(count);
  instances_.push_back({});
  for (std::uint32_t i = 0; i < count; ++i) {
    place(i, tables::segment_name(message.segment(i).name()));
  }
}

void Groups::put(std::uint32_t segment, SegmentName name, std::uint32_t instance, bool expected) {
  placed_.push_back({segment, name, instance, expected, 0});
  const auto number = static_cast<std::uint32_t>(placed_.size());
  GroupInstance& of = instances_[instance];
  (of.first == 0 ? of.first : placed_[of.last - 1].next) = number;
  of.last = number;
  if (expected) {
    current_ = instance;
  }
}

std::uint32_t Groups::open(std::uint16_t group, std::uint32_t parent) {
  instances_.push_back({group, parent, 0, 0});
  return count() - 1;
}

/// A segment that opens a group belongs to the open one if neither it nor a later one that opens
/// the group is there: the OBR behind an ORC.
bool Groups::joins(std::uint32_t instance, SegmentName name) const {
  const GroupRow& group = row(instance);
  const std::optional<std::uint32_t> rank = opener(group, name);
  if (!rank) {
    return false;
  }
  for (std::uint32_t i = at(instance).first; i != 0; i = placed_[i - 1].next) {
    const std::optional<std::uint32_t> other = opener(group, placed_[i - 1].name);
    if (other && *other >= *rank) {
      return false;
    }
  }
  return true;
}

bool Groups::place_in(std::uint32_t instance, std::uint32_t segment, SegmentName name) {
  const std::uint16_t group = instances_[instance].group;
  for (std::uint16_t i = 1; i < structure_.groups; ++i) {
    const GroupRow& inner = tables::groups[structure_.first_group + i];
    if (inner.parent == group && opener(inner, name)) {
      put(segment, name, open(i, instance), true);
      return true;
    }
  }
  const GroupRow& own = row(instance);
  const bool opens = opener(own, name).has_value();
  if (opens ? joins(instance, name) : has_segment(own, name)) {
    put(segment, name, instance, true);
    return true;
  }
  return false;
}

/// A segment whose groups around it were left out: they are there all the same.
bool Groups::place_anywhere(std::uint32_t segment, SegmentName name) {
  for (std::uint16_t i = 1; i < structure_.groups; ++i) {
    const GroupRow& group = tables::groups[structure_.first_group + i];
    if (!opener(group, name)) {
      continue;
    }
    std::vector<std::uint16_t> missing{i};
    std::uint16_t parent = group.parent;
    std::optional<std::uint32_t> there = around(current_, parent);
    while (!there) {
      missing.push_back(parent);
      parent = tables::groups[structure_.first_group + parent].parent;
      there = around(current_, parent);
    }
    std::uint32_t instance = *there;
    while (!missing.empty()) {
      instance = open(missing.back(), instance);
      missing.pop_back();
    }
    put(segment, name, instance, true);
    return true;
  }
  return false;
}

void Groups::place(std::uint32_t segment, SegmentName name) {
  for (std::uint32_t instance = current_;;) {
    if (place_in(instance, segment, name)) {
      return;
    }
    if (instance == 0) {
      break;
    }
    instance = instances_[instance].parent;
  }
  if (!place_anywhere(segment, name)) {
    put(segment, name, current_, false);
  }
}

bool Groups::within(std::uint32_t inner, std::uint32_t outer) const {
  while (inner > outer) {  // what is within something was opened after it
    inner = instances_[inner].parent;
  }
  return inner == outer;
}

std::optional<std::uint32_t> Groups::around(std::uint32_t inner, std::uint16_t group) const {
  for (;;) {
    if (instances_[inner].group == group) {
      return inner;
    }
    if (inner == 0) {
      return std::nullopt;
    }
    inner = instances_[inner].parent;
  }
}

std::optional<std::uint32_t> Groups::find(SegmentName name, std::uint32_t instance,
                                          std::uint32_t segment) const {
  for (;;) {
    std::optional<std::uint32_t> found;
    for (std::uint32_t i = at(instance).first; i != 0; i = placed_[i - 1].next) {
      const Placed& one = placed_[i - 1];
      if (one.name == name && (one.segment <= segment || !found)) {
        found = one.segment;
      }
    }
    if (found) {
      return found;
    }
    if (instance == 0) {
      break;
    }
    instance = instances_[instance].parent;
  }
  for (const Placed& one : placed_) {
    if (one.name == name) {
      return one.segment;
    }
  }
  return std::nullopt;
}

}  // namespace holdfast::hl7v2
