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

// The rows of one prefix in one table. Rows whose value is another one (a long value with the same
// beginning), or that were removed before the snapshot, are passed over.
class TableRows final : public Rows {
 public:
  TableRows(const Moment& moment, views::Table table, const views::PostingPrefix& prefix)
      : undo_(table == views::Table::undo),
        position_(moment.position),
        key_(prefix.key),
        prefix_size_(prefix.key.size()),
        rest_(prefix.rest) {
    Bytes from = prefix.key;
    views::append_row(from, RowId{0});
    Bytes until = prefix.key;
    views::append_row(until, RowId{std::min(moment.row_max.value, views::row_max.value - 1) + 1});
    cursor_ = moment.reader.scan(table, from, until, moment.direction);
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
    if (!corrupt_.what.empty()) {
      return fail(corrupt_);
    }
    return cursor_->status();
  }

 private:
  void settle() {
    for (valid_ = false; cursor_->valid(); cursor_->next()) {
      BytesView value = cursor_->value();
      if (undo_) {
        const Result<views::UndoRow> undo = views::decode_undo(value);
        if (!undo) {
          corrupt_ = undo.error();
          return;
        }
        if (undo->removed <= position_) {
          continue;
        }
        value = undo->posting_value;
      }
      if (views::holds_rest(value, rest_)) {
        row_ = views::row_at_end(cursor_->key());
        valid_ = true;
        return;
      }
    }
  }

  const bool undo_;
  const Position position_;
  Bytes key_;
  const std::size_t prefix_size_;
  const Bytes rest_;
  std::unique_ptr<views::Cursor> cursor_;
  RowId row_;
  bool valid_ = false;
  Error corrupt_;
};

class KnownRows final : public Rows {
 public:
  KnownRows(Direction direction, std::vector<RowId> rows)
      : direction_(direction), rows_(std::move(rows)) {}
  [[nodiscard]] bool valid() const override { return at_ < rows_.size(); }
  [[nodiscard]] RowId row() const override { return rows_[at_]; }
  void next() override { ++at_; }
  void seek(RowId row) override {
    while (valid() && comes_before(direction_, rows_[at_], row)) {
      ++at_;
    }
  }
  [[nodiscard]] Result<void> status() const override { return ok(); }

 private:
  Direction direction_;
  std::vector<RowId> rows_;
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

std::unique_ptr<Rows> posting_rows(const Moment& moment, const views::PostingPrefix& prefix) {
  auto now = std::make_unique<TableRows>(moment, views::Table::posting, prefix);
  if (moment.latest) {
    return now;
  }
  auto removed = std::make_unique<TableRows>(moment, views::Table::undo, prefix);
  if (!removed->valid() && removed->status()) {
    return now;
  }
  std::vector<std::unique_ptr<Rows>> both;
  both.push_back(std::move(now));
  both.push_back(std::move(removed));
  return std::make_unique<AnyOf>(moment.direction, std::move(both));
}

std::unique_ptr<Rows> known_rows(const Moment& moment, std::vector<RowId> rows) {
  std::sort(rows.begin(), rows.end(),
            [&](RowId a, RowId b) { return comes_before(moment.direction, a, b); });
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return std::make_unique<KnownRows>(moment.direction, std::move(rows));
}

std::unique_ptr<Rows> any_of(const Moment& moment, std::vector<std::unique_ptr<Rows>> streams) {
  if (streams.size() == 1) {
    return std::move(streams.front());
  }
  return std::make_unique<AnyOf>(moment.direction, std::move(streams));
}

std::unique_ptr<Rows> range_rows(const Moment& moment, std::vector<RowRange> ranges) {
  return std::make_unique<RangeRows>(moment.direction, std::move(ranges));
}

}  // namespace holdfast::search
