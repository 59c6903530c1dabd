#include "search/rows.h"

#include <algorithm>

#include "views/keys.h"
#include "views/undo.h"

namespace holdfast::search {
namespace {

using views::Direction;

bool comes_before(Direction direction, RowId a, RowId b) {
  return direction == Direction::forward ? a < b : b < a;
}

/// Goes forward by steps where rows are near each other in a list, and else by seeks.
class Stride {
 public:
  void go(Rows& list, RowId row) {
    const bool tries = missed_ <= reached_ + misses_first;
    for (unsigned i = 0; tries && i < steps_a_seek && list.valid() && list.row() < row; ++i) {
      list.next();
    }
    if (!list.valid() || list.row() >= row) {
      ++reached_;
      return;
    }
    ++missed_;
    list.seek(row);
  }

 private:
  static constexpr unsigned steps_a_seek = 8;
  static constexpr std::size_t misses_first = 4;
  std::size_t reached_ = 0;
  std::size_t missed_ = 0;
};

// The rows of one prefix in one table.
class TableRows final : public Rows {
 public:
  TableRows(const Moment& moment, Direction direction, views::Table table, BytesView prefix)
      : moment_(moment),
        undo_(table == views::Table::undo),
        key_(prefix),
        prefix_size_(prefix.size()) {
    Bytes from(prefix);
    views::append_row(from, RowId{0});
    Bytes until(prefix);
    views::append_row(until, RowId{std::min(moment.row_max.value, views::row_max.value - 1) + 1});
    cursor_ = moment.reader.scan(table, from, until, direction, views::Within::one_posting);
    settle();
  }

  [[nodiscard]] bool valid() const override { return valid_; }
  [[nodiscard]] RowId row() const override { return row_; }
  void next() override {
    cursor_->next();
    settle();
  }
  void seek(RowId row) override {
    key_.resize(prefix_size_);
    views::append_row(key_, row);
    cursor_->seek(key_);
    settle();
  }
  [[nodiscard]] Result<void> status() const override {
    return corrupt_.what.empty() ? cursor_->status() : fail(corrupt_);
  }

 private:
  void settle() {
    valid_ = false;
    for (; cursor_->valid() && corrupt_.what.empty(); cursor_->next()) {
      row_ = views::row_at_end(cursor_->key());
      if (is_seen(moment_, *cursor_, row_, undo_, corrupt_)) {
        valid_ = true;
        return;
      }
    }
  }

  const Moment& moment_;
  const bool undo_;
  Bytes key_;
  const std::size_t prefix_size_;
  std::unique_ptr<views::Cursor> cursor_;
  RowId row_;
  bool valid_ = false;
  Error corrupt_;
};

class KnownRows final : public Rows {
 public:
  KnownRows(Direction direction, RowSet rows) : direction_(direction), rows_(std::move(rows)) {}
  [[nodiscard]] bool valid() const override { return at_ < rows_->size(); }
  [[nodiscard]] RowId row() const override {
    return direction_ == Direction::forward ? (*rows_)[at_] : (*rows_)[rows_->size() - 1 - at_];
  }
  void next() override { ++at_; }
  void seek(RowId wanted) override {
    if (direction_ == Direction::forward) {
      const auto begin = rows_->begin() + static_cast<std::ptrdiff_t>(at_);
      at_ =
          static_cast<std::size_t>(std::lower_bound(begin, rows_->end(), wanted) - rows_->begin());
    } else {
      const auto end = rows_->end() - static_cast<std::ptrdiff_t>(at_);
      at_ = static_cast<std::size_t>(rows_->end() - std::upper_bound(rows_->begin(), end, wanted));
    }
  }
  [[nodiscard]] Result<void> status() const override { return ok(); }

 private:
  const Direction direction_;
  const RowSet rows_;
  std::size_t at_ = 0;
};

// A heap of streams, the one that comes first on top.
class AnyOf final : public Rows {
 public:
  AnyOf(Direction direction, std::vector<std::unique_ptr<Rows>> streams)
      : direction_(direction), streams_(std::move(streams)) {
    for (const auto& stream : streams_) {
      if (stream->valid()) {
        heap_.push_back(stream.get());
      }
    }
    std::make_heap(heap_.begin(), heap_.end(), Later{direction_});
  }
  [[nodiscard]] bool valid() const override { return !heap_.empty() && !faulty_; }
  [[nodiscard]] RowId row() const override { return heap_.front()->row(); }
  void next() override {
    const RowId here = row();
    while (valid() && row() == here) {
      move_first([](Rows& rows) { rows.next(); });
    }
  }
  void seek(RowId target) override {
    while (valid() && comes_before(direction_, row(), target)) {
      move_first([&](Rows& rows) { rows.seek(target); });
    }
  }
  [[nodiscard]] Result<void> status() const override {
    for (const auto& stream : streams_) {
      TRY_OK(stream->status());
    }
    return ok();
  }

