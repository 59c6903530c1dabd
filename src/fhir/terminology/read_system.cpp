// fhir/terminology/read_system.cpp: a CodeSystem into rows. https://hl7.org/fhir/R4/codesystem.html
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "fhir/terminology/layer.h"
#include "fhir/terminology/read.h"

namespace holdfast::fhir::terminology {
namespace {

// Nothing for a supplement.
Result<std::optional<Content>> content_of(JsonValue resource) {
  TRY(const std::string text, needed_text(resource, "content"));
  constexpr std::array<std::string_view, 4> names{"complete", "fragment", "example", "not-present"};
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) {
    return std::optional(static_cast<Content>(found - names.begin()));
  }
  if (text == "supplement") {
    return std::optional<Content>();
  }
  return fail(Code::value, fmt::format("'{}' is no content mode of a CodeSystem", text),
              resource.document().path(resource.index()));
}

CaseRule case_rule_of(JsonValue resource) {
  const auto value = resource.find("caseSensitive");
  return !value                   ? CaseRule::unsaid
         : value->raw() == "true" ? CaseRule::sensitive
                                  : CaseRule::insensitive;
}

Hierarchy hierarchy_of(JsonValue resource) {
  constexpr std::array<std::string_view, 5> names{"", "is-a", "grouped-by", "part-of",
                                                  "classified-with"};
  const auto found = std::find(names.begin(), names.end(), text_of(resource, "hierarchyMeaning"));
  return found == names.end() ? Hierarchy::unsaid : static_cast<Hierarchy>(found - names.begin());
}

struct Value {
  PropertyKind kind;
  std::string text;
};
std::optional<Value> value_of(JsonValue property) {
  constexpr std::array<std::pair<std::string_view, PropertyKind>, 6> names{
      {{"valueCode", PropertyKind::code},
       {"valueString", PropertyKind::string},
       {"valueBoolean", PropertyKind::boolean},
       {"valueInteger", PropertyKind::integer},
       {"valueDateTime", PropertyKind::date_time},
       {"valueDecimal", PropertyKind::decimal}}};
  for (const auto& [name_, kind] : names) {
    if (const auto value = property.find(name_)) {
      return Value{kind, value->is_string() ? value->text() : std::string(value->raw())};
    }
  }
  if (const auto coding = property.find("valueCoding")) {
    return Value{PropertyKind::code, text_of(*coding, "code")};
  }
  return std::nullopt;
}

std::uint8_t flags_of(std::string_view property, std::string_view value) {
  if (property == "notSelectable" && value == "true") {
    return concept_abstract;
  }
  const bool inactive = (property == "inactive" && value == "true") ||
                        (property == "status" && (value == "retired" || value == "inactive"));
  return inactive ? concept_inactive : 0;
}

}  // namespace

Result<void> Reading::read_system(JsonValue resource) {
  TRY(const std::string url, needed_text(resource, "url"));
  TRY(const std::optional<Content> content, content_of(resource));
  if (!content) {
    return ok();
  }
  SystemRow row{};
  row.url = intern(url);
  row.version = intern(text_of(resource, "version"));
  row.name = intern(text_of(resource, "name"));
  row.first = static_cast<std::uint32_t>(rows_.concepts.size());
  row.content = *content;
  row.case_rule = case_rule_of(resource);
  row.hierarchy = hierarchy_of(resource);
  const std::size_t first_property = rows_.properties.size();
  if (const auto concepts = resource.find("concept")) {
    TRY_OK(read_concepts(*concepts, row.first, 0));
  }
  row.count = static_cast<std::uint32_t>(rows_.concepts.size()) - row.first;
  index_codes(rows_, row);
  link_parents(row, first_property);
  systems_[url] = static_cast<std::uint32_t>(rows_.systems.size());
  rows_.systems.push_back(row);
  return ok();
}

