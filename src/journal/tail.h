// journal/tail.h: reads the last segment and tells damage from a tear: opening rules 1 and 2.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "journal/walk.h"
#include "journal/writer.h"

namespace holdfast::journal {

struct Tail {
  Head head;                   ///< the last entry that may be shown
  std::uint64_t end = 0;       ///< offset behind it, and behind a seal
  Head proved;                 ///< the last entry up to head that something later proves durable
  Position proved_through;     ///< what the highest claim proves, entries that are lost included
  std::uint64_t unproved = 0;  ///< entries from proved to head
  std::uint64_t unproved_offset = 0;  ///< where they begin, or a seal that stands last
  bool sealed = false;                ///< a seal, or a fresh header, proves the head
  std::vector<WalkItem> damage;       ///< gaps that are proved, and such as lost nothing
  std::optional<WalkItem> tear;  ///< the first gap that nothing proves; all behind it is with it
};

/// Goes through the last segment from its beginning; `before` is the entry before its first.
/// Code::io only.
Result<Tail> read_tail(Walk& walk, const Head& before);

}  // namespace holdfast::journal
