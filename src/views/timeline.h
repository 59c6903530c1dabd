// views/timeline.h: the versions of one resource, of a type, or of everything, in the order in
// which they were made: what a history lists. Rows grow with position and a row never changes, so
// what a timeline shows up to some row is the same for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/type.h"
#include "views/kv.h"

namespace holdfast::views {

/// Whose versions.
struct TimelineScope {
  std::optional<fhir::TypeId> type;  ///< nothing: of every type
  std::string id;                    ///< with a type only; empty: all of that type
  bool operator==(const TimelineScope&) const = default;
};

/// Rows [first, last]; none where last < first.
struct RowRange {
  RowId first{1};
  RowId last;
};

/// Rows of the scope's versions in `range`, deletions included: oldest first (forward) or newest
/// first (backward), at most `limit`, those behind `after` in that direction. Code::expired if
/// `after` is no row of the resource: then it comes from another record. Costs what is found; of
/// one resource, the keys of its versions outside of the range too.
[[nodiscard]] Result<std::vector<RowId>> read_timeline(const Reader& reader,
                                                       const TimelineScope& scope, RowRange range,
                                                       Direction direction,
                                                       std::optional<RowId> after,
                                                       std::size_t limit);

/// How many there are in `range`; of a type nothing where there are more than `counted_max`, since
/// they must be counted.
[[nodiscard]] Result<std::optional<std::uint64_t>> count_timeline(const Reader& reader,
                                                                  const TimelineScope& scope,
                                                                  RowRange range,
                                                                  std::size_t counted_max);

/// The row of the version that took the place of the one in `row`; nothing while that one is the
/// newest.
[[nodiscard]] Result<std::optional<RowId>> successor_of(const Reader& reader, RowId row);

}  // namespace holdfast::views