 private:
  struct Later {
    Direction direction;
    bool operator()(const Rows* a, const Rows* b) const {
      return comes_before(direction, b->row(), a->row());
    }
  };
  template <class Move>
  void move_first(Move&& move) {
    std::pop_heap(heap_.begin(), heap_.end(), Later{direction_});
    Rows& moved = *heap_.back();
    move(moved);
    if (moved.valid()) {
      std::push_heap(heap_.begin(), heap_.end(), Later{direction_});
      return;
    }
    heap_.pop_back();
    faulty_ = faulty_ || !moved.status();
  }

  Direction direction_;
  std::vector<std::unique_ptr<Rows>> streams_;
  std::vector<Rows*> heap_;
  bool faulty_ = false;  // what another stream may still have is not the whole answer
};

class RangeRows final : public Rows {
 public:
  RangeRows(Direction direction, std::vector<RowRange> ranges)
      : direction_(direction), ranges_(std::move(ranges)) {
    if (direction_ == Direction::backward) {
      std::reverse(ranges_.begin(), ranges_.end());
    }
    enter();
  }
  [[nodiscard]] bool valid() const override { return at_ < ranges_.size(); }
  [[nodiscard]] RowId row() const override { return row_; }
  void next() override {
    const bool forward = direction_ == Direction::forward;
    if (row_ == last_of(ranges_[at_])) {
      ++at_;
      enter();
    } else {
      row_ = RowId{forward ? row_.value + 1 : row_.value - 1};
    }
  }
  void seek(RowId target) override {
    while (valid() && comes_before(direction_, last_of(ranges_[at_]), target)) {
      ++at_;
      enter();
    }
    if (valid() && comes_before(direction_, row_, target)) {
      row_ = target;
    }
  }
  [[nodiscard]] Result<void> status() const override { return ok(); }

 private:
  [[nodiscard]] RowId last_of(const RowRange& range) const {
    return direction_ == Direction::forward ? RowId{range.until.value - 1} : range.from;
  }
  void enter() {
    if (valid()) {
      row_ = direction_ == Direction::forward ? ranges_[at_].from
                                              : RowId{ranges_[at_].until.value - 1};
    }
  }

  Direction direction_;
  std::vector<RowRange> ranges_;
  std::size_t at_ = 0;
  RowId row_;
};

}  // namespace

RowsPtr posting_rows(const Moment& moment, Direction direction, BytesView prefix) {
  auto now = std::make_unique<TableRows>(moment, direction, views::Table::posting, prefix);
  if (moment.latest) {
    return now;
  }
  auto removed = std::make_unique<TableRows>(moment, direction, views::Table::undo, prefix);
  if (!removed->valid() && removed->status()) {
    return now;
  }
  std::vector<RowsPtr> both;
  both.push_back(std::move(now));
  both.push_back(std::move(removed));
  return std::make_unique<AnyOf>(direction, std::move(both));
}

std::vector<RowId> sorted_rows(std::vector<RowId> rows) {
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

RowSet row_set(std::vector<RowId> rows) {
  return std::make_shared<const std::vector<RowId>>(sorted_rows(std::move(rows)));
}

RowsPtr known_rows(Direction direction, RowSet rows) {
  return std::make_unique<KnownRows>(direction, std::move(rows));
}

RowsPtr any_of(Direction direction, std::vector<RowsPtr> streams) {
  if (streams.size() == 1) {
    return std::move(streams.front());
  }
  return std::make_unique<AnyOf>(direction, std::move(streams));
}

Result<void> sift_by(Rows& stream, std::vector<RowId>& wanted) {
  std::vector<RowId> found;
  Stride stride;
  for (const RowId row : sorted_rows(wanted)) {
    stride.go(stream, row);
    if (!stream.valid()) {
      TRY_OK(stream.status());
      break;
    }
    if (stream.row() == row) {
      found.push_back(row);
    }
  }
  std::erase_if(wanted, [&](RowId row) { return !std::ranges::binary_search(found, row); });
  return ok();
}

RowsPtr range_rows(Direction direction, std::vector<RowRange> ranges) {
  return std::make_unique<RangeRows>(direction, std::move(ranges));
}

}  // namespace holdfast::search
