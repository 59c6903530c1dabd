// journal/writer.h: appends entries in batches: one write, one sync, then the caller may reply.
// 1. After commit() succeeded the batch survives power loss; a record never changes afterwards.
// 2. A batch lies in one segment. What is not written is zero.
// 3. After a failed sync, or a failed write for any reason but a full disk, the writer is dead:
//    every further call fails with Code::unavailable and the errno. It is never tried again.
// 4. On a full disk it refuses with Code::no_space, keeps what was durable, and goes on once
//    prepare() has found space again.
// Used from the sequencer's executor only, but for prepare(). One call at a time: append() and
// seal() may not be called while commit() or seal() waits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/task.h"
#include "journal/options.h"
#include "journal/record.h"
#include "journal/segment.h"
#include "journal/segments.h"
#include "world/clock.h"
#include "world/disk.h"
#include "world/executor.h"
#include "world/random.h"

namespace holdfast::journal {

/// The bound of what is staged before a commit; a single record always fits an empty batch.
inline constexpr std::uint64_t batch_bytes_max = record_bytes_max;

/// One entry to append. Its parts are borrowed until append() returns; their hashes are computed
/// beforehand, by I/O threads: sha256(command), sha256(outcome).
struct Entry {
  Time time;               ///< never earlier than the entry before (check)
  std::uint16_t kind = 0;  ///< anything but seal_kind
  std::uint16_t flags = 0;
  IdempotencyKey key;
  std::uint32_t dictionary = 0;
  BytesView command;
  Hash command_hash;
  BytesView outcome;
  Hash outcome_hash;
};

/// Where an entry will be, once committed.
struct Appended {
  Position position;
  Hash hash;
};

/// The end of a journal.
struct Head {
  Position position;  ///< 0 when empty
  Hash hash;          ///< zero when empty
  Time time;
};

class Writer {
 public:
  /// Where the writer goes on; open() knows.
  struct Start {
    std::shared_ptr<Segments> segments;
    std::unique_ptr<File> file;  ///< of the last segment, for writing
    SegmentHeader header;
    std::uint64_t end = 0;  ///< offset of the first free byte
    Head head;
    bool sealed = false;  ///< nothing is left for seal() to say
  };
  struct Parts {
    Clock& clock;
    Disk& disk;
    Random& random;
    Executor& sequencer;
  };
  Writer(const Parts& parts, const Options& options, Start start);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Whether the next append() of an entry with such parts joins the staged batch. When false,
  /// commit() first; the batch after that goes to the next segment if need be. True for an
  /// empty batch.
  [[nodiscard]] bool fits(std::uint64_t command_bytes, std::uint64_t outcome_bytes) const;

  /// Stages an entry; fits() must hold (check). Code::too_large for more than record_bytes_max (or
  /// than a segment takes); Code::no_space while the disk is full; Code::unavailable when dead.
  /// After a refusal nothing is staged that was not before.
  Result<Appended> append(const Entry& entry);

  /// Writes and syncs what is staged; the batch is empty afterwards, come what may. On
  /// Code::no_space nothing of it is in the journal, and its positions are given again.
  Task<Result<void>> commit();

  /// Drops what is staged and gives its positions again.
  void discard();

  /// Writes and syncs a seal: it proves the last batch. To be called after 10 ms of idleness;
  /// nothing staged. Does nothing if nothing is unproven.
  Task<Result<void>> seal();
  [[nodiscard]] bool sealed() const { return sealed_; }

  /// Whether prepare() has something to do. From any thread.
  [[nodiscard]] bool wants_preparation() const { return segments_->wants_preparation(); }
  /// Makes the next segment and the reserve, zero-filled and durable. To be spawned on the
  /// background executor after open() and after each commit() when wants_preparation(), and about
  /// each second while it fails with no_space: its success lets append() go on. At once, and
  /// with ok, when it runs already.
  Task<Result<void>> prepare();

  /// Renames a torn file that an opening reported, once the audit entry about it is committed.
  Task<Result<void>> audited(std::string torn_file);

  /// With what is staged.
  [[nodiscard]] const Head& last() const { return last_; }
  /// What is committed.
  [[nodiscard]] const Head& durable() const { return durable_; }
  [[nodiscard]] std::uint64_t staged_bytes() const { return batch_.size(); }

  /// Why it is dead, if it is; Code::unavailable. Then the node exits.
  [[nodiscard]] std::optional<Error> failure() const { return segments_->failure(); }

 private:
  [[nodiscard]] std::uint64_t room() const;
  [[nodiscard]] Result<void> usable() const;
  std::unexpected<Error> die(const Error& why);
  std::unexpected<Error> die_unless_full(Error why);
  [[nodiscard]] SegmentHeader next_header();
  void forget_batch();
  Task<Result<void>> write_batch();
  Task<Result<void>> write_and_sync(BytesView bytes);
  Task<Result<void>> roll(SegmentHeader next);
  Task<Result<void>> next_prepared();
  Task<Result<void>> prepare_one(SegmentNumber number);

  Clock& clock_;
  Disk& disk_;
  Random& random_;
  Executor& sequencer_;
  const Options options_;  ///< prepare() reads it on another thread
  std::shared_ptr<Segments> segments_;
  std::unique_ptr<File> file_;
  SegmentHeader header_;           ///< of the segment that is written
  std::uint64_t end_;              ///< first free byte in it
  std::uint64_t dirty_until_ = 0;  ///< a failed write may have left bytes up to here
  Head durable_;
  Head last_;
  bool sealed_;
  bool busy_ = false;       ///< a commit or seal waits
  bool must_roll_ = false;  ///< the next segment's header may be on disk: write here no more
  std::optional<SegmentHeader> next_;  ///< the segment that the staged batch begins
  Bytes batch_;
  std::uint64_t last_record_ = 0;  ///< offset in batch_ of its last record
};

}  // namespace holdfast::journal
