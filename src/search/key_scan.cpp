// search/key_scan.cpp: postings in the order of their keys.
#include <algorithm>

#include "search/rows.h"
#include "views/keys.h"
#include "views/undo.h"

namespace holdfast::search {

using views::Direction;

bool is_seen(const Moment& moment, const views::Cursor& cursor, RowId row, bool undo,
             Error& corrupt) {
  if (row > moment.row_max) {
    return false;
  }
  if (!undo) {
    return true;
  }
  const Result<Position> removed = views::decode_undo(cursor.value());
  if (!removed) {
    corrupt = removed.error();
    return false;
  }
  return *removed > moment.position;
}

namespace {

// As `<`. Asked for every key of a page, and the first eight bytes mostly say it.
bool is_before(BytesView a, BytesView b) {
  if (a.size() >= sizeof(std::uint64_t) && b.size() >= sizeof(std::uint64_t)) {
    const auto first = load_big<std::uint64_t>(a.data());
    const auto second = load_big<std::uint64_t>(b.data());
    if (first != second) {
      return first < second;
    }
  }
  return a < b;
}

}  // namespace

KeyScan::KeyScan(const Moment& moment, BytesView from, BytesView until, Direction direction)
    : moment_(moment), direction_(direction) {
  open(from, until);
  settle();
}

KeyScan::KeyScan(const Moment& moment, BytesView prefix)
    : moment_(moment), direction_(Direction::forward) {
  open(prefix, views::after_prefix(prefix));
}

void KeyScan::open(BytesView from, BytesView until) {
  posting_ = moment_.reader.scan(views::Table::posting, from, until, direction_);
  if (!moment_.latest) {
    undo_ = moment_.reader.scan(views::Table::undo, from, until, direction_);
  }
}

BytesView KeyScan::value_key() const { return key_.substr(0, key_.size() - views::row_key_bytes); }

void KeyScan::next() {
  at_->next();
  settle();
}

void KeyScan::seek(BytesView key) {
  for (views::Cursor* cursor : {posting_.get(), undo_.get()}) {
    if (cursor != nullptr && cursor->valid()) {
      const bool is_before =
          direction_ == Direction::forward ? cursor->key() < key : cursor->key() > key;
      if (is_before) {
        cursor->seek(key);
      }
    }
  }
  settle();
}

void KeyScan::enter(BytesView from, BytesView until) {
  until_ = until;
  posting_->seek(from);
  if (undo_) {
    undo_->seek(from);
  }
  settle();
}

void KeyScan::pass_unseen(views::Cursor& cursor, bool undo) {
  while (is_inside(cursor) && corrupt_.what.empty() &&
         !is_seen(moment_, cursor, views::row_at_end(cursor.key()), undo, corrupt_)) {
    cursor.next();
  }
}

void KeyScan::settle() {
  at_ = nullptr;
  if (undo_) {
    settle_between();
  } else {
    settle_without_undo();
  }
}

// Most scans are of the newest moment, and every key of a page goes through here.
void KeyScan::settle_without_undo() {
  for (; posting_->valid(); posting_->next()) {
    show(*posting_);
    if (!until_.empty() && !is_before(key_, until_)) {
      break;
    }
    if (row_ <= moment_.row_max) {
      at_ = posting_.get();
      return;
    }
  }
}

void KeyScan::settle_between() {
  pass_unseen(*posting_, false);
  pass_unseen(*undo_, true);
  // Behind a fault of either table nothing is shown. A cursor that is valid has none.
  const bool both_go_on = corrupt_.what.empty() && posting_->valid() && undo_->valid();
  if (!both_go_on && !status()) {
    return;
  }
  if (is_inside(*posting_)) {
    at_ = posting_.get();
  }
  if (is_inside(*undo_)) {
    const bool is_first =
        at_ == nullptr || (direction_ == Direction::forward ? undo_->key() < posting_->key()
                                                            : undo_->key() > posting_->key());
    at_ = is_first ? undo_.get() : at_;
  }
  if (at_ != nullptr) {
    show(*at_);
  }
}

void KeyScan::show(views::Cursor& cursor) {
  key_ = cursor.key();
  row_ = views::row_at_end(key_);
}

Result<void> KeyScan::status() const {
  if (!corrupt_.what.empty()) {
    return fail(corrupt_);
  }
  TRY_OK(posting_->status());
  return undo_ ? undo_->status() : ok();
}

Result<bool> has_posting(const Moment& moment, BytesView prefix, RowId row) {
  Bytes key(prefix);
  views::append_row(key, row);
  TRY(const auto now, moment.reader.get(views::Table::posting, key));
  if (now || moment.latest) {
    return now.has_value();
  }
  TRY(const auto removed, moment.reader.get(views::Table::undo, key));
  if (!removed) {
    return false;
  }
  TRY(const Position position, views::decode_undo(*removed));
  return position > moment.position;
}

}  // namespace holdfast::search
