// search/page.h: the rows that a query finds, page by page, all as of one moment. Whatever is
// written between two pages, no resource comes twice and none is left out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "search/criteria.h"
#include "views/body.h"
#include "views/body_cache.h"
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

/// What a search reads. Borrows.
struct Source {
  const views::Reader& reader;
  const views::BodyCodec& codec;
  const fhir::SearchParams& params;
  /// Where bodies that are read for a reply are kept, if `reader` shows what is published.
  views::BodyCache* bodies = nullptr;
};

/// Work that one page may cost: keys looked at, a body counting as twenty. Not time, so that an
/// answer does not depend on the machine.
struct PageLimits {
  std::uint64_t candidates_max = 2'000'000;
  /// What asking a body costs, in keys that are held against lists. The answer is the same whatever
  /// it is; tests make it small to see both ways.
  std::size_t keys_a_body = 16;
  Bug planted = Bug::none;
};

/// What the next page comes after. The order was chosen at the first page and stays.
struct PageCursor {
  enum class Order : std::uint8_t {
    rows,    ///< by `row`
    values,  ///< by the keys of criterion `criterion`: `key`, then `row`
    sorted,  ///< by the sort keys: `key` is theirs, then `row`
  };
  Order order = Order::rows;
  std::uint32_t criterion = 0;
  Bytes key;
  RowId row;
  bool operator==(const PageCursor&) const = default;
};

struct Found {
  RowId row;
  Bytes key;  ///< PageCursor::key of this row
  /// The version itself, where it was read to find it and bodies_kept_max has room.
  std::shared_ptr<const views::Body> body = nullptr;
};
/// Bytes of the bodies that one page keeps.
inline constexpr std::size_t bodies_kept_max = std::size_t{4} << 20U;

struct Page {
  std::vector<Found> found;  ///< the versions found, in the order asked for
  /// What a page that ends after found[i] has to be continued with.
  [[nodiscard]] PageCursor cursor_after(std::size_t i) const;
  bool more = false;                   ///< something comes after the last of them
  std::optional<std::uint64_t> total;  ///< of the first page, where it was asked for; exact
  std::uint64_t spent = 0;             ///< of PageLimits::candidates_max
  PageCursor::Order order = PageCursor::Order::rows;
  std::uint32_t criterion = 0;
};

/// Whether the record still stands at the snapshot. Code::expired when the view no longer remembers
/// it, unavailable when it has not got there yet.
[[nodiscard]] Result<bool> is_latest(const Source& source, const Snapshot& snapshot);

/// The page after `after` (nothing: the first). Code::expired when the view no longer remembers
/// the snapshot, unavailable when it has not got there yet, too_costly over the limits.
[[nodiscard]] Result<Page> run(const Source& source, const Criteria& criteria,
                               const Snapshot& snapshot, const std::optional<PageCursor>& after,
                               const PageLimits& limits = {});

/// How a search was gone about.
struct Explanation {
  /// One criterion, of one type.
  struct Part {
    fhir::TypeId type;
    std::string asked;                 ///< "code=1234-5"
    std::vector<std::string> indexes;  ///< the paths that it is looked for in
    std::string plan;
    std::optional<std::uint64_t> measured;  ///< rows, or keys of its values; measured_max: or more
  };
  std::vector<Part> parts;
  std::size_t types_alike = 0;  ///< types beyond explained_types_max, which parts leave out
  std::string order;
  std::uint64_t found = 0;  ///< on the first page
  bool more = false;
  std::optional<std::uint64_t> total;
  std::uint64_t spent = 0;
  std::uint64_t candidates_max = 0;
  std::string refused;  ///< why there is no first page; empty where there is one

  static constexpr std::uint64_t measured_max = 10'000;
  static constexpr std::size_t explained_types_max = 4;
};

/// Runs the first page, and tells how. Fails where the criteria cannot be asked at all; a search
/// that costs too much is explained.
[[nodiscard]] Result<Explanation> explain(const Source& source, const Criteria& criteria,
                                          const Snapshot& snapshot, const PageLimits& limits = {});
/// For a person to read: a few lines, each ending in a line feed.
[[nodiscard]] std::string text_of(const Explanation& explanation);

}  // namespace holdfast::search
