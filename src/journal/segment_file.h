// journal/segment_file.h: makes the files that segments lie in, and keeps what is cut from them.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "journal/options.h"
#include "journal/segment.h"
#include "world/disk.h"

namespace holdfast::journal {

/// Bytes at the end of a segment that were never acknowledged, or cannot be told from such.
struct Tear {
  SegmentNumber segment;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  ///< behind the last byte that is not zero
  Position position;      ///< of the first entry that is not there
};

/// fdatasync, once. (Planted: Bug::retry_fsync tries again.)
Task<Result<void>> sync_file(File& file, Bug bug);
/// fsync of the segments' folder. (Planted: Bug::skip_directory_sync does not.)
Task<Result<void>> sync_names(Disk& disk, Options options);

/// Makes a segment's file, zero-filled and durable with its name; begins nothing. Anew even if an
/// earlier run left one: nothing tells whether its name and its zeros ever reached the medium.
/// After Code::no_space no file is left.
Task<Result<void>> make_segment_file(Disk& disk, Options options, SegmentNumber number);

/// Copies a tear into a *.torn file of its own, durably; gives its name. Changes nothing else.
/// After Code::no_space no file is left.
Task<Result<std::string>> keep_torn(Disk& disk, Options options, Tear tear);

}  // namespace holdfast::journal
