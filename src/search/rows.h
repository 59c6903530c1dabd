// search/rows.h: the rows that have one value, at one moment, as a sorted stream; and streams made
// of streams. Inside search/ only.
//
// Every criterion is such a stream, so a new kind of search parameter is a new source of rows and
// nothing else. Streams are intersected by leaps: each seeks to where the others are. It costs at
// most (number of streams) x (rows of the shortest) seeks, whichever that is: there is no plan
// that could be wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "search/page.h"
#include "views/kv.h"
#include "views/postings.h"

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

/// What all streams of one page have in common.
struct Moment {
  const views::Reader& reader;
  RowId row_max;        ///< rows above are not seen
  Position position;    ///< what was removed after it is still seen
  bool latest = false;  ///< nothing was: the undo table need not be asked
  views::Direction direction = views::Direction::forward;
};

/// The rows of one value. Borrows the reader, not the prefix.
[[nodiscard]] std::unique_ptr<Rows> posting_rows(const Moment& moment,
                                                 const views::PostingPrefix& prefix);
/// Rows known beforehand, in any order.
[[nodiscard]] std::unique_ptr<Rows> known_rows(const Moment& moment, std::vector<RowId> rows);
/// Rows that any of the streams has.
[[nodiscard]] std::unique_ptr<Rows> any_of(const Moment& moment,
                                           std::vector<std::unique_ptr<Rows>> streams);
/// A half-open interval of rows.
struct RowRange {
  RowId from;
  RowId until;
};
/// All rows of the intervals, which are sorted and apart, whether or not anything is there: only
/// to be intersected with others.
[[nodiscard]] std::unique_ptr<Rows> range_rows(const Moment& moment, std::vector<RowRange> ranges);

}  // namespace holdfast::search
