// journal/reader.h: reads entries back, in order or by position. Everything is verified again:
// magic, CRCs, hash, payload; in order also the chain. Only durable entries are served.
// Thread-safe: a Reader from any thread, a Cursor from one at a time. Blocks while the disk reads.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/record.h"
#include "journal/segments.h"
#include "journal/walk.h"

namespace holdfast::journal {

class Reader;

/// Goes forward through entries. The Reader outlives it.
class Cursor {
 public:
  /// The next entry; nothing at the durable end (ask again later); Code::corrupt at the first
  /// entry that is not what was written, naming position, segment and offset. After an error it
  /// stays there.
  Result<std::optional<Record>> next();
  /// The same without the payload, which is then not verified: for chain and tree.
  Result<std::optional<Header>> next_header();
  /// Position of the entry that next() would give.
  [[nodiscard]] Position position() const { return position_; }

 private:
  friend class Reader;
  Cursor(Reader& reader, Position from, std::optional<Hash> previous);
  /// The next record's item; nothing at the durable end.
  Result<std::optional<WalkItem>> advance(Depth depth);
  Result<std::optional<WalkItem>> advance_in_segment(Depth depth);
  /// Starts a walk at position_, in the segment where it lies.
  Result<void> enter(const Segment& segment);

  Reader* reader_;
  Position position_;             ///< of what comes next
  std::optional<Hash> previous_;  ///< that its previous-hash must equal; unknown at the start
  std::optional<Walk> walk_;      ///< through the current segment
  Segment segment_;               ///< the current one
  std::optional<Error> error_;
};

class Reader {
 public:
  explicit Reader(std::shared_ptr<Segments> segments);

  /// The last position that can be read.
  [[nodiscard]] Position durable() const { return segments_->durable(); }

  /// One entry. Code::not_found beyond the durable end; Code::corrupt when it is damaged.
  Result<Record> read(Position position);

  /// From `from` on. With `previous`, the hash that the entry before it must have (a view's
  /// chain hash): another is Code::corrupt at the first next().
  Cursor from(Position from, std::optional<Hash> previous = std::nullopt);

 private:
  friend class Cursor;
  /// Offsets of some records of one segment, found by walking its headers; grows with it.
  struct Index {
    std::mutex mutex;
    std::vector<std::pair<Position, std::uint64_t>> entries;  ///< in order of both
    std::optional<Walk> walk;                                 ///< where it goes on
  };
  static constexpr std::uint64_t index_interval_bytes = 32U << 10U;
  static constexpr std::size_t indexed_segments_max = 128;

  /// A record at or before `position` in its segment, and its offset.
  Result<std::pair<Position, std::uint64_t>> before(const Segment& segment, Position position);
  std::shared_ptr<Index> index_of(SegmentNumber number);
  [[nodiscard]] WalkStart walk_start(const Segment& segment) const;

  std::shared_ptr<Segments> segments_;
  std::mutex mutex_;
  std::vector<std::pair<SegmentNumber, std::shared_ptr<Index>>> indexes_;  ///< recent first
};

}  // namespace holdfast::journal
