// views/body_cache.h: bodies that were unpacked lately, by their rows: who reads them again neither
// looks them up nor unpacks them.
//
// A row says the same for as long as its node lives, once it is published, so nothing here grows
// stale. Whoever reads what is not published (decide) must not use it: such a row may yet become
// another version's. What is read is the same with a cache as without.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/planted.h"
#include "views/body.h"

namespace holdfast::views {

/// From any thread. Holds at most `bytes_max`, what keeping costs included; 0 keeps nothing. Empty
/// at first: memory is taken by what is read.
class BodyCache {
 public:
  explicit BodyCache(std::uint64_t bytes_max, Bug planted = Bug::none)
      : shard_bytes_max_(bytes_max / shard_count), planted_(planted) {}
  BodyCache(const BodyCache&) = delete;
  BodyCache& operator=(const BodyCache&) = delete;

  /// Whether the row is kept; then `use` has seen its value, as BodyCodec::encode_raw() gives it.
  /// `use` is short and does not come back here: others wait.
  template <class Use>
  bool find(RowId row, Use&& use) {
    if (shard_bytes_max_ == 0) {
      return false;
    }
    const RowId kept = place_of(row);
    Shard& shard = shard_of(kept);
    const std::scoped_lock lock(shard.mutex);
    const BytesView value = shard.value(kept);
    if (value.empty()) {
      return false;
    }
    use(value);
    return true;
  }
  /// Keeps it, in the place of others that were not asked for lately. Not if it is large: then
  /// unpacking is a small part of what reading it costs.
  void keep(RowId row, const BodyHeader& header, BytesView body);

  [[nodiscard]] std::uint64_t bytes() const;

  static constexpr std::size_t body_bytes_max = std::size_t{64} << 10U;
  /// What a group costs beside its values: itself, its place in the map, allocations.
  static constexpr std::size_t group_bytes = 720;

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t group_rows = 16;

  /// Rows side by side: they are written together and read together, so one look finds them all.
  struct Group {
    std::uint64_t number = 0;
    std::array<Bytes, group_rows> values;  ///< empty: not kept
    std::uint64_t bytes = group_bytes;
    bool asked_for = false;  ///< since the hand came by
  };
  /// One lock each. Its groups form a clock: the hand passes over what was asked for, once, and
  /// takes what was not. What is new stands behind the hand, which comes to it last.
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Group*> group_of;  ///< by number
    std::list<Group> clock;
    std::list<Group>::iterator hand = clock.end();
    std::uint64_t bytes = 0;

    [[nodiscard]] BytesView value(RowId row);
    void give_up_one();
  };

  [[nodiscard]] RowId place_of(RowId row) const;
  [[nodiscard]] Shard& shard_of(RowId row) { return shards_[row.value / group_rows % shard_count]; }

  const std::uint64_t shard_bytes_max_;
  const Bug planted_;
  std::array<Shard, shard_count> shards_;
};

}  // namespace holdfast::views
