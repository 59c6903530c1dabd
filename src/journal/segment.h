// journal/segment.h: the file that records lie in: its 4 KiB header, its name. Pure.
//
//   0  magic "HFSEGMT1"     40 first-position u64            96 created i64 (ms)
//   8  version u32          48 segment-bytes u64            104 record-magic u64
//   12 zero u32             56 zero u64                     112 zeros
//   16 community[16]        64 previous-segment-chain[32]  4092 crc32c u32, over 0..4091
//   32 segment-no u64
//
// All zero means: not begun. A segment is begun when the one before it takes no more records, so
// everything before first-position is durable. Never recycled.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/options.h"
#include "journal/record.h"

namespace holdfast::journal {

inline constexpr std::uint32_t segment_header_bytes = 4096;
inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint64_t segment_number_max = 99'999'999;

/// 1, 2, 3 … as in the file's name.
struct SegmentNumber {
  std::uint64_t value = 0;
  auto operator<=>(const SegmentNumber&) const = default;
  [[nodiscard]] SegmentNumber next() const { return {value + 1}; }
};

struct SegmentHeader {
  Community community;
  SegmentNumber number;
  Position first;  ///< of its first record, already there or to come
  std::uint64_t segment_bytes = 0;
  Hash previous_chain;  ///< hash of the entry before `first`; zero for the very first
  Time created;
  RecordMagic magic;
};

/// Bytes for records in a segment of this size.
[[nodiscard]] constexpr std::uint64_t capacity_bytes(std::uint64_t segment_bytes) {
  return segment_bytes - segment_header_bytes;
}

[[nodiscard]] Bytes encode_segment_header(const SegmentHeader& header);
/// 4,096 bytes. Code::corrupt when anything is not as encode writes it; Code::unsupported for an
/// intact header of another format version.
[[nodiscard]] Result<SegmentHeader> decode_segment_header(BytesView bytes);

/// "segments/00000001.seg"
[[nodiscard]] std::string segment_path(const Options& options, SegmentNumber number);
/// "00000001.seg" → 1; nothing for other names.
[[nodiscard]] std::optional<SegmentNumber> segment_number_of(const std::string& file_name);

/// What a name such as "00000003-00012a40-p57.torn" says. Once the audit entry about it is
/// durable the file is called "….audited.torn".
struct TornName {
  SegmentNumber segment;
  std::uint64_t offset = 0;
  Position position;       ///< of the first entry that is not there
  std::uint32_t copy = 1;  ///< should one place tear more than once
  bool audited = false;
};
[[nodiscard]] std::string torn_file_name(const TornName& torn);
[[nodiscard]] std::optional<TornName> parse_torn_file_name(const std::string& file_name);

}  // namespace holdfast::journal
