// search/value_body.h: a criterion's values asked of a body, by the code that wrote the keys.
// Inside search/ only.
#pragma once

#include <vector>

#include "base/result.h"
#include "search/candidate.h"
#include "search/value_query.h"

namespace holdfast::search {

/// Whether any value that the candidate has of the parameter passes any of the queries.
[[nodiscard]] Result<bool> asked_of_body(Candidate& candidate, const fhir::SearchParam& param,
                                         const std::vector<ValueQueryPtr>& any);
/// The smallest of its keys, without row, of which that is so; empty if there is none. The
/// candidate is loaded.
[[nodiscard]] Bytes first_key(Candidate& candidate, const fhir::SearchParam& param,
                              const std::vector<ValueQueryPtr>& any);

}  // namespace holdfast::search
