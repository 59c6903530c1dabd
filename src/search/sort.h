// search/sort.h: what `_sort` orders by. Inside search/ only.
// https://hl7.org/fhir/R4/search.html#sort
#pragma once

#include <optional>
#include <vector>

#include "base/planted.h"
#include "base/result.h"
#include "search/candidate.h"
#include "search/criteria.h"
#include "search/finder.h"

namespace holdfast::search {

/// What a resource is sorted by, one for each key: rising bytes. Of several values the smallest, or
/// of a descending key the largest. Nothing where it has none: that comes last, either way.
using SortValues = std::vector<std::optional<Bytes>>;

[[nodiscard]] Result<SortValues> sort_values(Candidate& candidate,
                                             const std::vector<SortKey>& keys);
/// Whether `a` comes before `b`. Rows decide among equals: earlier ones first, or with a descending
/// first key later ones.
[[nodiscard]] bool sorts_before(const std::vector<SortKey>& keys, const SortValues& a, RowId row_a,
                                const SortValues& b, RowId row_b);

/// A form of a parameter of that kind as what it is sorted by.
[[nodiscard]] Bytes sort_form(fhir::ParamKind kind, BytesView form);

[[nodiscard]] Bytes encode_sort_values(const SortValues& values);
[[nodiscard]] Result<SortValues> decode_sort_values(BytesView bytes);

/// A row with what it is sorted by.
struct Sorted {
  SortValues values;
  RowId row;
};

class KeyOrder;

/// Rows of which all criteria hold, in order of the keys. Few are collected and sorted; of many the
/// first key's index is read in its order, and each row asked. Where it turns out that this costs
/// more than to collect them, they are: the order is the same.
class SortedOrder {
 public:
  SortedOrder(Finder& finder, const std::vector<SortKey>& keys, const PageLimits& limits);
  ~SortedOrder();
  /// Before next(): continues after the cursor.
  Result<void> begin(const std::optional<PageCursor>& after);
  Result<std::optional<Sorted>> next();

 private:
  using Item = Sorted;

  Result<bool> goes_by_index();
  Result<bool> allow_more_keys();
  Result<void> begin_collected();
  Result<std::optional<ValueAt>> next_key();
  Result<bool> collect(std::size_t most);
  void sort_collected();
  [[nodiscard]] bool is_after_cursor(const Item& item) const;
  [[nodiscard]] bool comes_before(const Item& a, const Item& b) const {
    return sorts_before(keys_, a.values, a.row, b.values, b.row);
  }
  Result<bool> read_group();
  Result<bool> read_valueless();

  Finder& finder_;
  const std::vector<SortKey>& keys_;
  const PageLimits limits_;
  std::optional<Item> cursor_;
  std::vector<Item> items_;  // sorted; handed out from the front
  std::size_t at_ = 0;
  std::unique_ptr<KeyOrder> order_;  // null: all were collected
  std::size_t chunk_;                // keys that are read ahead and held against the lists
  std::vector<ValueAt> ahead_;       // of them those that the lists have: what it is sorted by
  std::size_t ahead_at_ = 0;
  std::size_t keys_read_ = 0;
  std::size_t keys_max_ = SIZE_MAX;  // then it is asked whether to go on
  std::size_t counted_max_ = 0;      // rows of the lists that were counted
  bool gave_up_ = false;             // all are to be collected
  std::optional<ValueAt> pending_;   // the first of the next group
  bool valueless_begun_ = false;
  TermPtr missing_;
  std::unique_ptr<Criterion> missing_criterion_;
  std::unique_ptr<Candidate> candidate_;
};

/// The same of several types.
class MergedOrder {
 public:
  /// Each finder with the keys of its type.
  void add(Finder& finder, const std::vector<SortKey>& keys, const PageLimits& limits);
  Result<void> begin(const std::optional<PageCursor>& after);
  /// To the next row; false at the end.
  Result<bool> next();
  /// Where next() came to.
  [[nodiscard]] Found found(std::size_t body_bytes_max) const;

 private:
  struct Head {
    std::unique_ptr<SortedOrder> order;
    const std::vector<SortKey>* keys;
    std::optional<Sorted> row = std::nullopt;
    bool read = false;
  };
  std::vector<Head> heads_;
  Head* first_ = nullptr;
};

}  // namespace holdfast::search
