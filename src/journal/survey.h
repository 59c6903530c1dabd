// journal/survey.h: looks at a journal as it lies on the disk and decides what the opening rules
// say about it. Changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "journal/damage.h"
#include "journal/options.h"
#include "journal/segment_file.h"
#include "journal/segments.h"
#include "journal/writer.h"
#include "world/disk.h"

namespace holdfast::journal {

struct Survey {
  Community community;
  std::vector<Segment> begun;                ///< in order; the last is the one to write
  std::optional<SegmentHeader> last_header;  ///< of the last one; none when it is damaged
  Head head;                                 ///< of the last good entry in one piece
  std::uint64_t end = 0;              ///< offset behind it, and behind a seal, in the last segment
  Head proved;                        ///< the last entry that something proves durable, or the head
  std::uint64_t unproved = 0;         ///< entries head − proved, all in the last segment
  std::uint64_t unproved_offset = 0;  ///< where they begin, or a seal that stands last
  bool header_proved = false;         ///< whether the last segment's header is known to be durable
  bool sealed = false;                ///< a seal, or a fresh header, proves the head
  std::vector<Damage> damage;
  std::vector<Tear> tears;
  std::vector<SegmentNumber> unbegun;  ///< files that stand ready, or nearly
  std::vector<TornName> torn_files;    ///< of earlier openings, not audited yet

  /// Whether something is wrong that forbids to write. Stray bytes where zeros should be do not.
  [[nodiscard]] bool read_only() const;
};

/// Code::not_found when there is no journal here, Code::unsupported for another format version,
/// Code::corrupt when no segment can tell which community it is of, Code::io.
Result<Survey> survey(Disk& disk, const Options& options);

}  // namespace holdfast::journal
