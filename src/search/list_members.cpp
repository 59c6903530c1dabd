#include "search/list_members.h"

#include <algorithm>
#include <iterator>

#include "views/keys.h"

namespace holdfast::search {

// A set of a moment so much later that undo rows of this one are gone may lack some of its rows.
void ListMembers::find_set() {
  if (sought_ || moment_.lists == nullptr) {
    return;
  }
  sought_ = true;
  set_ = moment_.lists->find(prefix_);
  usable_ = !set_ || set_->since() <= moment_.position ||
            moment_.lists->planted() == Bug::lists_of_any_moment;
  if (!usable_) {
    set_ = nullptr;
  }
}

bool ListMembers::knows(RowId row) const {
  return set_ && (row <= set_->covered() || moment_.lists->planted() == Bug::lists_not_continued);
}

Result<void> ListMembers::note_misses(std::size_t count) {
  if (usable_ && count > 0) {
    if (const std::size_t keys = moment_.lists->note_misses(prefix_, count); keys > 0) {
      return read_on(keys);
    }
  }
  return ok();
}

Result<bool> ListMembers::has(RowId row) {
  find_set();
  if (!knows(row)) {
    TRY_OK(note_misses(1));
  }
  return knows(row) ? set_->has(row) : has_posting(moment_, prefix_, row);
}

Result<void> ListMembers::sift(std::vector<RowId>& rows) {
  find_set();
  if (knows(moment_.row_max)) {
    std::erase_if(rows, [&](RowId row) { return !set_->has(row); });
    return ok();
  }
  const auto is_unknown = [&](RowId row) { return !knows(row); };
  TRY_OK(note_misses(static_cast<std::size_t>(std::ranges::count_if(rows, is_unknown))));
  std::vector<RowId> unknown;
  std::ranges::copy_if(rows, std::back_inserter(unknown), is_unknown);
  if (!unknown.empty()) {
    TRY_OK(sift_by(*posting_rows(moment_, views::Direction::forward, prefix_), unknown));
    std::ranges::sort(unknown);
  }
  std::erase_if(rows, [&](RowId row) {
    return knows(row) ? !set_->has(row) : !std::ranges::binary_search(unknown, row);
  });
  return ok();
}

// Postings and undo rows, whatever the moment sees of them: from other moments other rows are.
Result<void> ListMembers::read_on(std::size_t keys) {
  const ListSetPtr before = set_ ? set_ : std::make_shared<const ListSet>();
  if (before->covered() >= moment_.newest) {
    return ok();
  }
  Bytes from = prefix_;
  views::append_row(from, RowId{before->covered().value + 1});
  Bytes until = prefix_;
  views::append_row(until, RowId{moment_.newest.value + 1});
  std::vector<std::unique_ptr<views::Cursor>> cursors;
  cursors.push_back(moment_.reader.scan(views::Table::posting, from, until,
                                        views::Direction::forward, views::Within::one_posting));
  if (moment_.lists->planted() != Bug::lists_without_undo) {
    cursors.push_back(moment_.reader.scan(views::Table::undo, from, until,
                                          views::Direction::forward, views::Within::one_posting));
  }
  std::vector<RowId> rows;
  RowId covered = moment_.newest;
  for (;;) {
    views::Cursor* first = nullptr;
    for (const auto& cursor : cursors) {
      if (!cursor->valid()) {
        TRY_OK(cursor->status());
      } else if (first == nullptr ||
                 views::row_at_end(cursor->key()) < views::row_at_end(first->key())) {
        first = cursor.get();
      }
    }
    if (first == nullptr) {
      break;
    }
    const RowId row = views::row_at_end(first->key());
    if (rows.size() == keys) {
      covered = RowId{row.value - 1};
      break;
    }
    rows.push_back(row);
    first->next();
  }
  set_ = before->continued(rows, covered, moment_.undo_gone);
  moment_.lists->offer(prefix_, set_);
  return ok();
}

// ---- several lists ----------------------------------------------------------------------------

AnyMembers::AnyMembers(const Moment& moment, const std::vector<Bytes>& prefixes) : moment_(moment) {
  lists_.reserve(prefixes.size());
  for (const Bytes& prefix : prefixes) {
    lists_.emplace_back(moment, prefix);
  }
}

Result<void> AnyMembers::sift(std::vector<RowId>& rows, const RowSet& others) {
  if (lists_.size() == 1 && !others) {
    return lists_.front().sift(rows);
  }
  std::vector<RowId> found;
  for (ListMembers& list : lists_) {
    std::vector<RowId> these = rows;
    TRY_OK(list.sift(these));
    found.insert(found.end(), these.begin(), these.end());
  }
  std::ranges::sort(found);
  std::erase_if(rows, [&](RowId row) {
    return !std::ranges::binary_search(found, row) &&
           !(others && std::ranges::binary_search(*others, row));
  });
  return ok();
}

Result<bool> AnyMembers::has(RowId row) {
  for (ListMembers& list : lists_) {
    TRY_OK(moment_.budget.spend(1));
    TRY(const bool found, list.has(row));
    if (found) {
      return true;
    }
  }
  return false;
}

}  // namespace holdfast::search
