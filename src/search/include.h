// search/include.h: what `_include` and `_revinclude` add to a page.
// https://hl7.org/fhir/R4/search.html#include
#pragma once

#include <cstddef>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "search/criteria.h"
#include "search/page.h"

namespace holdfast::search {

/// Resources that one page may bring with it.
inline constexpr std::size_t included_max = 10'000;

/// Rows that the includes of `criteria` lead to from the rows of a page, each once and none that is
/// on the page; in the order in which they are reached. Code::too_costly beyond included_max.
[[nodiscard]] Result<std::vector<RowId>> included_rows(const Source& source,
                                                       const std::vector<Include>& includes,
                                                       const Snapshot& snapshot,
                                                       const std::vector<RowId>& page,
                                                       const PageLimits& limits = {});

}  // namespace holdfast::search
