// views/key_runs.h: runs of keys of the posting table that were read lately: all that the store has
// between two bounds. Whoever reads there again steps through memory, where a step in the store
// goes through all its sorted files. docs/adr/0018.
//
// What must hold:
// 1. A run says what the store has between its bounds, from the write that it was read after up to
//    the newest. A write that puts or erases a key within takes the run away.
// 2. A snapshot goes by a run only if it was taken after the write that the run was read after. A
//    snapshot that a write overlapped goes by none.
// 3. A run is kept only if nothing was written since the snapshot that it was read from.
// So a reader sees the same with runs and without.
//
// A write costs one look in the order of the runs for each of its keys, or for each run between
// them, whichever are fewer. What is written into before it was read as often as it had been asked
// for is read out of the store twice as often before it is kept again.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/planted.h"
#include "views/kv.h"

namespace holdfast::views {

/// The number of writes that a snapshot has behind it; 0: it is not known.
struct Generation {
  std::uint64_t value = 0;
  auto operator<=>(const Generation&) const = default;
};

/// All keys in [from, until), rising; `until` is empty at the table's end. Immutable. What all of
/// them begin with is kept once.
class KeyRun {
 public:
  /// `keys` one behind the other, and where each ends.
  KeyRun(BytesView from, BytesView until, Generation since, BytesView keys,
         const std::vector<std::uint32_t>& ends);

  [[nodiscard]] BytesView from() const { return from_; }
  [[nodiscard]] BytesView until() const { return until_; }
  [[nodiscard]] Generation since() const { return since_; }
  [[nodiscard]] bool covers(BytesView key) const {
    return BytesView(from_) <= key && is_before_end(key);
  }
  [[nodiscard]] bool is_before_end(BytesView key) const {
    return until_.empty() || key < BytesView(until_);
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// What each key begins with, and what comes behind it.
  [[nodiscard]] BytesView beginning() const { return beginning_; }
  [[nodiscard]] BytesView rest(std::size_t i) const {
    if (ends_.empty()) {
      return BytesView(rests_).substr(i * rest_bytes_, rest_bytes_);
    }
    const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return BytesView(rests_).substr(begin, ends_[i] - begin);
  }
  /// The first at or past `key`; size() if there is none.
  [[nodiscard]] std::size_t first_at(BytesView key) const;
  /// Memory that it takes.
  [[nodiscard]] std::size_t bytes() const;

 private:
  Bytes from_;
  Bytes until_;
  Generation since_;
  Bytes beginning_;
  Bytes rests_;  // one behind the other
  std::size_t size_;
  std::size_t rest_bytes_ = 0;       // of each, where they are of one length
  std::vector<std::uint32_t> ends_;  // else where each ends
};
using KeyRunPtr = std::shared_ptr<const KeyRun>;

/// From any thread; one writer of the store at a time. Empty at first: what is read takes memory.
class KeyRuns {
 public:
  /// 0: nothing is kept.
  explicit KeyRuns(std::size_t bytes_max, Bug planted = Bug::none)
      : bytes_max_(bytes_max), planted_(planted) {}

  struct Look {
    KeyRunPtr run;           ///< covers the key; null: none does
    bool has_room = false;   ///< where there is none: one that is read now would be kept
    bool was_asked = false;  ///< and the key was looked for so often that it is worth it
    Bytes known_from;        ///< and from there on is another run; empty: none
  };
  /// The run where `key` lies, for a snapshot of that generation.
  [[nodiscard]] Look look(BytesView key, Generation seen);
  /// Offers a run. It must not overlap others, or it is not kept.
  void keep(const KeyRunPtr& run);

  /// The generation of snapshots taken now; 0 while something is written. A snapshot is of that
  /// generation if it is the same before and after it was taken.
  [[nodiscard]] Generation generation() const;
  // Around each write to the store.
  void begin_write();
  void end_write(std::span<const Write> writes);
  /// The same, where it is not known what was written.
  void end_write();

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    KeyRunPtr run;
    std::uint64_t used = 0;   ///< the look that it was last used by
    std::uint32_t times = 0;  ///< that it was used
  };
  using Entries = std::list<Entry>;
  using ByFrom = std::map<BytesView, Entries::iterator>;

  /// A key that was looked for in vain.
  struct Asked {
    std::uint32_t mark = 0;
    std::uint8_t times = 0;
    std::uint8_t wanted = 1;  ///< so many times before a run that begins there is made
  };

  [[nodiscard]] bool has_room(std::size_t bytes) const;
  [[nodiscard]] Asked& asked_at(BytesView key);
  [[nodiscard]] bool note_asked(BytesView key);
  void note_taken_away(const Entry& entry);
  void forget(ByFrom::iterator place, std::vector<KeyRunPtr>& forgotten);
  [[nodiscard]] std::vector<ByFrom::iterator> touched_by(std::span<const BytesView> written);

  const std::size_t bytes_max_;
  const Bug planted_;
  mutable std::mutex mutex_;
  Generation generation_{1};
  bool is_writing_ = false;
  Entries entries_;  // what was used last in front
  ByFrom by_from_;   // views of KeyRun::from
  std::size_t bytes_ = 0;
  std::uint64_t looks_ = 0;
  std::array<Asked, 4096> asked_{};  // marks that meet in one place push each other out
};

}  // namespace holdfast::views