// As deep as the JSON reader allows.
Result<void> Reading::read_concepts(JsonValue list, std::uint32_t first, std::uint32_t parent) {
  for (const JsonValue raw : list.children()) {
    TRY(const std::string code, needed_text(raw, "code"));
    const auto number = static_cast<std::uint32_t>(rows_.concepts.size());
    ConceptRow row{intern(code), intern(text_of(raw, "display")), 0, 0, 0};
    row.parent = parent & concepts_max;
    rows_.concepts.push_back(row);
    rows_.definitions.push_back(intern(text_of(raw, "definition")));
    TRY_OK(read_properties(raw, number));
    read_designations(raw, number);
    if (const auto nested = raw.find("concept")) {
      TRY_OK(read_concepts(*nested, first, number - first + 1));
      rows_.concepts[number].subtree =
          static_cast<std::uint32_t>(rows_.concepts.size()) - number - 1;
    }
  }
  return ok();
}

Result<void> Reading::read_properties(JsonValue raw, std::uint32_t number) {
  const auto properties = raw.find("property");
  if (!properties) {
    return ok();
  }
  std::uint32_t flags = concept_properties;
  for (const JsonValue property : properties->children()) {
    TRY(const std::string code, needed_text(property, "code"));
    if (const auto value = value_of(property)) {
      flags |= flags_of(code, value->text);
      rows_.properties.push_back(
          PropertyRow{number, intern(code), intern(value->text), value->kind});
    }
  }
  rows_.concepts[number].flags = static_cast<std::uint8_t>(rows_.concepts[number].flags | flags);
  return ok();
}

void Reading::read_designations(JsonValue raw, std::uint32_t number) {
  const auto designations = raw.find("designation");
  if (!designations) {
    return;
  }
  for (const JsonValue designation : designations->children()) {
    std::array<TextAt, 4> kind{intern(text_of(designation, "language")), 0, 0, 0};
    if (const auto use = designation.find("use")) {
      kind[1] = intern(text_of(*use, "system"));
      kind[2] = intern(text_of(*use, "code"));
      kind[3] = intern(text_of(*use, "display"));
    }
    const auto [known, is_new] = designation_kinds_.try_emplace(
        kind, static_cast<std::uint32_t>(rows_.designation_kinds.size()));
    if (is_new) {
      rows_.designation_kinds.push_back(DesignationKindRow{kind[0], kind[1], kind[2], kind[3]});
    }
    rows_.designations.push_back(
        DesignationRow{number, intern(text_of(designation, "value")), known->second});
  }
  rows_.concepts[number].flags =
      static_cast<std::uint8_t>(rows_.concepts[number].flags | concept_designations);
}

// Parents that properties name, beside those that concepts are nested in.
void Reading::link_parents(const SystemRow& row, std::size_t first_property) {
  const char* texts = rows_.texts.data();
  const Tables tables = tables_of(rows_);
  std::vector<EdgeRow> found;
  for (std::size_t i = first_property; i < rows_.properties.size(); ++i) {
    const PropertyRow& property = rows_.properties[i];
    const std::string_view code = text_at(texts, property.code);
    const bool names_parent = code == "parent" || code == "subsumedBy";
    if (!names_parent && code != "child") {
      continue;
    }
    const auto other = find_concept(tables, row, text_at(texts, property.value));
    if (other < 0) {
      continue;
    }
    const auto named = static_cast<std::uint32_t>(other);
    const EdgeRow edge =
        names_parent ? EdgeRow{property.owner, named} : EdgeRow{named, property.owner};
    if (rows_.concepts[edge.child].parent != edge.parent - row.first + 1) {
      found.push_back(edge);
    }
  }
  std::sort(found.begin(), found.end(), [](const EdgeRow& a, const EdgeRow& b) {
    return a.child != b.child ? a.child < b.child : a.parent < b.parent;
  });
  for (const EdgeRow& edge : found) {
    for (const std::uint32_t end : {edge.child, edge.parent}) {
      rows_.concepts[end].flags =
          static_cast<std::uint8_t>(rows_.concepts[end].flags | concept_edges);
    }
    const bool again = !rows_.edges.empty() && rows_.edges.back().child == edge.child &&
                       rows_.edges.back().parent == edge.parent;
    if (!again) {
      rows_.edges.push_back(edge);
    }
  }
}

}  // namespace holdfast::fhir::terminology
