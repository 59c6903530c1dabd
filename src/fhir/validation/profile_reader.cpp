// The tree: which node an element of the definition is, and which nodes are left in the end.
#include "fhir/validation/profile_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/path/compile.h"

namespace holdfast::fhir::validation {
namespace {

std::string text_of(JsonValue in, std::string_view member) {
  const auto found = in.find(member);
  return found && found->is_string() ? found->text() : std::string();
}

constexpr std::string_view choice_end = "[x]";

// Extensions are sliced by url, whether it is said or not.
// https://hl7.org/fhir/R4/extensibility.html#Extension
Discriminator by_url() {
  auto program = path::compile("`url`", {});
  check(program.has_value(), "url is a path");
  return {Discriminator::Kind::value,
          "url",
          {{Discriminator::Step::Kind::child, "url"}},
          *std::move(program)};
}

}  // namespace

JsonValue Profile::value(std::uint32_t index) const {
  std::uint32_t at = 0;
  for (const JsonValue item : values.root().children()) {
    if (at++ == index) {
      return item;
    }
  }
  check(false, "a profile keeps the values that it names");
  return values.root();
}

Result<Profile> ProfileReader::read(JsonValue definition) {
  profile_.url = text_of(definition, "url");
  const std::string type = text_of(definition, "type");
  const auto known = path::fhir_type(type);
  if (!known) {
    return fail(Code::structure, fmt::format("it is about {}, which is no type of FHIR R4", type),
                profile_.url);
  }
  if (text_of(definition, "derivation") != "constraint") {
    return fail(Code::structure, "it defines a type of its own; only those of FHIR R4 are known",
                profile_.url);
  }
  profile_.type = *known;
  TRY_OK(add_node(no_node, type, {{}, {*known}}, type));
  if (const auto contexts = definition.find("context")) {
    for (const JsonValue context : contexts->children()) {
      profile_.contexts.push_back({text_of(context, "type"), text_of(context, "expression")});
    }
  }
  TRY_OK(read_elements(definition, 0));
  values_.insert(0, "[");
  values_.push_back(']');
  JsonReader reader;
  TRY(profile_.values, reader.read(std::move(values_)));
  follow_references();
  prune(0);
  return std::move(profile_);
}

Result<void> ProfileReader::read_elements(JsonValue definition, unsigned depth) {
  auto view = definition.find("snapshot");
  if (!view) {
    const std::string base = text_of(definition, "baseDefinition");
    const bool is_type = base.starts_with(base_definition_url) &&
                         path::fhir_type(base.substr(base_definition_url.size()));
    if (!is_type) {
      const Json* const found = find_(without_version(base));
      if (found == nullptr || depth == profile_bases_max) {
        return fail(Code::not_found,
                    fmt::format("it has no snapshot, and its base {} is not here", base),
                    profile_.url);
      }
      TRY_OK(read_elements(found->root(), depth + 1));
    }
    view = definition.find("differential");
  }
  const auto elements = view ? view->find("element") : std::nullopt;
  if (!elements || !elements->is_array()) {
    return fail(Code::structure, "it has neither a snapshot nor a differential", profile_.url);
  }
  for (const JsonValue element : elements->children()) {
    TRY_OK(read_element(element));
  }
  return ok();
}

Result<void> ProfileReader::read_element(JsonValue element) {
  std::string id = text_of(element, "id");
  if (id.empty()) {
    id = text_of(element, "path");
    if (const std::string slice = text_of(element, "sliceName"); !slice.empty()) {
      id += ':' + slice;
    }
  }
  TRY(const NodeId node, node_at(element, id));
  if (node == no_node) {
    return ok();  // it was said why
  }
  if (const std::string reference = text_of(element, "contentReference"); !reference.empty()) {
    references_[node] = reference.substr(reference.find('#') + 1);
  }
  read_types(element, node);
  read_counts(element, node);
  read_values(element, node);
  read_binding(element, node);
  read_rules(element, node);
  read_slicing(element, node);
  return ok();
}

// "Patient.identifier:nhsNumber.system": https://hl7.org/fhir/R4/elementdefinition.html#id
Result<NodeId> ProfileReader::node_at(JsonValue element, std::string_view id) {
  NodeId node = 0;
  std::size_t at = id.find('.');
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(id.find('.', at + 1), id.size());
    const std::string_view part = id.substr(at + 1, end - at - 1);
    const std::size_t colon = part.find(':');
    const Segment segment{part.substr(0, colon),
                          colon == std::string_view::npos ? "" : part.substr(colon + 1)};
    const std::string_view so_far = id.substr(0, end);
    if (segment.slice.find('/') != std::string_view::npos || segment.slice == "@default") {
      leave(so_far, "slices of slices are not checked");
      return no_node;
    }
    TRY(node, child_of(node, segment, so_far));
    if (node == no_node) {
      leave(so_far, "FHIR R4 has no such element");
      return no_node;
    }
    if (!segment.slice.empty()) {
      TRY(node, slice_of(node, segment.slice, so_far));
    }
    at = end == id.size() ? std::string_view::npos : end;
  }
  // An id that is only a path, where the element is a slice.
  const std::string slice = text_of(element, "sliceName");
  if (node != 0 && !slice.empty() && profile_.nodes[node].slice.empty()) {
    TRY(node, slice_of(node, slice, id));
  }
  return node;
}

