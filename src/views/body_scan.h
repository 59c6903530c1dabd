// views/body_scan.h: many bodies in the order of their rows, read with one cursor: what lies side
// by side costs a step, not a lookup.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/body.h"
#include "views/body_cache.h"
#include "views/kv.h"

namespace holdfast::views {

class BodyScan {
 public:
  /// Borrows all of them. With a `cache`, `reader` shows what is published.
  BodyScan(const Reader& reader, const BodyCodec& codec, BodyCache* cache = nullptr)
      : reader_(reader), codec_(codec), cache_(cache) {}

  /// Appends the body of `row`. Rows ascend best; any order is right. Code::corrupt if the row is
  /// not there: rows come from other rows.
  [[nodiscard]] Result<BodyHeader> append(Bytes& to, RowId row);

 private:
  bool move_to(RowId row);

  const Reader& reader_;
  const BodyCodec& codec_;
  BodyCache* const cache_;
  std::unique_ptr<Cursor> cursor_;
};

}  // namespace holdfast::views
