// search/list_members.h: whether rows that a moment sees are in posting lists: out of a hot list
// where there is one, and else out of the store. Inside search/ only.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "search/hot_lists.h"
#include "search/moment.h"
#include "search/rows.h"

namespace holdfast::search {

/// One list, within one search.
class ListMembers {
 public:
  /// Of the keys that begin with `prefix`, a whole form.
  ListMembers(const Moment& moment, Bytes prefix) : moment_(moment), prefix_(std::move(prefix)) {}

  Result<bool> has(RowId row);
  /// Leaves of `rows` those that it has, in their order.
  Result<void> sift(std::vector<RowId>& rows);

 private:
  void find_set();
  [[nodiscard]] bool knows(RowId row) const;
  Result<void> note_misses(std::size_t count);
  Result<void> read_on(std::size_t keys);

  const Moment& moment_;
  const Bytes prefix_;
  bool sought_ = false;
  bool usable_ = false;  // a set may be made or continued here
  ListSetPtr set_;       // null: none yet
};

/// The rows of any of some lists: of so few that each may be asked.
class AnyMembers {
 public:
  static constexpr std::size_t lists_max = 16;

  AnyMembers(const Moment& moment, const std::vector<Bytes>& prefixes);
  /// Leaves of `rows` those that any list or `others` (null: none) has, in their order.
  Result<void> sift(std::vector<RowId>& rows, const RowSet& others);
  /// Asked one after the other; each that is asked is one key of the budget.
  Result<bool> has(RowId row);

 private:
  const Moment& moment_;
  std::vector<ListMembers> lists_;
};

}  // namespace holdfast::search
