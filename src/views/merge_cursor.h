// views/merge_cursor.h: several sorted sources seen as one, of which a newer one hides an older.
// Inside views/ only.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// A Cursor that also shows erased rows.
class Source : public Cursor {
 public:
  [[nodiscard]] virtual bool erased() const = 0;
};

/// Rows `at(0) < at(1) < ...` in memory; `Rows` has size() and at(i) -> const OverlayRow&.
template <class Rows>
class RowSource final : public Source {
 public:
  RowSource(Rows rows, BytesView from, BytesView until, Direction direction)
      : rows_(std::move(rows)),
        first_(lower_bound(0, rows_.size(), from)),
        end_(until.empty() ? rows_.size() : lower_bound(first_, rows_.size(), until)),
        direction_(direction) {
    if (direction_ == Direction::forward) {
      at_ = first_;
    } else {
      at_ = first_ == end_ ? npos : end_ - 1;
    }
  }

  [[nodiscard]] bool valid() const override { return at_ != npos && at_ < end_ && at_ >= first_; }
  [[nodiscard]] BytesView key() const override { return rows_.at(at_).key(); }
  [[nodiscard]] BytesView value() const override { return rows_.at(at_).value(); }
  [[nodiscard]] bool erased() const override { return rows_.at(at_).erased(); }
  void next() override {
    if (direction_ == Direction::forward) {
      ++at_;
    } else {
      at_ = at_ == first_ ? npos : at_ - 1;
    }
  }
  void seek(BytesView key) override {
    if (direction_ == Direction::forward) {
      at_ = lower_bound(first_, end_, key);
      return;
    }
    std::size_t past = lower_bound(first_, end_, key);
    if (past < end_ && rows_.at(past).key() == key) {
      ++past;
    }
    at_ = past == first_ ? npos : past - 1;
  }
  [[nodiscard]] Result<void> status() const override { return ok(); }

 private:
  static constexpr std::size_t npos = SIZE_MAX;

  [[nodiscard]] std::size_t lower_bound(std::size_t low, std::size_t high, BytesView key) const {
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (rows_.at(middle).key() < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  Rows rows_;
  std::size_t first_;
  std::size_t end_;
  Direction direction_;
  std::size_t at_ = npos;
};

/// A layer's rows, in place.
struct SortedRows {
  std::span<const OverlayRow> rows;
  [[nodiscard]] std::size_t size() const { return rows.size(); }
  [[nodiscard]] const OverlayRow& at(std::size_t i) const { return rows[i]; }
};
/// Rows in the order of a list of indexes.
struct IndexedRows {
  std::span<const OverlayRow> rows;
  std::span<const std::uint32_t> order;
  [[nodiscard]] std::size_t size() const { return order.size(); }
  [[nodiscard]] const OverlayRow& at(std::size_t i) const { return rows[order[i]]; }
};

/// `sources`, newest first, over `below`; without those that have nothing in their range.
[[nodiscard]] std::unique_ptr<Cursor> merge_sources(std::vector<std::unique_ptr<Source>> sources,
                                                    std::unique_ptr<Cursor> below,
                                                    Direction direction);

}  // namespace holdfast::views
