// What every resource of R4 must be: the invariants, bindings and targets of the base definitions,
// element by element, as the document lies.
#include <fmt/format.h>

#include "fhir/path/html.h"
#include "fhir/validation/inspection.h"
#include "fhir/walk.h"

namespace holdfast::fhir::validation {
namespace {

std::string_view without_sibling_mark(std::string_view key) {
  return key.substr(key.starts_with('_') ? 1 : 0);
}

/// ele-1: an element has a value or children; its id alone is neither.
bool is_only_an_id(JsonValue object) {
  return object.size() == 1 && (*object.children().begin()).raw_key() == "id";
}

bool is_structure(const StructureRow& row, StructureId id) { return &row == &structure(id); }

}  // namespace

void Inspection::take_resource(JsonValue resource, Rank rank) {
  const Around before = around_;
  around_.resource = path::resource_value(resource);
  if (rank == Rank::whole) {
    around_.root = around_.resource;
  }
  const StructureId in = around_.resource.type().structure();
  if (terms_.invariants) {
    run_rules(known_.rules.of(in), around_.resource);
  }
  take_object(resource, structure(in), nullptr);
  if (terms_.profiled) {
    check_meta_profiles(resource);
  }
  around_ = before;
}

void Inspection::run_rules(std::span<const BaseRule> rules, const path::Value& on) {
  for (const BaseRule& rule : rules) {
    const std::string_view key = text(rule.row->key);
    if (decide(rule.program, on, key).value_or(true)) {
      continue;
    }
    const bool is_error = (rule.row->flags & invariant_error) != 0;
    const bool is_practice = (rule.row->flags & invariant_best_practice) != 0;
    const Severity severity = is_error ? Severity::error : Severity::warning;
    if (wants(severity)) {
      note(severity, IssueType::invariant, place_of(on),
           fmt::format("{}: {}{}", key, text(rule.row->human),
                       is_practice ? " (best practice)" : ""),
           key);
    }
  }
}

void Inspection::take_object(JsonValue object, const StructureRow& in, const ElementRow* as) {
  if (terms_.invariants && in.is_resource == 0 && is_only_an_id(object) &&
      !is_structure(in, fhir::tables::element_structure) && wants(Severity::error)) {
    note(Severity::error, IssueType::invariant, object,
         "ele-1: an element must have a value or children; this one has only an id", "ele-1");
  }
  for (const JsonValue member : object.children()) {
    if (is_spent()) {
      return;
    }
    take_member(member, object, in, as);
  }
}

void Inspection::take_member(JsonValue member, JsonValue object, const StructureRow& in,
                             const ElementRow* as) {
  const BytesView raw = member.raw_key();
  const std::string_view key = member.key_has_escapes() ? member.key(scratch_) : raw;
  const bool is_sibling = key.starts_with('_');
  const ElementRow* const row = find_row(in, without_sibling_mark(key));
  if (row == nullptr || !spend(1)) {
    return;  // resourceType
  }
  if (is_sibling) {
    return take_sibling(member, object, *row);
  }
  const bool holds_extensions = row->kind == ElementKind::complex &&
                                StructureId{row->structure} == fhir::tables::extension_structure &&
                                row->choice == 0;
  const auto take_one = [&](JsonValue value) {
    if (is_primitive(row->kind)) {
      return take_primitive(value, *row);
    }
    if (row->kind == ElementKind::resource) {
      return take_resource(value, name(*row) == "contained" ? Rank::contained : Rank::whole);
    }
    take_value(value, *row);
    if (holds_extensions) {
      check_extension(value, in, as);
    }
  };
  if (!member.is_array()) {
    return take_one(member);
  }
  for (const JsonValue item : member.children()) {
    if (!item.is_null()) {
      take_one(item);
    }
  }
}

void Inspection::take_value(JsonValue value, const ElementRow& row) {
  const StructureId of{row.structure};
  const ElementFacts& facts = known_.rules.facts(row);
  if (terms_.invariants) {
    const path::Value element =
        path::Value::of_node(json_, value.index(), path::no_json, path::type_of(row));
    run_rules(known_.rules.of(of), element);
    if (facts.has_rules) {
      run_rules(known_.rules.of(row), element);
    }
  }
  if (facts.is_bound && terms_.bindings) {
    const BoundSets sets = known_.rules.binding(row);
    check_binding(value, {sets.strength, sets.url, sets.set, sets.widest_url, sets.widest, {}});
  }
  if (facts.has_targets) {
    check_targets(value, row);
  }
  take_object(value, structure(of), &row);
}

void Inspection::take_primitive(JsonValue value, const ElementRow& row) {
  const ElementFacts& facts = known_.rules.facts(row);
  if (row.kind == ElementKind::xhtml) {
    // txt-1 and txt-2 are one function, htmlChecks(); it knows what is wrong.
    if (const auto fault = path::find_narrative_fault(value.text(scratch_));
        fault && terms_.invariants && wants(Severity::error)) {
      const std::string_view key =
          fault->find("nothing to read") != std::string::npos ? "txt-2" : "txt-1";
      note(Severity::error, IssueType::invariant, value,
           fmt::format("{}: the narrative {}", key, *fault), key);
    }
    return;
  }
  if (facts.has_rules && terms_.invariants) {
    run_rules(known_.rules.of(row),
              path::Value::of_node(json_, value.index(), path::no_json, path::type_of(row)));
  }
  if (facts.is_bound && terms_.bindings) {
    const BoundSets sets = known_.rules.binding(row);
    check_binding(value, {sets.strength, sets.url, sets.set, sets.widest_url, sets.widest, {}});
  }
}

// `_x`: id and extensions of a primitive. https://hl7.org/fhir/R4/json.html#primitive
void Inspection::take_sibling(JsonValue member, JsonValue object, const ElementRow& row) {
  const auto value = object.find(name(row));
  const auto take_one = [&](JsonValue sibling, bool has_value) {
    if (terms_.invariants && !has_value && is_only_an_id(sibling) && wants(Severity::error)) {
      note(Severity::error, IssueType::invariant, sibling,
           "ele-1: an element must have a value or children; this one has only an id", "ele-1");
    }
    take_object(sibling, structure(fhir::tables::element_structure), &row);
  };
  if (!member.is_array()) {
    return take_one(member, value.has_value());
  }
  const bool is_aligned = value && value->is_array();
  auto at = is_aligned ? value->children().begin() : member.children().begin();
  for (const JsonValue item : member.children()) {
    if (!item.is_null()) {
      take_one(item, is_aligned && !(*at).is_null());
    }
    ++at;
  }
}

void Inspection::check_meta_profiles(JsonValue resource) {
  const auto meta = resource.find("meta");
  const auto profiles = meta ? meta->find("profile") : std::nullopt;
  if (!profiles || !profiles->is_array()) {
    return;
  }
  for (const JsonValue profile : profiles->children()) {
    if (profile.is_string()) {
      check_named(
          profile.text(), path::resource_value(resource),
          terms_.unknown_profile == UnknownProfile::error ? Severity::error : Severity::warning);
    }
  }
}

}  // namespace holdfast::fhir::validation
