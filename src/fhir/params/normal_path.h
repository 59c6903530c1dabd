// fhir/params/normal_path.h: a search parameter's expression as the paths that it stands for.
// Inside this folder only.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/path/syntax.h"
#include "fhir/selector.h"
#include "fhir/type.h"

namespace holdfast::fhir::params {

/// One path, and what it ends in.
struct NormalPath {
  Selector selector;
  std::optional<TypeId> only;  ///< where(resolve() is T)
  bool is_root = false;        ///< it is the value it starts from
};

/// The paths of a union that begin at a value of `start`: those written from the name of `type` (or
/// of Resource, DomainResource), and those that name no type. Parts that are about other types are
/// left out. Code::unsupported names what is no path: then it has to be evaluated.
[[nodiscard]] Result<std::vector<NormalPath>> normal_paths(const path::Syntax& syntax, TypeId type,
                                                           const StructureRow& start);

/// Of "P.exists() and P != false" the path P; nothing of any other expression.
[[nodiscard]] std::string_view truth_path(std::string_view expression);

/// Whether values of the row can be indexed as that kind. https://hl7.org/fhir/R4/search.html#table
[[nodiscard]] bool is_indexable(ParamKind kind, const ElementRow& row);

}  // namespace holdfast::fhir::params
