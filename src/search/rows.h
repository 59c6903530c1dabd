// search/rows.h: rows at one moment as sorted streams, and postings in the order of their keys.
// Inside search/ only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "search/moment.h"
#include "views/kv.h"

namespace holdfast::search {

/// Row numbers in one direction, each once.
class Rows {
 public:
  Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  virtual ~Rows() = default;

  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual RowId row() const = 0;
  virtual void next() = 0;
  /// To the first row at or past `row` in the stream's direction; never back.
  virtual void seek(RowId row) = 0;
  /// Why valid() became false: the end (ok) or a fault.
  [[nodiscard]] virtual Result<void> status() const = 0;
};
using RowsPtr = std::unique_ptr<Rows>;

/// The rows of one value: of the keys that begin with `prefix`, a whole form.
[[nodiscard]] RowsPtr posting_rows(const Moment& moment, views::Direction direction,
                                   BytesView prefix);
/// Rows known beforehand, sorted and each once; shared, so that several streams may go over them.
using RowSet = std::shared_ptr<const std::vector<RowId>>;
[[nodiscard]] RowSet row_set(std::vector<RowId> rows);
[[nodiscard]] RowsPtr known_rows(views::Direction direction, RowSet rows);
/// Rows that any of the streams has.
[[nodiscard]] RowsPtr any_of(views::Direction direction, std::vector<RowsPtr> streams);
/// The rows, rising, each once.
[[nodiscard]] std::vector<RowId> sorted_rows(std::vector<RowId> rows);
/// Leaves of `wanted` those that the stream has, which goes forward and begins before them: by
/// steps where rows are near each other in it, and else by seeks. What is left keeps its order.
[[nodiscard]] Result<void> sift_by(Rows& stream, std::vector<RowId>& wanted);
/// A half-open interval of rows.
struct RowRange {
  RowId from;
  RowId until;
};
/// All rows of the intervals, which are sorted and apart, whether or not anything is there: only
/// to be intersected with others.
[[nodiscard]] RowsPtr range_rows(views::Direction direction, std::vector<RowRange> ranges);

/// Whether the posting under the cursor, of the undo table or not, is seen; a fault is no.
[[nodiscard]] bool is_seen(const Moment& moment, const views::Cursor& cursor, RowId row, bool undo,
                           Error& corrupt);

/// The postings of keys [from, until) that are seen at the moment, in order of their keys: by
/// value, then by row.
class KeyScan {
 public:
  KeyScan(const Moment& moment, BytesView from, BytesView until, views::Direction direction);
  /// Forward, of keys that begin with `prefix`, and nowhere before enter().
  KeyScan(const Moment& moment, BytesView prefix);

  [[nodiscard]] bool valid() const { return at_ != nullptr; }
  /// The key with its row; lives until the next move.
  [[nodiscard]] BytesView key() const { return key_; }
  [[nodiscard]] BytesView value_key() const;
  [[nodiscard]] RowId row() const { return row_; }
  void next();
  /// To the first key at or past `key`; never back.
  void seek(BytesView key);
  /// Forward only: to the first key in [from, until), wherever in the bounds that lies, and not
  /// past `until` from then on. Cheaper than another scan.
  void enter(BytesView from, BytesView until);
  [[nodiscard]] Result<void> status() const;

 private:
  void open(BytesView from, BytesView until);
  void settle();
  void settle_without_undo();
  void settle_between();
  void show(views::Cursor& cursor);
  [[nodiscard]] bool is_inside(const views::Cursor& cursor) const {
    return cursor.valid() && (until_.empty() || cursor.key() < BytesView(until_));
  }
  void pass_unseen(views::Cursor& cursor, bool undo);

  const Moment& moment_;
  const views::Direction direction_;
  Bytes until_;  // of what was entered; empty: only the cursors' bounds
  std::unique_ptr<views::Cursor> posting_;
  std::unique_ptr<views::Cursor> undo_;  // null where nothing was removed
  views::Cursor* at_ = nullptr;
  BytesView key_;  // its key, and the row in it
  RowId row_;
  Error corrupt_;
};

/// Whether `row` has the value of which `prefix` is the key.
[[nodiscard]] Result<bool> has_posting(const Moment& moment, BytesView prefix, RowId row);

}  // namespace holdfast::search
