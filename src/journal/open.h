// journal/open.h: creates a journal, and opens one after whatever happened to it.
// 1. A bad or missing record that is proved to have been durable is damage: nothing is cut, writes
//    are refused, positions and offsets are named.
// 2. Otherwise the bytes from there on were never acknowledged (or cannot be told from a tear in
//    the last unsealed batch): they are kept as *.torn, cut, and reported for an audit entry.
// 3. Records that nothing proves durable are written again with the same bytes and synced before
//    anyone reads them: the page cache may hold what the disk does not.
// 4. Where there is damage nothing is cut, so a tear stays, and may be rot as well: what lies
// behind
//    the head is reported as hidden, not taken for what never was.
// Checks the links of all segments and the whole of the last one; scrub.h reads the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "journal/damage.h"
#include "journal/options.h"
#include "journal/reader.h"
#include "journal/segments.h"
#include "journal/writer.h"

namespace holdfast::journal {

/// Bytes that were cut, in a file of their own beside the segments.
struct Torn {
  std::string file;  ///< name within the directory; empty under Access::inspect
  SegmentNumber segment;
  std::uint64_t offset = 0;
  Position position;  ///< of the first entry that is not there
};

/// What a damaged journal has behind its head and cannot show. It may have been acknowledged.
struct Hidden {
  std::optional<Position> last;  ///< the last entry that is lost there, where that is known
  std::string what;
};

struct OpeningReport {
  Head head;                     ///< the last entry that can be read
  std::uint64_t segments = 0;    ///< begun
  std::vector<Damage> damage;    ///< not empty: read-only
  std::optional<Hidden> hidden;  ///< whoever has not got so far cannot tell what is current
  std::vector<Torn> torn;        ///< each wants an audit entry, then Writer::audited(file)
  std::uint64_t rewritten = 0;   ///< entries that nothing proved durable, written again
  /// The disk is full, down to the reserve, so that a tear cannot be kept: read-only until open()
  /// is called again and finds space. Code::no_space.
  std::optional<Error> full;
};

struct Opened {
  OpeningReport report;
  Community community;
  std::shared_ptr<Segments> segments;
  std::unique_ptr<Reader> reader;
  std::unique_ptr<Writer> writer;  ///< none when damaged, full, or under Access::inspect
};

/// Makes an empty journal, durably. Repeats what a crash left half made; Code::conflict when
/// there is a journal already. `options.directory` is created; the disk's root must exist.
Task<Result<void>> create(Writer::Parts parts, Options options, Community community);

/// Opens it. Code::not_found when there is none, Code::io when the disk does not answer. Called
/// on the sequencer's executor. On a full disk it opens, and the writer refuses with no_space as
/// soon as prepare() finds that out.
Task<Result<Opened>> open(Writer::Parts parts, Options options);

}  // namespace holdfast::journal
