// views/undo.h: what search no longer finds but open pages still do. A superseded version's
// postings move here under the same keys, with the position that removed them, for 15 minutes of
// journal time.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "views/overlay.h"
#include "views/postings.h"
#include "views/state.h"

namespace holdfast::views {

inline constexpr std::int64_t undo_kept_ms = 15 * 60 * 1000;
/// Superseded versions forgotten per entry, at most: more than an entry supersedes on average, so
/// that the queue drains; the rest waits for the next entry.
inline constexpr std::size_t undo_versions_pruned_max = 256;

/// Version `row` stops being current with the entry of `state`: its postings, the same that were
/// written, leave the index and go to undo.
void supersede(WorkLayer& layer, State& state, RowId row, const Postings& postings,
               Bug bug = Bug::none);

/// The value of a row of the undo table: when its posting went.
[[nodiscard]] Bytes encode_undo(Position removed);
[[nodiscard]] Result<Position> decode_undo(BytesView value);

/// Forgets what was superseded more than undo_kept_ms before `now`, at most
/// undo_versions_pruned_max versions, and says in `state.undo_pruned` up to where. Once per entry.
Result<void> prune_undo(WorkLayer& layer, State& state, Time now);

}  // namespace holdfast::views
