// views/facts.h: the state digest and the counts computed anew from the rows themselves, for
// verify: what apply added up entry by entry must come out again.
//
// Each table is read once, from its beginning to its end. That the tables agree is seen by sums
// over what their rows say, as the state digest is one: no row is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

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

/// Reads every body, and every row of current, history, past and listing. Code::corrupt where a row
/// is missing or cannot be read; where the bodies are not exactly those that current and history
/// lead to; where the listing is not exactly what is current and not deleted; or where past is not
/// exactly all the rest.
[[nodiscard]] Result<Facts> digest_of_view(const Reader& reader, const BodyCodec& codec);

/// The parts of the same, which may be read at once by several threads.
struct BodyFacts {
  Digest digest;
  Digest versions;  ///< one fact a body: type, id, version, presence and row
  RowId first;      ///< of the bodies read
  RowId last;       ///< before `first` where there was none
};
struct IndexFacts {
  Digest versions;    ///< the same, as current and history say
  Digest present;     ///< one fact a resource that is not deleted: type and row
  Digest listed;      ///< the same, as the listing says
  Digest superseded;  ///< one fact a deletion or version no longer current: type and row
  Digest past;        ///< the same, as Table::past says
  Digest messages;    ///< one fact an attempt at a message
  Digest outbox;      ///< one fact a row of the outbox
  Digest before;      ///< one fact a row of what was not taken up
  std::uint64_t resources = 0;
  std::uint64_t deleted = 0;
  std::uint64_t listings = 0;
};
/// Bodies from row `first` on, before row `until` (nothing: to the end, wherever that is).
[[nodiscard]] Result<BodyFacts> read_bodies(const Reader& reader, const BodyCodec& codec,
                                            RowId first, std::optional<RowId> until);
[[nodiscard]] Result<IndexFacts> read_indexes(const Reader& reader);
/// `bodies` in order of their rows, from row 1 to the end.
[[nodiscard]] Result<Facts> compare(std::span<const BodyFacts> bodies, const IndexFacts& indexes);

}  // namespace holdfast::views
