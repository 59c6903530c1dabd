// fhir/path/invariants.h: the invariants of the FHIR R4 definitions, read from their files, for
// tests and timing: validation has its own, compiled ones.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/json.h"
#include "fhir/path/types.h"

namespace holdfast::fhir::path {

/// A structure by its whole name, "Patient.contact" too; unknown_type if there is none.
inline TypeRef structure_named(std::string_view wanted) {
  for (std::uint32_t i = 0; i < tables::structure_count; ++i) {
    const StructureId id{static_cast<std::uint16_t>(i)};
    if (name(structure(id)) == wanted) {
      return type_of(id);
    }
  }
  return unknown_type;
}

struct Invariant {
  std::string key;
  std::string expression;
  std::string path;      ///< of the element that it is about: "Patient.contact"
  bool is_error = true;  ///< and not a warning
};

/// Those of a StructureDefinition, by the structure whose elements they are about; what stands at
/// an element without structure of its own is left out, and so are definitions that are profiles.
inline void add_invariants(JsonValue definition,
                           std::map<std::string, std::vector<Invariant>>& to) {
  const auto snapshot = definition.find("snapshot");
  const auto derivation = definition.find("derivation");
  if (!snapshot || (derivation && derivation->equals("constraint"))) {
    return;
  }
  for (const JsonValue element : snapshot->find("element")->children()) {
    const std::string path = element.find("path")->text();
    const auto constraints = element.find("constraint");
    if (!constraints || !structure_named(path).is_known()) {
      continue;
    }
    for (const JsonValue constraint : constraints->children()) {
      if (const auto expression = constraint.find("expression")) {
        to[path].push_back({constraint.find("key")->text(), expression->text(), path,
                            constraint.find("severity")->equals("error")});
      }
    }
  }
}

}  // namespace holdfast::fhir::path
