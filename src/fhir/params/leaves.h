// fhir/params/leaves.h: what of a path's end can be indexed, and how people read a path. Inside
// this folder only.
#pragma once

#include <string>
#include <vector>

#include "fhir/params/normal_path.h"
#include "fhir/search_params.h"

namespace holdfast::fhir::params {

/// What can be indexed of a path's end: the rows of that kind; of names and addresses their parts.
[[nodiscard]] std::vector<Selector> leaves(ParamKind kind, const NormalPath& path);

/// Resource.id, meta.versionId and meta.lastUpdated: not in the body when its values are extracted.
[[nodiscard]] bool is_given_here(const Selector& selector);

/// "Observation.component.code"
[[nodiscard]] std::string path_text(TypeId type, const Selector& selector);
/// " (code & value(Quantity))"
[[nodiscard]] std::string parts_text(TypeId type, const std::vector<IndexPart>& parts);

}  // namespace holdfast::fhir::params
