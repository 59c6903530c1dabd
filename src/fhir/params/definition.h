// fhir/params/definition.h: a search parameter that is not built in, as its SearchParameter
// resource says it. https://hl7.org/fhir/R4/searchparameter.html
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/json.h"
#include "fhir/type.h"

namespace holdfast::fhir {

struct ParamDefinition {
  /// One part of a composite.
  struct Part {
    std::string definition;  ///< the SearchParameter's url
    std::string expression;
    bool operator==(const Part&) const = default;
  };
  std::string url;
  std::string code;
  ParamKind kind = ParamKind::token;
  std::vector<TypeId> base;    ///< ascending, at least one
  std::string expression;      ///< empty where the resource gives none
  std::vector<TypeId> target;  ///< of a reference: ascending; empty is any
  std::vector<Part> parts;     ///< of a composite

  bool operator==(const ParamDefinition&) const = default;
};

/// Code::value names the resource by its url and says what of it cannot be used: another type of
/// resource, no url, code, type or base, a code that no address can carry, an unknown type.
[[nodiscard]] Result<ParamDefinition> read_param_definition(JsonValue resource);

}  // namespace holdfast::fhir