ProfileReader::Grounds ProfileReader::grounds_of(NodeId parent, std::string_view name) const {
  Grounds grounds;
  const bool is_choice = name.ends_with(choice_end);
  const std::string_view base = is_choice ? name.substr(0, name.size() - choice_end.size()) : name;
  for (const path::TypeRef type : grounds_[parent].types) {
    const StructureId in = type.is_structure() ? type.structure() : fhir::tables::element_structure;
    if (!type.is_structure() && !type.is_primitive() && type != path::element_type) {
      continue;
    }
    for (const ElementRow& row : rows(structure(in))) {
      const bool fits = is_choice ? row.choice != 0 && path_name(row) == base
                                  : fhir::name(row) == base || path_name(row) == base;
      if (fits) {
        grounds.rows.push_back(&row);
        grounds.types.push_back(path::type_of(row));
      }
    }
  }
  return grounds;
}

Result<NodeId> ProfileReader::child_of(NodeId parent, const Segment& segment, std::string_view id) {
  const Grounds named = grounds_of(parent, segment.name);
  if (named.rows.empty()) {
    return no_node;
  }
  const ElementRow& row = *named.rows.front();
  const std::string base(path_name(row));
  // "valueQuantity" for a slice of value[x]: https://hl7.org/fhir/R4/profiling.html#slicing
  const bool is_one_of_choice =
      row.choice != 0 && segment.name == fhir::name(row) && segment.name != base;
  NodeId node = no_node;
  for (const NodeId child : profile_.nodes[parent].children) {
    if (profile_.nodes[child].name == base) {
      node = child;
    }
  }
  if (node == no_node) {
    TRY(node,
        add_node(parent, base,
                 is_one_of_choice ? grounds_of(parent, base + std::string(choice_end)) : named,
                 id));
    profile_.nodes[parent].children.push_back(node);
  }
  if (!is_one_of_choice) {
    return node;
  }
  if (!profile_.nodes[node].slicing) {
    profile_.nodes[node].slicing.emplace();
    TRY(auto itself, path::compile("$this", {}));
    profile_.nodes[node].slicing->discriminators.push_back(
        {Discriminator::Kind::type, "$this", {}, std::move(itself)});
  }
  TRY(const NodeId slice, slice_of(node, segment.name, id));
  grounds_[slice] = named;
  if (profile_.nodes[slice].types.empty()) {
    profile_.nodes[slice].types.push_back({named.types.front(), {}, {}});
  }
  return slice;
}

Result<NodeId> ProfileReader::slice_of(NodeId sliced, std::string_view name, std::string_view id) {
  for (const NodeId slice : profile_.nodes[sliced].slices) {
    if (profile_.nodes[slice].slice == name) {
      return slice;
    }
  }
  const std::string base = profile_.nodes[sliced].name;
  TRY(const NodeId added, add_node(sliced, base, grounds_[sliced], id));
  profile_.nodes[added].slice = name;
  profile_.nodes[sliced].slices.push_back(added);
  return added;
}

