// fhir/params/compile.h: from search parameters as the definitions write them to indexes.
#pragma once

#include "fhir/search_params.h"

namespace holdfast::fhir {

/// The search parameters of FHIR R4, compiled: about ten milliseconds. Those without an index say
/// why (SearchParam::unsupported).
[[nodiscard]] SearchParams compile_search_params();

/// The same, compiled once. From any thread.
[[nodiscard]] const SearchParams& standard_search_params();

}  // namespace holdfast::fhir
