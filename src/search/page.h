// search/page.h: the rows that a query finds, page by page, all as of one moment. Whatever is
// written between two pages, no resource comes twice and none is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "search/criteria.h"
#include "views/kv.h"
#include "views/state.h"

namespace holdfast::search {

/// The moment that all pages of one search show. Rows above `row` are invisible.
struct Snapshot {
  Position position;
  RowId row;
  Time time;
  bool operator==(const Snapshot&) const = default;
};
[[nodiscard]] constexpr Snapshot snapshot_of(const views::State& state) {
  return {state.position, state.last_row, state.time};
}

/// Work that one page may cost. Counted in candidates looked at, not in time, so that an answer
/// does not depend on the machine.
struct PageLimits {
  std::uint64_t candidates_max = 2'000'000;
  Bug planted = Bug::none;
};

struct Page {
  std::vector<RowId> rows;      ///< of the versions found, in the order asked for
  std::optional<RowId> cursor;  ///< what the next page comes after; nothing: this is the last
  std::optional<std::uint64_t> total;  ///< where it was asked for, exact
  std::uint64_t candidates = 0;        ///< looked at
};

/// The page after `after` (nothing: the first). Code::expired when the view no longer remembers
/// the snapshot, unavailable when it has not got there yet, too_costly over the limits.
[[nodiscard]] Result<Page> run(const views::Reader& reader, const Criteria& criteria,
                               const Snapshot& snapshot, std::optional<RowId> after,
                               const PageLimits& limits = {});

}  // namespace holdfast::search
