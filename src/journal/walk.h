// journal/walk.h: goes through the records of one segment, over gaps too. Reads with a bounded
// window and changes nothing. Opening, scrub and readers all see a segment through this.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/options.h"
#include "journal/record.h"
#include "journal/segment.h"
#include "world/disk.h"

namespace holdfast::journal {

/// A part of a file in memory. Bytes beyond the file's end read as zero: a segment that a crash
/// left short is one whose zeros were not written yet.
class Window {
 public:
  static constexpr std::size_t chunk_bytes_default = 256U << 10U;
  /// Reads at least `chunk_bytes` at a time, but nothing beyond `limit` that was not asked for.
  Window(std::shared_ptr<File> file, std::uint64_t limit,
         std::size_t chunk_bytes = chunk_bytes_default)
      : file_(std::move(file)), limit_(limit), chunk_bytes_(chunk_bytes) {}
  /// `count` bytes at `offset`; valid until the next call. Code::io.
  Result<BytesView> at(std::uint64_t offset, std::size_t count);
  /// The file has grown, or changed: what was read before counts no more.
  void extend(std::uint64_t limit) {
    limit_ = limit;
    buffer_.clear();
  }

 private:
  std::shared_ptr<File> file_;
  std::uint64_t limit_;
  std::size_t chunk_bytes_;
  Bytes buffer_;
  std::uint64_t start_ = 0;
};

/// How much of a record is looked at.
enum class Depth : std::uint8_t {
  headers,   ///< payloads are skipped
  payloads,  ///< and verified
};

/// One thing found in a segment.
struct WalkItem {
  enum class Kind : std::uint8_t {
    record,  ///< good: header, position, chain, and payload if asked
    seal,    ///< good
    gap,     ///< bytes that are not what they must be, up to the next good header or the end
    end,     ///< zeros up to the limit
  };
  Kind kind{};
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  ///< where the next thing starts
  Header header;          ///< of a record or seal
  Redacted redacted = Redacted::none;
  Position first;                ///< gap: the first position that is missing
  std::optional<Position> last;  ///< gap: the last, when something after it tells
  std::string what;              ///< gap: why
};

/// Where a walk starts and what it expects there.
struct WalkStart {
  Community community;
  std::optional<RecordMagic> magic;
  std::uint64_t offset = segment_header_bytes;
  std::uint64_t limit = 0;       ///< nothing at or beyond is read
  Position position;             ///< of the first record
  std::optional<Hash> previous;  ///< chain before it, when known
  Depth depth = Depth::payloads;
  Bug bug = Bug::none;
};

class Walk {
 public:
  Walk(std::shared_ptr<File> file, const WalkStart& start,
       std::size_t chunk_bytes = Window::chunk_bytes_default);

  /// The next thing; `end` for ever once there. Code::io only.
  Result<WalkItem> next();
  /// The bytes of a record that next() gave.
  Result<BytesView> bytes_of(const WalkItem& item);
  /// Goes on up to a new limit, when the segment has grown; after `end` too.
  void extend(std::uint64_t limit);

  /// The highest durable-through that any good header so far has stated.
  [[nodiscard]] Position proved() const { return proved_; }
  /// The position expected next, and the chain there (unknown after a gap).
  [[nodiscard]] Position position() const { return position_; }
  [[nodiscard]] const std::optional<Hash>& chain() const { return chain_; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  void set_depth(Depth depth) { depth_ = depth; }

 private:
  Result<WalkItem> take(const Header& header);
  Result<WalkItem> take_seal(const Header& header);
  Result<WalkItem> good(WalkItem::Kind kind, const Header& header);
  WalkItem missing(Position until, std::string what);
  WalkItem bad(const Header& header, Position first, std::string what);
  Result<WalkItem> gap(std::string what);
  Result<bool> zero_to_limit(std::uint64_t from);
  /// Finds the next good header at or after `from`; offset_ is there, or at the limit.
  Result<std::optional<Header>> find_header(std::uint64_t from);
  [[nodiscard]] bool may_follow(const Header& header, std::uint64_t offset) const;

  Window window_;
  const Community community_;
  const std::optional<RecordMagic> magic_;
  std::uint64_t offset_;
  std::uint64_t limit_;
  Position position_;
  std::optional<Hash> chain_;
  Depth depth_;
  const Bug bug_;
  Position proved_;
};

/// Where the records of a finished segment end.
struct SegmentEnd {
  Position last;                 ///< of its last record; the one before `first` when it has none
  Hash chain;                    ///< hash of that entry
  std::optional<Header> record;  ///< the last record itself, when there is one
  std::uint64_t offset = 0;      ///< where its zeros begin
};
/// Finds it from the end backwards, without reading the whole segment; nothing where that does not
/// come out clean, and only a walk can tell. `start` describes the segment's beginning.
Result<std::optional<SegmentEnd>> find_end(const std::shared_ptr<File>& file,
                                           const WalkStart& start);

}  // namespace holdfast::journal
