#include "fhir/extract.h"

#include <algorithm>

#include "fhir/walk.h"

namespace holdfast::fhir {

void Extraction::clear() {
  text.assign(1, '\n');  // so that no span begins at 0
  identifiers.clear();
  references.clear();
  patients.clear();
  is_patient = false;
}

void examine(JsonValue resource, Sites& sites, Extraction& extraction) {
  sites.clear();
  extraction.clear();
  ElementWalk(resource.document(), {nullptr, &sites, &extraction}).run(resource);
}

/// The site that was noted last is what the paths at `state` select.
void ElementWalk::note_reference(std::uint16_t state) {
  static const TypeId patient = *type_id("Patient");
  Extraction& to = *wanted_.extraction;
  const auto index = static_cast<std::uint32_t>(wanted_.sites->sites.size() - 1);
  const Site& site = wanted_.sites->sites.back();
  if (site.kind == SiteKind::fragment) {
    return;  // what is contained is found through its container
  }
  const bool is_unknown = site.kind == SiteKind::urn;
  bool is_in_compartment = false;
  for (const PathAction& action : actions(state)) {
    if ((action.flags & action_reference) == 0) {
      continue;
    }
    const bool has_only = action.only != any_type;
    if (has_only && !is_unknown && (!site.type || site.type->value != action.only)) {
      continue;
    }
    to.references.push_back(
        {ParamId{action.param}, index,
         has_only && is_unknown ? std::optional(TypeId{action.only}) : std::nullopt});
    is_in_compartment = is_in_compartment || (action.flags & action_patient_compartment) != 0;
  }
  if (is_in_compartment && (is_unknown || site.type == patient)) {
    to.patients.push_back(index);
  }
}

Span ElementWalk::keep_text(std::optional<JsonValue> value) {
  if (!value || !value->is_string()) {
    return {};
  }
  Bytes& to = wanted_.extraction->text;
  const auto begin = static_cast<std::uint32_t>(to.size());
  to.append(value->text(scratch_));
  return {begin, static_cast<std::uint32_t>(to.size())};
}

void ElementWalk::note_identifier(JsonValue value, std::uint16_t state) {
  for (const PathAction& action : actions(state)) {
    if ((action.flags & action_identifier) != 0) {
      const Span system = keep_text(value.find("system"));
      const Span text = keep_text(value.find("value"));
      wanted_.extraction->identifiers.push_back({ParamId{action.param}, system, text});
    }
  }
}

}  // namespace holdfast::fhir
