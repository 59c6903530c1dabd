#include "hl7v2/mapping/mapper.h"

#include <algorithm>

#include "hl7v2/mapping/convert.h"

namespace holdfast::hl7v2 {

using tables::RuleKind;
using tables::RuleRow;

const tables::SegmentRow* segment_row(tables::SegmentName name) {
  const auto* begin = tables::segments;
  const auto* end = begin + tables::segments_count;
  const auto* found =
      std::find_if(begin, end, [&](const tables::SegmentRow& row) { return row.name == name; });
  return found == end ? nullptr : found;
}

void Mapper::run() {
  for (const Placed& placed : groups_.placed()) {
    if (placed.expected) {
      apply_segment(placed);
    }
  }
  for (const Placed& placed : groups_.placed()) {
    if (placed.expected) {
      apply_rest(placed);
    }
  }
}

std::optional<std::uint32_t> Mapper::root_for(const tables::BindingRow& binding,
                                              const Placed& placed) {
  const tables::ResourceRow& row = tables::resources[structure_.first_resource + binding.resource];
  const std::optional<std::uint32_t> instance = groups_.around(placed.instance, row.group);
  if (!instance) {
    return std::nullopt;
  }
  for (std::size_t i = roots_.size(); i-- > 0;) {
    if (roots_[i].resource == binding.resource && roots_[i].instance == *instance) {
      return static_cast<std::uint32_t>(i);
    }
  }
  const Scope scope{placed.instance, placed.segment, placed.name, {}};
  if (!holds(row.condition, scope)) {
    return std::nullopt;
  }
  Root root;
  root.type = row.type;
  root.node = sketch_.root();
  root.resource = binding.resource;
  root.instance = *instance;
  root.segment = placed.segment;
  root.mode = row.mode;
  roots_.push_back(std::move(root));
  return static_cast<std::uint32_t>(roots_.size() - 1);
}

void Mapper::apply_segment(const Placed& placed) {
  const tables::GroupRow& group = groups_.row(placed.instance);
  for (std::uint32_t i = 0; i < group.bindings; ++i) {
    const tables::BindingRow& binding = tables::bindings[group.first_binding + i];
    const Scope scope{placed.instance, placed.segment, placed.name, {}};
    if (binding.segment != placed.name || binding.map == tables::none ||
        !holds(binding.condition, scope)) {
      continue;
    }
    const std::optional<std::uint32_t> root = root_for(binding, placed);
    if (!root) {
      continue;
    }
    RuleScope at;
    at.scope = scope;
    at.from = roots_[*root].node;
    at.from_parent = no_node;
    at.root = *root;
    at.at_root = true;
    const tables::MapRow& map = tables::maps[binding.map];
    apply_rules(map.first_rule, map.rules, at);
  }
}

void Mapper::apply_rules(std::uint32_t first, std::uint32_t count, const RuleScope& at) {
  const bool defaults = !reading_.overlay().defaults.empty();
  const std::size_t fields = reading_.message().segment(at.scope.segment).fields();
  for (std::uint32_t i = first; i < first + count; ++i) {
    const RuleRow& rule = tables::rules[i];
    if (rule.once || defaults || rule.path.segment != 0 || rule.path.field <= fields) {
      apply_field(rule, at);
    }
  }
}

/// A rule of a segment's table: once for each repetition of its field.
void Mapper::apply_field(const RuleRow& rule, const RuleScope& at) {
  if (rule.once) {
    if (holds(rule.condition, at.scope)) {
      put(rule, at, {});
    }
    return;
  }
  tables::SegmentName name = at.scope.name;
  std::uint32_t segment = at.scope.segment;
  if (rule.path.segment != 0) {
    const auto found = groups_.find(rule.path.segment, at.scope.instance, segment);
    if (!found) {
      return;
    }
    name = rule.path.segment;
    segment = *found;
  }
  const Value field = reading_.field(reading_.message().segment(segment), name, rule.path.field);
  if (field.raw.empty()) {
    return;
  }
  RuleScope here = at;
  here.scope.value = field;
  const bool whole =
      rule.conversion == tables::Conversion::lines || rule.conversion == tables::Conversion::text64;
  if (rule.kind == RuleKind::convert && whole && field.raw != "\"\"") {
    if (holds(rule.condition, here.scope) && put(rule, here, field)) {
      say(rule, here, false);
    }
    return;
  }
  const char repetition = reading_.message().delimiters().repetition;
  std::uint32_t number = 0;
  for (const BytesView raw : Pieces(field.raw, repetition)) {
    Value value = field;
    value.raw = raw;
    value.level = ValueLevel::repetition;
    here.scope.value = value;
    here.repetition = number;  // of those that say something
    if (!raw.empty()) {
      ++number;
    }
    if (rule.path.component != 0) {
      value = reading_.part(value, rule.path.component);
      if (rule.path.subcomponent != 0) {
        value = reading_.part(value, rule.path.subcomponent);
      }
    }
    if (apply_value(rule, here, value)) {
      say(rule, here, false);
    }
  }
}

bool Mapper::apply_value(const RuleRow& rule, const RuleScope& at, const Value& value) {
  if (value.raw.find_first_not_of(' ') == BytesView::npos || !holds(rule.condition, at.scope)) {
    return false;
  }
  if (value.raw == "\"\"") {  // asks to delete; section 2.5.3
    if (rule.kind != RuleKind::fixed) {
      reading_.take(value);
      say(rule, at, true);
    }
    return false;
  }
  switch (rule.kind) {
    case RuleKind::used: reading_.take(value); return false;
    case RuleKind::left: reading_.set_aside(value.raw); return false;
    case RuleKind::convert:
    case RuleKind::map:
    case RuleKind::fixed: return put(rule, at, value);
  }
  return false;
}

/// Puts something down where the rule's path leads; what turns out empty is taken out again.
bool Mapper::put(const RuleRow& rule, const RuleScope& at, const Value& value) {
  const tables::StepRow* steps = tables::steps + rule.first_step;
  std::uint32_t root = at.root;
  const NodeId node = enter(at.from, steps, rule.steps, at.repetition, at.scope.segment, root);
  if (node == no_node) {
    return false;
  }
  if (rule.kind == RuleKind::fixed) {
    return sketch_.set(node, tables::text(rule.value), rule.raw ? NodeKind::token : NodeKind::text);
  }
  bool done = false;
  if (rule.kind == RuleKind::map) {
    RuleScope inner = at;
    inner.from = node;
    inner.from_parent = rule.steps == 0 ? at.from_parent : NodeId{sketch_.at(node).parent};
    inner.root = root;
    inner.at_root = at.at_root && rule.steps == 0;
    inner.codes = rule.codes != tables::none ? rule.codes : at.codes;
    done = apply_type(rule, inner, value);
  } else {
    const NodeId parent = rule.steps == 0 ? at.from_parent : NodeId{sketch_.at(node).parent};
    const std::uint16_t codes = rule.codes != tables::none ? rule.codes : at.codes;
    done = convert({reading_, sketch_, rule, codes, value, node, parent});
  }
  if (!done || sketch_.is_empty(node)) {
    sketch_.drop_empty(node, at.from);
  }
  return done;
}

/// The rules of a data type, on a value of it.
bool Mapper::apply_type(const RuleRow& rule, const RuleScope& at, const Value& value) {
  RuleScope here = at;
  here.repetition = 0;
  here.scope.value = value;
  if (rule.from.segment != 0) {  // `as` names another field whose value is meant
    const auto found = groups_.find(rule.from.segment, at.scope.instance, at.scope.segment);
    if (!found) {
      return false;
    }
    const Value field =
        reading_.field(reading_.message().segment(*found), rule.from.segment, rule.from.field);
    here.scope.value = reading_.part(field, 1);
  }
  const tables::TypeMapRow& map = tables::type_maps[rule.type_map];
  bool any = false;
  const Reading::Parts parts = reading_.parts(here.scope.value);
  for (std::uint32_t i = map.first_rule; i < map.first_rule + map.rules; ++i) {
    const RuleRow& inner = tables::rules[i];
    Value part = here.scope.value;
    if (inner.path.component != 0) {
      part = reading_.part(part, parts, inner.path.component);
      if (part.raw.empty()) {
        continue;
      }
      if (inner.path.subcomponent != 0) {
        part = reading_.part(part, inner.path.subcomponent);
      }
    }
    if (apply_value(inner, here, part)) {
      any = true;
      if (here.at_root) {
        say(inner, here, false);
      }
    }
  }
  return any;
}

void Mapper::say(const RuleRow& rule, const RuleScope& at, bool removed) {
  Root& root = roots_[at.root];
  if (!at.at_root || root.mode != DraftMode::merge) {
    return;
  }
  auto& list = removed ? root.removed : root.said;
  std::string_view sites = tables::text(rule.site);  // divided by ';'
  while (!sites.empty()) {
    const std::size_t end = std::min(sites.find(';'), sites.size());
    const std::string_view site = sites.substr(0, end);
    sites.remove_prefix(std::min(end + 1, sites.size()));
    const bool is_number = site == "identifier" || site.starts_with("identifier.");
    if (!is_number && std::ranges::find(list, site) == list.end()) {
      list.push_back(site);
    }
  }
}

/// What the tables say is read by the engine or set aside.
void Mapper::apply_rest(const Placed& placed) {
  const tables::SegmentRow* row = segment_row(placed.name);
  if (row == nullptr) {
    return;
  }
  const Segment segment = reading_.message().segment(placed.segment);
  Scope scope{placed.instance, placed.segment, placed.name, {}};
  for (std::uint32_t i = row->first_rest; i < row->first_rest + row->rest; ++i) {
    const RuleRow& rule = tables::rules[i];
    if (rule.once) {  // the segment as a whole
      rule.kind == RuleKind::used ? reading_.take(segment.raw())
                                  : reading_.set_aside(segment.raw());
      continue;
    }
    const Value field = reading_.field(segment, placed.name, rule.path.field);
    if (field.raw.empty()) {
      continue;
    }
    scope.value = field;
    if (!holds(rule.condition, scope)) {
      continue;
    }
    if (rule.kind == RuleKind::used) {
      reading_.take(field);
    } else {
      reading_.set_aside(field.raw);
    }
  }
}

NodeId Mapper::enter(NodeId from, const tables::StepRow* steps, std::size_t count,
                     std::uint32_t repetition, std::uint32_t segment, std::uint32_t& root) {
  NodeId node = from;
  bool counted = false;
  for (std::size_t i = 0; i < count; ++i) {
    const tables::StepRow& step = steps[i];
    Instance instance;
    if ((step.flags & tables::step_repeats) != 0) {
      instance.label = step.label + 1U;
      if ((step.flags & tables::step_each_segment) != 0) {
        instance.segment = segment + 1;
      } else if (!counted) {
        instance.repetition = repetition;
        counted = true;
      }
    }
    const NodeId next =
        sketch_.enter(node, tables::text(step.name), (step.flags & tables::step_repeats) != 0,
                      instance, step.choice);
    if (next == no_node) {
      sketch_.drop_empty(node, from);
      return no_node;
    }
    node = next;
    if ((step.flags & tables::step_crosses) != 0) {
      std::uint32_t target = sketch_.at(node).target;
      if (target == no_root) {
        if (!sketch_.is_empty(node)) {
          return no_node;
        }
        Root made;
        made.type = step.crosses;
        made.node = sketch_.root();
        made.owner = root;
        made.instance = roots_[root].instance;
        made.segment = segment;
        target = static_cast<std::uint32_t>(roots_.size());
        roots_.push_back(std::move(made));
        sketch_.refer(node, target, roots_[target].node);
      }
      if (roots_[target].type != step.crosses) {
        return no_node;
      }
      root = target;
      node = roots_[target].node;
    }
  }
  if (!counted && repetition != 0) {  // it has no place in an element that does not repeat
    sketch_.drop_empty(node, from);
    return no_node;
  }
  return node;
}

}  // namespace holdfast::hl7v2
