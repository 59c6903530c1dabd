// fhir/params/compile.h: from search parameters as the definitions write them to indexes.
#pragma once

#include <span>
#include <string>

#include "fhir/params/definition.h"
#include "fhir/search_params.h"

namespace holdfast::fhir {

/// What an epoch has beside the parameters that are built in. Borrowed while it is compiled.
struct EpochSource {
  /// One with the code of a built-in parameter takes its place, for the types it is for.
  std::span<const ParamDefinition> current;
  /// Of the epochs before, in their order: nobody searches by them, but what they index goes on
  /// being written.
  std::span<const ParamDefinition> former;
  /// Numbers that are given out already: SearchParams::catalogue() of a view.
  std::span<const std::string> catalogue;
};

/// The search parameters of FHIR R4, and those of `source`, compiled: about ten milliseconds. Those
/// without an index say why (SearchParam::unsupported); an expression that is wrong is such a
/// reason. The same source gives the same numbers.
[[nodiscard]] SearchParams compile_search_params(const EpochSource& source = {});

/// Those of FHIR R4 alone, compiled once. From any thread.
[[nodiscard]] const SearchParams& standard_search_params();

}  // namespace holdfast::fhir
