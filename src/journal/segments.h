// journal/segments.h: which segments there are and how far they may be read, shared by the writer,
// readers and the scrub. Thread-safe; holds no lock while it waits, for it never waits.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "journal/options.h"
#include "journal/record.h"
#include "journal/segment.h"
#include "world/disk.h"

namespace holdfast::journal {

/// One begun segment, as far as readers may go.
struct Segment {
  SegmentNumber number;
  Position first;
  Hash previous_chain;
  std::optional<RecordMagic> magic;  ///< unknown where the segment's header is damaged
  std::uint64_t bytes = 0;           ///< of the file
  std::uint64_t limit = 0;           ///< offset where readers stop
  bool last = false;                 ///< the one that is written
};

class Segments {
 public:
  /// At most this many files are kept open for readers.
  static constexpr std::size_t open_files_max = 64;

  Segments(Disk& disk, Options options, Community community);
  Segments(const Segments&) = delete;
  Segments& operator=(const Segments&) = delete;

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Community& community() const { return community_; }

  // What readers ask.
  /// The last position that may be read: durable, in one piece up to here.
  [[nodiscard]] Position durable() const;
  /// The segment in which `position` lies or would lie; Code::not_found above durable() and for 0.
  [[nodiscard]] Result<Segment> segment_of(Position position) const;
  /// By number; Code::not_found when not begun.
  [[nodiscard]] Result<Segment> segment(SegmentNumber number) const;
  [[nodiscard]] std::vector<Segment> all() const;
  /// The file of a segment, open for reading; kept open for a while.
  [[nodiscard]] Result<std::shared_ptr<File>> file(SegmentNumber number);

  // What open() and the writer say.
  /// A segment has begun, after all that are there.
  void begin(Segment segment);
  /// Readers may go up to here: the last segment's end, and its last position.
  void publish(std::uint64_t limit, Position durable);

  // Preparation: the writer's and the background's hands meet here.
  [[nodiscard]] bool wants_preparation() const;
  /// The number of a segment to make, and the right to make it; nothing when enough stand ready,
  /// or somebody is making one.
  [[nodiscard]] std::optional<SegmentNumber> claim_preparation();
  [[nodiscard]] bool preparing() const;
  /// Ends a claim: it stands ready, or the error says why not.
  void prepared(const Result<void>& result);
  /// The next segment, if it stands ready. It counts as ready until begin().
  [[nodiscard]] std::optional<SegmentNumber> ready() const;
  /// Why appends are refused now, if they are: Code::no_space.
  [[nodiscard]] std::optional<Error> full() const;

  /// Dead for ever, from any thread; the first reason stays.
  void die(Error why);
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  Disk& disk_;
  const Options options_;
  const Community community_;
  mutable std::mutex mutex_;
  std::vector<Segment> segments_;  ///< in order of number
  Position durable_;
  std::uint32_t ready_ = 0;
  bool preparing_ = false;
  std::optional<Error> full_;
  std::optional<Error> failure_;
  /// Most recently used first.
  std::deque<std::pair<SegmentNumber, std::shared_ptr<File>>> files_;
};

}  // namespace holdfast::journal
