#include "hl7v2/mapping/finish.h"

#include <fmt/format.h>

#include <algorithm>
#include <source_location>

#include "base/check.h"
#include "base/text.h"
#include "hl7v2/mapping/naming.h"

namespace holdfast::hl7v2 {
namespace {

/// Instances that no label of the tables has.
constexpr Instance key_instance{0xffff, 3, 0};

std::string_view member_text(const Sketch& sketch, NodeId of, std::string_view name) {
  const NodeId found = sketch.find_any(of, name);
  return found == no_node ? std::string_view() : sketch.at(found).text;
}

/// The account or visit number of a patient names an account or visit, whoever has it.
bool is_of_account(const Sketch& sketch, NodeId identifier) {
  const NodeId type = sketch.find_any(identifier, "type");
  const NodeId coding = type == no_node ? no_node : sketch.find_any(type, "coding");
  const std::string_view code =
      coding == no_node ? std::string_view() : member_text(sketch, coding, "code");
  return code == "AN" || code == "VN";
}

/// What is left of `of` says nothing that `by` does not say.
bool covers(const Sketch& sketch, NodeId by, NodeId of) {
  for (NodeId id = sketch.first(of); id != no_node; id = sketch.next(id)) {
    bool found = false;
    for (NodeId other = sketch.first(by); other != no_node && !found; other = sketch.next(other)) {
      found = sketch.same(other, id);
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<void> Finish::run(Mapped& into) {
  Mapper& mapper = mapper_;
  // Links and defaults add no roots; but what stands behind a Reference is a root already.
  const auto count = static_cast<std::uint32_t>(mapper.roots().size());
  states_.resize(count);
  index_roots();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (mapper.roots()[i].resource != tables::none) {
      link(i);
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (mapper.roots()[i].resource != tables::none) {
      set_defaults(i);
      set_key(i);
    }
    states_[i].says = mapper.sketch().says(mapper.roots()[i].node);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const Root& root = mapper.roots()[i];
    const fhir::TypeId type{root.type};
    if (states_[i].says && !complete(root.node, fhir::structure_of(type), i)) {
      return fail(Code::required,
                  fmt::format("the {} of segment {} lacks an element that FHIR demands",
                              fhir::name(type), root.segment + 1));
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (states_[i].says) {
      identify(i);
      unite(i);
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    number(i, into);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (states_[i].local.value != 0 && states_[i].same_as == no_root) {
      Draft& draft = into.drafts[states_[i].local.value - 1];
      describe(i, into, draft);
      write(i, draft);
    }
  }
  return ok();
}

/// Whether all that FHIR demands is there. A part that lacks something is taken out, and reported:
/// its values are in the message, but not in the record.
bool Finish::complete(NodeId of, fhir::StructureId id, std::uint32_t root) {
  Sketch& sketch = mapper_.sketch();
  const fhir::StructureRow& structure = fhir::structure(id);
  std::uint64_t there = 0;
  for (NodeId member = sketch.first(of); member != no_node;) {
    const NodeId next = sketch.next(member);
    const Node& node = sketch.at(member);
    const bool beside = node.name.starts_with('_');
    const fhir::ElementRow* row =
        fhir::find_row(structure, beside ? node.name.substr(1) : node.name);
    if (row == nullptr) {
      check_failed("the tables name elements that are there", std::source_location::current());
    }
    bool good = sketch.says(member);
    if (good && node.kind == NodeKind::open) {
      good = complete(member,
                      beside ? fhir::tables::element_structure : fhir::StructureId{row->structure},
                      root);
      if (!good) {
        mapper_.reading().found(
            Finding::Kind::unconverted,
            mapper_.reading().message().segment(mapper_.roots()[root].segment).raw().substr(0, 3),
            fmt::format("says too little for {}.{}: left out", fhir::name(structure), node.name));
        sketch.drop(of, member);
      }
    }
    if (good && row->required != fhir::not_required) {
      there |= std::uint64_t{1} << row->required;
    }
    member = next;
  }
  const std::uint64_t all =
      structure.required == 0 ? 0 : ~std::uint64_t{0} >> (64U - structure.required);
  return there == all;
}

/// The nearest ones: of the group itself and within it, then of the groups around it and within
/// those; but nothing in another instance of a group that we lie in. Of another order's results
/// none is this one's.
std::vector<std::uint32_t> Finish::targets(std::uint32_t root, std::uint32_t mask, bool all) const {
  const std::vector<Root>& roots = mapper_.roots();
  std::vector<std::uint32_t> found;
  const Groups& groups = mapper_.groups();
  std::uint32_t below = roots[root].instance;
  for (std::uint32_t level = below;;) {
    // What lies within a group was opened behind it, and before anything that does not.
    const std::uint32_t end = (within_[level] & mask) != 0 ? ends_[level] : level;
    for (std::uint32_t instance = level; instance <= end; ++instance) {
      const bool beside =
          level != below && instance != level && groups.at(instance).parent == level;
      if (beside && groups.at(instance).group == groups.at(below).group) {
        instance = ends_[instance];
        continue;
      }
      if ((own_[instance] & mask) == 0) {
        continue;
      }
      for (const std::uint32_t i : roots_of_[instance]) {
        if (i != root && (mask >> roots[i].resource & 1U) != 0) {
          found.push_back(i);
          if (!all) {
            return found;
          }
        }
      }
    }
    if (!found.empty() || level == 0) {
      return found;
    }
    below = level;
    level = groups.at(level).parent;
  }
}

void Finish::index_roots() {
  const Groups& groups = mapper_.groups();
  ends_.resize(groups.count());
  roots_of_.resize(groups.count());
  own_.resize(groups.count());
  for (std::uint32_t i = 0; i < groups.count(); ++i) {
    ends_[i] = i;
  }
  for (std::uint32_t i = groups.count(); i-- > 1;) {
    const std::uint32_t parent = groups.at(i).parent;
    ends_[parent] = std::max(ends_[parent], ends_[i]);
  }
  for (std::uint32_t i = 0; i < mapper_.roots().size(); ++i) {
    if (mapper_.roots()[i].resource != tables::none) {
      roots_of_[mapper_.roots()[i].instance].push_back(i);
      own_[mapper_.roots()[i].instance] |= 1U << mapper_.roots()[i].resource;
    }
  }
  within_ = own_;
  for (std::uint32_t i = groups.count(); i-- > 1;) {
    within_[groups.at(i).parent] |= within_[i];
  }
}

void Finish::link(std::uint32_t number) {
  const Root& root = mapper_.roots()[number];
  const tables::GroupRow& group = mapper_.groups().row(root.instance);
  const Mapper::Scope scope{root.instance, root.segment, 0, {}};
  for (std::uint32_t i = 0; i < group.links; ++i) {
    const tables::LinkRow& row = tables::links[group.first_link + i];
    if (row.resource != root.resource || !mapper_.holds(row.condition, scope)) {
      continue;
    }
    const tables::StepRow& last = tables::steps[row.first_step + row.steps - 1U];
    const bool repeats = (last.flags & tables::step_repeats) != 0;
    const std::vector<std::uint32_t> found = targets(number, row.targets, repeats);
    for (std::size_t n = 0; n < found.size(); ++n) {
      // The last step crosses into what is there already.
      NodeId node = root.node;
      Sketch& sketch = mapper_.sketch();
      for (std::uint32_t s = 0; s < row.steps && node != no_node; ++s) {
        const tables::StepRow& step = tables::steps[row.first_step + s];
        Instance instance;
        if ((step.flags & tables::step_repeats) != 0) {
          instance.label = step.label + 1U;
          instance.repetition = s + 1U == row.steps ? static_cast<std::uint32_t>(n) : 0;
        }
        node = sketch.enter(node, tables::text(step.name), (step.flags & tables::step_repeats) != 0,
                            instance, step.choice);
      }
      if (node != no_node && sketch.is_empty(node)) {
        sketch.refer(node, found[n], mapper_.roots()[found[n]].node);
      }
    }
  }
}

/// A default is set where the message says nothing of that element; several of one element go
/// together.
void Finish::set_defaults(std::uint32_t number) {
  const Root& root = mapper_.roots()[number];
  const tables::GroupRow& group = mapper_.groups().row(root.instance);
  const Mapper::Scope scope{root.instance, root.segment, 0, {}};
  Sketch& sketch = mapper_.sketch();
  std::vector<std::string_view> begun;
  for (std::uint32_t i = 0; i < group.defaults; ++i) {
    const tables::DefaultRow& row = tables::defaults[group.first_default + i];
    if (row.resource != root.resource || !mapper_.holds(row.condition, scope)) {
      continue;
    }
    const tables::StepRow* steps = tables::steps + row.first_step;
    const std::string_view name = tables::text(steps[0].name);
    const bool repeats = (steps[0].flags & tables::step_repeats) != 0;
    const Instance instance{repeats ? steps[0].label + 1U : 0, 0, 0};
    if (name.starts_with('_') && sketch.find_any(root.node, name.substr(1)) != no_node) {
      continue;  // why a value is absent, which is there
    }
    const NodeId there = sketch.find_any(root.node, name);
    if (there != no_node && sketch.says(there) && std::ranges::find(begun, name) == begun.end() &&
        !(repeats && sketch.find(root.node, name, instance) != no_node)) {
      continue;
    }
    begun.push_back(name);
    std::uint32_t in = number;
    const NodeId node = mapper_.enter(root.node, steps, row.steps, 0, root.segment, in);
    if (node != no_node && sketch.is_empty(node)) {
      static_cast<void>(
          sketch.set(node, tables::text(row.value), row.raw ? NodeKind::token : NodeKind::text));
    }
  }
}

std::string Finish::key_of(const tables::KeyRow& key, std::uint32_t number) {
  const Root& root = mapper_.roots()[number];
  const Segment first = mapper_.reading().message().segment(root.segment);
  const Mapper::Scope scope{root.instance, root.segment, tables::segment_name(first.name()), {}};
  std::string text;
  bool at_first = true;
  for (std::uint32_t i = key.first_item; i < key.first_item + key.items;) {
    std::string_view item;
    for (bool more = true; more; ++i) {
      if (item.empty()) {
        item = mapper_.text_at(tables::key_items[i].path, scope);
      }
      more = tables::key_items[i].or_next;
    }
    if (at_first && item.empty()) {
      return {};  // the rest names nothing without it
    }
    if (!at_first) {
      text.push_back('|');
    }
    at_first = false;
    text.append(item);
  }
  return text;
}

void Finish::set_key(std::uint32_t number) {
  const Root& root = mapper_.roots()[number];
  const tables::ResourceRow& resource =
      tables::resources[mapper_.structure().first_resource + root.resource];
  const Mapper::Scope scope{root.instance, root.segment, 0, {}};
  for (std::uint32_t i = resource.first_key; i < resource.first_key + resource.keys; ++i) {
    const tables::KeyRow& key = tables::keys[i];
    if (!mapper_.holds(key.condition, scope)) {
      continue;
    }
    std::string value = key_of(key, number);
    if (value.empty()) {
      continue;
    }
    // The same thing again, such as a line of text: the second, third … of its kind.
    const std::string of_type = fmt::format("{} {}", root.type, value);
    std::string taken = of_type;
    for (std::uint32_t n = 2; keys_.contains(taken); ++n) {
      taken = fmt::format("{}#{}", of_type, n);
    }
    value.append(taken.substr(of_type.size()));
    keys_.insert(std::move(taken));
    Sketch& sketch = mapper_.sketch();
    Reading& reading = mapper_.reading();
    const NodeId identifier = sketch.enter(root.node, "identifier", true, key_instance);
    const NodeId system = sketch.enter(identifier, "system", false);
    const NodeId node = sketch.enter(identifier, "value", false);
    static_cast<void>(sketch.set(system, reading.keep(sender_system(reading, "key"))));
    static_cast<void>(sketch.set(node, reading.keep(std::move(value))));
    return;
  }
}

void Finish::identify(std::uint32_t number) {
  const Sketch& sketch = mapper_.sketch();
  const std::string& nhs = mapper_.reading().identifiers().nhs_number_system;
  std::vector<BusinessId>& find = states_[number].find;
  const Root& root = mapper_.roots()[number];
  const bool is_patient = fhir::name(fhir::TypeId{root.type}) == "Patient";
  // Where there is a key, it alone tells one from another: reports share their order's numbers.
  const bool has_key = sketch.find(root.node, "identifier", key_instance) != no_node;
  for (NodeId id = sketch.first(root.node); id != no_node; id = sketch.next(id)) {
    if (sketch.at(id).name != "identifier" || (is_patient && is_of_account(sketch, id)) ||
        (has_key && sketch.at(id).instance != key_instance)) {
      continue;
    }
    BusinessId one{std::string(member_text(sketch, id, "system")),
                   std::string(member_text(sketch, id, "value"))};
    if (!one.system.empty() && !one.value.empty() && std::ranges::find(find, one) == find.end()) {
      find.push_back(std::move(one));
    }
  }
  // NHS numbers first, all else in its order.
  std::size_t first = 0;
  for (std::size_t i = 0; i < find.size(); ++i) {
    if (find[i].system == nhs) {
      const auto at = find.begin() + static_cast<std::ptrdiff_t>(i);
      std::rotate(find.begin() + static_cast<std::ptrdiff_t>(first++), at, at + 1);
    }
  }
}

/// The same thing twice in one message is one draft.
void Finish::unite(std::uint32_t number) {
  Root& root = mapper_.roots()[number];
  std::vector<BusinessId>& find = states_[number].find;
  if (find.empty()) {
    return;
  }
  const auto [known, is_new] =
      first_of_.try_emplace(fmt::format("{} {}", root.type, find.front().token()), number);
  if (is_new) {
    return;
  }
  const std::uint32_t i = known->second;
  bool same = mapper_.sketch().same(mapper_.roots()[i].node, root.node);
  if (!same && root.resource == tables::none && mapper_.roots()[i].resource == tables::none) {
    // Somebody else's record: what one place says of it and the other does not adds to it.
    mapper_.sketch().adopt(mapper_.roots()[i].node, root.node);
    same = covers(mapper_.sketch(), mapper_.roots()[i].node, root.node);
  }
  if (!same && (root.resource == tables::none || root.mode == DraftMode::merge)) {
    mapper_.reading().found(Finding::Kind::merged,
                            mapper_.reading().message().segment(root.segment).raw().substr(0, 3),
                            fmt::format("says other things of the same {} ({})",
                                        fhir::name(fhir::TypeId{root.type}), find.front().token()));
  }
  if (!same && root.mode == DraftMode::merge && root.resource != tables::none) {
    find = {{find.front().system, fmt::format("{}#{}", find.front().value, number)}};
    return;  // kept apart: nothing that was said of it may be lost
  }
  states_[number].same_as = i;
  for (Root& inner : mapper_.roots()) {  // what was contained in it is contained in the other
    if (inner.owner == number) {
      inner.owner = i;
    }
  }
}

/// The draft that a resource without identity is contained in.
std::uint32_t Finish::home(std::uint32_t number) const {
  std::uint32_t at = number;
  while (mapper_.roots()[at].owner != no_root &&
         (at == number || (states_[at].find.empty() && states_[at].same_as == no_root))) {
    at = mapper_.roots()[at].owner;
  }
  return at;
}

void Finish::number(std::uint32_t number, Mapped& into) {
  State& state = states_[number];
  Root& root = mapper_.roots()[number];
  if (!state.says) {
    return;
  }
  if (state.same_as != no_root) {
    state.local = states_[state.same_as].local;
    return;
  }
  if (state.find.empty()) {
    if (root.owner != no_root) {
      state.contained = ++states_[home(number)].contained_count;
      return;
    }
    root.mode = DraftMode::create;
  }
  state.local = Local{static_cast<std::uint32_t>(into.drafts.size() + 1)};
  into.drafts.emplace_back().local = state.local;
}

}  // namespace holdfast::hl7v2