Result<NodeId> ProfileReader::add_node(NodeId parent, std::string_view name, Grounds grounds,
                                       std::string_view id) {
  if (profile_.nodes.size() >= profile_nodes_max) {
    return fail(Code::too_large, fmt::format("it has more than {} elements", profile_nodes_max),
                profile_.url);
  }
  ProfileNode& node = profile_.nodes.emplace_back();
  node.id = id;
  node.name = name;
  grounds_.push_back(std::move(grounds));
  parents_.push_back(parent);
  return static_cast<NodeId>(profile_.nodes.size() - 1);
}

void ProfileReader::leave(std::string_view id, std::string what) {
  constexpr std::size_t unchecked_max = 50;
  std::string sentence = fmt::format("{}: {}", id, what);
  std::vector<std::string>& all = profile_.unchecked;
  if (all.size() < unchecked_max && std::ranges::find(all, sentence) == all.end()) {
    all.push_back(std::move(sentence));
  }
}

// ---- what is left -----------------------------------------------------------------------------

void ProfileReader::follow_references() {
  for (const auto& [from, id] : references_) {
    for (NodeId i = 0; i < profile_.nodes.size(); ++i) {
      if (profile_.nodes[i].id == id && profile_.nodes[i].slice.empty() && i != from) {
        profile_.nodes[from].same_as = i;
      }
    }
  }
  // Only where there is something to follow; what stands above the reference stays then.
  for (const auto& [from, id] : references_) {
    const NodeId to = profile_.nodes[from].same_as;
    if (to != no_node && !says_something(to)) {
      profile_.nodes[from].same_as = no_node;
    }
  }
}

bool ProfileReader::says_something(NodeId id) {
  const ProfileNode& node = profile_.nodes[id];
  const auto says = [this](NodeId below) { return says_something(below); };
  return node.min != 0 || node.max || !node.types.empty() || node.fixed || node.pattern ||
         node.min_value || node.max_value || node.max_length || node.binding ||
         !node.rules.empty() || !node.slices.empty() ||
         (node.slicing && node.slicing->rules == Slicing::Rules::closed) ||
         std::ranges::any_of(node.children, says);
}

// Keeps what says something, numbered anew, and compiles the steps to it.
void ProfileReader::prune(NodeId root) {
  std::vector<NodeId> number(profile_.nodes.size(), no_node);
  std::vector<NodeId> order{root};
  number[root] = 0;
  const auto keeps = [this](NodeId id) {
    return says_something(id) || profile_.nodes[id].same_as != no_node;
  };
  // A reference keeps the elements above it.
  std::set<NodeId> above;
  for (NodeId i = 0; i < profile_.nodes.size(); ++i) {
    if (profile_.nodes[i].same_as != no_node) {
      for (NodeId at = i; at != no_node; at = parents_[at]) {
        above.insert(at);
      }
    }
  }
  for (std::size_t at = 0; at < order.size(); ++at) {
    ProfileNode& node = profile_.nodes[order[at]];
    std::erase_if(node.children,
                  [&](NodeId child) { return !keeps(child) && !above.contains(child); });
    if (node.slices.empty() && node.slicing && node.slicing->rules != Slicing::Rules::closed) {
      node.slicing.reset();
    }
    if (!node.slicing && !node.slices.empty() &&
        (node.name == "extension" || node.name == "modifierExtension")) {
      node.slicing.emplace();
      node.slicing->discriminators.push_back(by_url());
    }
    for (auto* list : {&node.children, &node.slices}) {
      for (NodeId& child : *list) {
        number[child] = static_cast<NodeId>(order.size());
        order.push_back(child);
        child = number[child];
      }
    }
  }
  std::vector<ProfileNode> kept;
  kept.reserve(order.size());
  for (const NodeId old : order) {
    ProfileNode node = std::move(profile_.nodes[old]);
    if (node.same_as != no_node) {
      node.same_as = number[node.same_as];
    }
    if (old != root && node.slice.empty()) {
      auto step = path::compile(fmt::format("`{}`", node.name), {});
      check(step.has_value(), "the name of an element is a path");
      node.step = *std::move(step);
    }
    kept.push_back(std::move(node));
  }
  profile_.nodes = std::move(kept);
}

}  // namespace holdfast::fhir::validation
