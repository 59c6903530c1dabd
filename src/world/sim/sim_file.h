// world/sim/sim_file.h: the bytes of one simulated file, in the page cache and on the medium, and
// the writes in between. The model is stated in sim_disk.h; this file carries it out.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "world/random.h"

namespace holdfast {

constexpr std::uint64_t sector_bytes = 512;  ///< a device writes a sector whole or not at all
constexpr std::uint64_t page_bytes = 4096;   ///< a file system allocates pages

/// Bytes from 0 to any size, zero where nothing was written; keeps only the pages that were.
class SimImage {
 public:
  void read(std::uint64_t offset, std::span<char> into) const;
  void write(std::uint64_t offset, BytesView bytes);
  /// Makes everything from `offset` on zero.
  void clear_from(std::uint64_t offset);
  /// Pages that write(offset, bytes) would have to allocate.
  [[nodiscard]] std::uint64_t pages_missing(std::uint64_t offset, std::uint64_t count) const;
  [[nodiscard]] std::uint64_t pages() const { return pages_held_; }
  SimImage() = default;
  SimImage(const SimImage& other) { *this = other; }
  SimImage& operator=(const SimImage& other);

 private:
  using Page = std::array<char, page_bytes>;
  std::vector<std::unique_ptr<Page>> pages_;
  std::uint64_t pages_held_ = 0;
};

/// How a power cut treats what was not synced.
enum class Fate : std::uint8_t {
  all_lost,
  all_kept,
  prefix,       ///< what was done first is kept, and of one change in the middle some sectors
  each_change,  ///< each change is kept, lost or torn by itself, in any order
  each_sector,  ///< each sector of each change by itself
};
[[nodiscard]] Fate draw_fate(Random& random);

class SimFileData {
 public:
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t pages() const { return cached_.pages(); }
  [[nodiscard]] std::uint64_t pages_missing(std::uint64_t offset, std::uint64_t count) const {
    return cached_.pages_missing(offset, count);
  }
  std::size_t read(std::uint64_t offset, std::span<char> into) const;
  void write(std::uint64_t offset, BytesView bytes);
  void truncate(std::uint64_t size);

  /// Number of the last change. A sync covers the changes up to the one it began with.
  [[nodiscard]] std::uint64_t last_change() const { return last_change_; }
  [[nodiscard]] std::uint64_t unsynced_bytes() const;
  /// A sync succeeded: the changes up to `last` are on the medium.
  void make_durable(std::uint64_t last);
  /// A sync failed: of the changes up to `last` some sectors reached the medium, and none is
  /// counted as dirty any more. The page cache still shows them all.
  void lose(std::uint64_t last, Random& random);
  /// The power goes: what was not synced meets its fate, and the page cache is the medium again.
  void cut_power(Random& random);
  /// Memory pressure: clean pages are dropped, and the next read fetches them from the medium.
  void forget_clean_pages();

  /// Flips one bit on the medium, and in the page cache unless the sector is dirty. False if the
  /// medium has no such byte.
  bool flip_bit(std::uint64_t offset, unsigned bit);
  [[nodiscard]] Bytes durable_bytes() const;
  [[nodiscard]] std::uint64_t durable_size() const { return durable_size_; }

 private:
  /// A write keeps its sectors as they were in the page cache after it: that is what a device gets.
  struct Change {
    std::uint64_t number;
    std::uint64_t offset;  ///< of the first sector; of a truncation, its size
    Bytes sectors;         ///< empty: a truncation
    std::uint64_t size_after;
  };
  void settle(std::uint64_t last, Fate fate, Random& random);
  void keep(const Change& change);
  void keep_some_sectors(const Change& change, Random& random);

  SimImage cached_;
  SimImage durable_;
  std::uint64_t size_ = 0;
  std::uint64_t durable_size_ = 0;
  std::uint64_t last_change_ = 0;
  std::deque<Change> unsynced_;
};

}  // namespace holdfast
