// fhir/terminology/concepts.cpp: what a concept is, and what stands above and below it.
// https://hl7.org/fhir/R4/codesystem.html#hierarchy
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "fhir/terminology/grammar.h"
#include "fhir/terminology/layer.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {
namespace {

template <class Row>
std::span<const Row> rows_of(std::span<const Row> rows, std::uint32_t owner) {
  const auto first =
      std::lower_bound(rows.begin(), rows.end(), owner,
                       [](const Row& row, std::uint32_t n) { return row.owner < n; });
  auto last = first;
  while (last != rows.end() && last->owner == owner) {
    ++last;
  }
  return {first, last};
}

// grouped-by, part-of and classified-with put codes below each other without one being the other.
bool nests_meaning(const SystemRow& system) {
  return system.hierarchy == Hierarchy::unsaid || system.hierarchy == Hierarchy::is_a;
}

}  // namespace

Result<ConceptId> Terminology::concept_of(std::string_view system_url,
                                          std::string_view code_) const {
  const Verdict verdict = has({system_url, {}, code_, {}});
  if (verdict.found) {
    return *verdict.found;
  }
  if (verdict.truth == Truth::yes) {
    return fail(Code::unsupported,
                fmt::format("'{}' is well-formed in {}, of which no concepts are described here",
                            code_.substr(0, 100), system_url));
  }
  return fail(verdict.truth == Truth::no ? Code::not_found : Code::unsupported, verdict.message);
}

std::vector<Designation> Terminology::designations(ConceptId id) const {
  std::vector<Designation> found;
  if ((row(id).flags & concept_designations) == 0) {
    return found;
  }
  const std::uint32_t layer = id.layer();
  for (const DesignationRow& one : rows_of(tables(layer).designations, id.number())) {
    const DesignationKindRow& kind = tables(layer).designation_kinds[one.kind];
    found.push_back(Designation{text(layer, kind.language), text(layer, kind.use_system),
                                text(layer, kind.use_code), text(layer, kind.use_display),
                                text(layer, one.value)});
  }
  return found;
}

// https://hl7.org/fhir/R4/codesystem-operation-lookup.html: parent, child and inactive are told by
// every server.
Description Terminology::describe(ConceptId id) const {
  const std::uint32_t layer = id.layer();
  const SystemRow& system_row = row(system_of(id));
  Description description;
  description.system_name = text(layer, system_row.name);
  description.version = text(layer, system_row.version);
  description.display = display(id);
  description.definition = layers_[layer]->definition(id.number());
  description.designations = designations(id);
  const bool inactive = (row(id).flags & concept_inactive) != 0;
  description.properties.push_back(
      Property{"inactive", inactive ? "true" : "false", PropertyKind::boolean, {}});
  for (const ConceptId parent : parents(id)) {
    description.properties.push_back(
        Property{"parent", code(parent), PropertyKind::code, display(parent)});
  }
  for (const ConceptId child : children(id)) {
    description.properties.push_back(
        Property{"child", code(child), PropertyKind::code, display(child)});
  }
  for (const PropertyRow& one : rows_of(tables(layer).properties, id.number())) {
    const std::string_view name_ = text(layer, one.code);
    if (name_ != "parent" && name_ != "child" && name_ != "inactive") {
      description.properties.push_back(Property{name_, text(layer, one.value), one.kind, {}});
    }
  }
  return description;
}

std::vector<ConceptId> Terminology::parents(ConceptId id) const {
  const Tables& in = tables(id.layer());
  const ConceptRow& concept_ = row(id);
  const SystemRow& system_row = row(system_of(id));
  const std::uint32_t layer = id.layer() << 24U;
  std::vector<ConceptId> found;
  if (concept_.parent != 0) {
    found.push_back(ConceptId{layer | (system_row.first + concept_.parent - 1)});
  }
  if ((concept_.flags & concept_edges) != 0) {
    auto at = std::lower_bound(in.edges.begin(), in.edges.end(), id.number(),
                               [](const EdgeRow& e, std::uint32_t n) { return e.child < n; });
    for (; at != in.edges.end() && at->child == id.number(); ++at) {
      found.push_back(ConceptId{layer | at->parent});
    }
  }
  return found;
}

std::vector<ConceptId> Terminology::children(ConceptId id) const {
  const Tables& in = tables(id.layer());
  const ConceptRow& concept_ = row(id);
  const std::uint32_t layer = id.layer() << 24U;
  std::vector<ConceptId> found;
  const std::uint32_t end = id.number() + concept_.subtree;
  for (std::uint32_t at = id.number() + 1; at <= end; at += in.concepts[at].subtree + 1) {
    found.push_back(ConceptId{layer | at});
  }
  if ((concept_.flags & concept_edges) != 0) {
    for (const EdgeRow& edge : in.edges) {
      if (edge.parent == id.number()) {
        found.push_back(ConceptId{layer | edge.child});
      }
    }
  }
  return found;
}

