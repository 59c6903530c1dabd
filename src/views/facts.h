// views/facts.h: the state digest and the counts computed anew from the rows themselves, for
// verify: what apply added up entry by entry must come out again.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/state.h"

namespace holdfast::views {

struct Facts {
  Digest digest;
  RowId last_row;               ///< rows are dense: also how many versions there are
  std::uint64_t resources = 0;  ///< current and not deleted
  std::uint64_t deleted = 0;    ///< current, a deletion
  std::uint64_t listed = 0;     ///< rows of the type listing: must equal resources
};

/// Reads every body and every current row. Code::corrupt where a row is missing, cannot be read,
/// or where body, current, history and listing do not agree with one another.
[[nodiscard]] Result<Facts> digest_of_view(const Reader& reader, const BodyCodec& codec);

}  // namespace holdfast::views
