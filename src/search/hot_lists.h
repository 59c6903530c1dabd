// search/hot_lists.h: posting lists that are asked often, as sets of rows, shared by all searches
// of one record. docs/adr/0015.
//
// A set says of each row up to `covered` whether it was ever in the list; which of those rows a
// moment sees it does not say. What must hold:
// 1. A version never changes, and neither does what it is found by. So of a row that the moment
// sees,
//    "it was put into the list" and "the list has it" are the same, whatever was written since.
// 2. A set is made of postings and of all undo rows of one view: of every row that is seen at any
//    position from `since` on, where `since` is up to where that view's undo rows are gone.
// 3. A set is continued, never changed: behind `covered` postings and undo rows are read on.
// Nobody can tell from an answer, or from what it cost in keys, whether a set was there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/planted.h"
#include "search/row_ids.h"

namespace holdfast::search {

/// Rows from 1 up to `covered`. Immutable; one that goes on shares what it has with the one before.
class ListSet {
 public:
  [[nodiscard]] RowId covered() const { return covered_; }
  /// It says nothing at moments before.
  [[nodiscard]] Position since() const { return since_; }
  /// Of a row that is covered.
  [[nodiscard]] bool has(RowId row) const {
    const std::uint64_t at = row.value / chunk_rows;
    return at < chunks_.size() && chunks_[at] && chunks_[at]->has(row.value % chunk_rows);
  }
  /// Memory that it and all it shares take.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// The same, and `rows`, which rise and are all behind covered().
  [[nodiscard]] std::shared_ptr<const ListSet> continued(const std::vector<RowId>& rows,
                                                         RowId covered, Position since) const;

 private:
  static constexpr std::uint64_t chunk_rows = std::uint64_t{1} << 16U;
  /// More than these are a bit for each row that there could be: at most four times the room, and
  /// found at once.
  static constexpr std::size_t few_max = chunk_rows / 64;

  class Chunk {
   public:
    [[nodiscard]] bool has(std::uint64_t row) const;
    void add(std::uint64_t row);
    [[nodiscard]] std::size_t bytes() const;

   private:
    std::vector<std::uint16_t> few_;   // rising
    std::vector<std::uint64_t> bits_;  // instead of them
  };

  RowId covered_;
  Position since_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;  // null: none
  std::size_t bytes_ = sizeof(ListSet);
};
using ListSetPtr = std::shared_ptr<const ListSet>;

struct HotListsLimits {
  /// Memory of all sets together.
  std::size_t bytes_max = std::size_t{16} << 20U;
  /// A look at a list in the store costs about as much as to read so many keys of it.
  std::size_t keys_a_miss = 16;
  /// To begin to read costs a seek or two, so it is done for several looks.
  std::size_t misses_a_reading = 16;
  /// Rows whose ids are kept beside the sets, 32 bytes each.
  std::size_t ids_kept = std::size_t{1} << 15U;
  Bug planted = Bug::none;
};

/// From any thread. Which lists become sets depends on what was asked before, and answers do not.
class HotLists {
 public:
  explicit HotLists(const HotListsLimits& limits) : limits_(limits), ids_(limits.ids_kept) {}

  /// Of the list whose keys begin with `prefix`; null if there is none yet.
  [[nodiscard]] ListSetPtr find(BytesView prefix);
  /// So many rows had to be looked for in the store. How many keys of the list are worth reading on
  /// now: as many as cost no more than those looks, so that to make sets at most doubles what was
  /// asked. 0: none yet, or the list is too long.
  [[nodiscard]] std::size_t note_misses(BytesView prefix, std::size_t count);
  /// Offers a set that goes on from what find() gave. The one that goes on furthest is kept.
  void offer(BytesView prefix, ListSetPtr set);

  /// Ids that were looked up lately, shared by the same searches.
  [[nodiscard]] RowIds& ids() { return ids_; }

  [[nodiscard]] Bug planted() const { return limits_.planted; }
  /// Memory held now, and how many sets, for tests and metrics.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t sets() const;

  /// No list takes more than that part of the whole; of a longer one only its beginning is a set.
  static constexpr std::size_t share = 8;

 private:
  struct Entry {
    Bytes prefix;
    ListSetPtr set;
    std::size_t misses = 0;
  };
  using Entries = std::list<Entry>;
  [[nodiscard]] static std::size_t bytes_of(const Entry& entry);
  Entry& touch(BytesView prefix);
  void forget_oldest(std::vector<Entry>& forgotten);

  const HotListsLimits limits_;
  RowIds ids_;
  mutable std::mutex mutex_;
  Entries entries_;  // that which was asked last in front
  std::unordered_map<BytesView, Entries::iterator> by_prefix_;  // views of Entry::prefix
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::search