bool Terminology::is_below(ConceptId id, ConceptId ancestor) const {
  if (id == ancestor) {
    return true;
  }
  if (id.value - ancestor.value <= row(ancestor).subtree) {  // nested in it
    return true;
  }
  if (tables(id.layer()).edges.empty()) {
    return false;
  }
  std::vector<ConceptId> waiting = parents(id);
  std::set<ConceptId> seen;
  while (!waiting.empty()) {
    const ConceptId at = waiting.back();
    waiting.pop_back();
    if (at == ancestor) {
      return true;
    }
    if (seen.insert(at).second) {
      const std::vector<ConceptId> above = parents(at);
      waiting.insert(waiting.end(), above.begin(), above.end());
    }
  }
  return false;
}

Result<Subsumption> Terminology::subsumes(std::string_view system_url, std::string_view a,
                                          std::string_view b) const {
  TRY(const ConceptId first, concept_of(system_url, a));
  TRY(const ConceptId second, concept_of(system_url, b));
  if (first == second) {
    return Subsumption::equivalent;
  }
  const SystemRow& system_row = row(system_of(first));
  if (system_row.content == Content::listed) {
    return fail(Code::unsupported,
                fmt::format("the code system {} is not bundled with this server: its codes are "
                            "known, but not how they stand to each other",
                            system_url));
  }
  if (!nests_meaning(system_row)) {
    return Subsumption::not_subsumed;
  }
  return is_below(second, first)   ? Subsumption::subsumes
         : is_below(first, second) ? Subsumption::subsumed_by
                                   : Subsumption::not_subsumed;
}

namespace {

enum class Way : std::uint8_t { up, down };

// Edges of one system, in order of the parent.
std::vector<EdgeRow> edges_down(const Tables& in, const SystemRow& system) {
  std::vector<EdgeRow> edges;
  for (const EdgeRow& edge : in.edges) {
    if (edge.child - system.first < system.count) {
      edges.push_back(edge);
    }
  }
  std::sort(edges.begin(), edges.end(), [](const EdgeRow& a, const EdgeRow& b) {
    return a.parent != b.parent ? a.parent < b.parent : a.child < b.child;
  });
  return edges;
}

// As Terminology::children(), many times.
void add_children(const Tables& in, const std::vector<EdgeRow>& edges, ConceptId id,
                  std::vector<ConceptId>& to) {
  const std::uint32_t layer = id.layer() << 24U;
  const std::uint32_t end = id.number() + in.concepts[id.number()].subtree;
  for (std::uint32_t at = id.number() + 1; at <= end; at += in.concepts[at].subtree + 1) {
    to.push_back(ConceptId{layer | at});
  }
  auto edge = std::lower_bound(edges.begin(), edges.end(), id.number(),
                               [](const EdgeRow& e, std::uint32_t n) { return e.parent < n; });
  for (; edge != edges.end() && edge->parent == id.number(); ++edge) {
    to.push_back(ConceptId{layer | edge->child});
  }
}

// The code itself and all above or below it, each once.
Result<void> visit_all(const Terminology& in, std::string_view system, std::string_view code,
                       Way way, const Visit& visit) {
  TRY(const ConceptId start, in.concept_of(system, code));
  const SystemRow& row = in.row(in.system_of(start));
  if (row.content == Content::listed) {
    return fail(Code::unsupported,
                fmt::format("the code system {} is not bundled with this server, so that it is not "
                            "known what is above or below '{}'",
                            system, code.substr(0, 100)));
  }
  const Tables& tables = in.tables(start.layer());
  const std::vector<EdgeRow> edges =
      way == Way::down ? edges_down(tables, row) : std::vector<EdgeRow>();
  std::vector<ConceptId> waiting{start};
  std::vector<bool> seen(row.count, false);
  while (!waiting.empty()) {
    const ConceptId at = waiting.back();
    waiting.pop_back();
    if (seen[at.number() - row.first]) {
      continue;
    }
    seen[at.number() - row.first] = true;
    visit(in.url(in.system_of(at)), in.code(at));
    if (nests_meaning(row) && way == Way::up) {
      const std::vector<ConceptId> next = in.parents(at);
      waiting.insert(waiting.end(), next.begin(), next.end());
    } else if (nests_meaning(row)) {
      add_children(tables, edges, at, waiting);
    }
  }
  return ok();
}

}  // namespace

Result<void> Terminology::visit_below(std::string_view system_url, std::string_view code_,
                                      const Visit& visit) const {
  return visit_all(*this, system_url, code_, Way::down, visit);
}

Result<void> Terminology::visit_above(std::string_view system_url, std::string_view code_,
                                      const Visit& visit) const {
  return visit_all(*this, system_url, code_, Way::up, visit);
}

}  // namespace holdfast::fhir::terminology
