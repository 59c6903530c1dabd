// views/overlay.h: rows that are not in the Kv yet. A WorkLayer takes the rows of entries while
// they are decided and applied; frozen, it is a Layer that never changes and is read from any
// thread.
//
// A WorkLayer finds a row by hash and sorts only when somebody scans: a Bundle of 5,000 resources
// puts 60,000 rows between two looks at them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/kv.h"

namespace holdfast::views {

/// One row in memory. `value_size` erased_size: the row hides one below.
struct OverlayRow {
  const char* key_at = nullptr;
  const char* value_at = nullptr;
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;
  std::uint32_t hash = 0;
  static constexpr std::uint32_t erased_size = UINT32_MAX;

  [[nodiscard]] BytesView key() const { return {key_at, key_size}; }
  [[nodiscard]] bool erased() const { return value_size == erased_size; }
  [[nodiscard]] BytesView value() const {
    return erased() ? BytesView{} : BytesView{value_at, value_size};
  }
};

/// Bytes that stay where they are until the Arena goes.
class Arena {
 public:
  /// A copy of `bytes` that lives as long as the Arena.
  [[nodiscard]] const char* keep(BytesView bytes);
  /// Bytes allocated.
  [[nodiscard]] std::uint64_t bytes() const { return allocated_; }

 private:
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
  std::uint64_t allocated_ = 0;
};

/// Rows of some entries, sorted. Immutable.
class Layer {
 public:
  /// Of the entries `first` to `last`.
  Layer(Position first, Position last) : first_(first), last_(last) {}

  [[nodiscard]] Position first() const { return first_; }
  [[nodiscard]] Position last() const { return last_; }
  /// Sorted by key, each key once.
  [[nodiscard]] std::span<const OverlayRow> rows(Table table) const;
  /// The row, erased or not; null if the layer says nothing of the key.
  [[nodiscard]] const OverlayRow* find(Table table, BytesView key) const;
  [[nodiscard]] std::size_t row_count() const;
  /// Memory held, roughly.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  friend class WorkLayer;
  friend std::shared_ptr<const Layer> merge(std::shared_ptr<const Layer> older,
                                            std::shared_ptr<const Layer> newer);
  struct Rows {
    std::vector<OverlayRow> sorted;
    std::vector<std::uint32_t> slots;  ///< open addressing: index + 1 into sorted
  };
  /// An arena, or those of two merged layers.
  struct Owner {
    Arena arena;
    std::shared_ptr<const Owner> older;
    std::shared_ptr<const Owner> newer;
    [[nodiscard]] std::uint64_t bytes() const;
  };
  void index_rows();

  Position first_;
  Position last_;
  std::uint64_t seed_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<Rows, table_count> tables_;
  std::shared_ptr<const Owner> owner_;  ///< of the bytes that the rows point to
};

/// One layer with what both say; of a key in both, what `newer` says. The two are neighbours.
[[nodiscard]] std::shared_ptr<const Layer> merge(std::shared_ptr<const Layer> older,
                                                 std::shared_ptr<const Layer> newer);

/// Rows being made over `below`, and a Reader of both together. One thread. put() and erase()
/// invalidate its cursors. Rows that were found below in the tables current and body are remembered
/// (up to work_remembers_max bytes): what is decided on is read once more where it is applied, and
/// a Command may be about more of them than the caches of a store hold.
class WorkLayer final : public Reader {
 public:
  /// `seed` keys the hash table: something that senders of data cannot foresee, so that they
  /// cannot choose keys that collide; the chain hash will do. Results never depend on it.
  explicit WorkLayer(std::shared_ptr<const Reader> below, std::uint64_t seed = 0);
  ~WorkLayer() override;

  void put(Table table, BytesView key, BytesView value);
  void erase(Table table, BytesView key);

  [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const override;
  using Reader::scan;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction, Within within) const override;

  /// The value where this layer itself has put the row; no copy, until the next put().
  [[nodiscard]] std::optional<BytesView> own(Table table, BytesView key) const;
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t row_count() const;
  [[nodiscard]] std::uint64_t bytes() const;

  /// Ends the work: the rows, sorted, of entries `first` to `last`. Afterwards the WorkLayer is
  /// empty and must not be used.
  [[nodiscard]] std::shared_ptr<const Layer> freeze(Position first, Position last) &&;

 private:
  struct Rows {
    std::vector<OverlayRow> rows;      ///< in order of their first put
    std::vector<std::uint32_t> slots;  ///< open addressing: index + 1 into rows
    // Indexes of rows[0, sorted_upto) in sorted runs, longest first; the rest is unsorted.
    mutable std::vector<std::vector<std::uint32_t>> runs;
    mutable std::size_t sorted_upto = 0;
  };
  OverlayRow& slot_for(Table table, BytesView key);
  void grow(Rows& rows);
  static void sort_tail(const Rows& rows);

  Result<std::optional<Bytes>> get_below(Table table, BytesView key) const;

  std::shared_ptr<const Reader> below_;
  std::uint64_t seed_;
  std::shared_ptr<Layer::Owner> owner_;
  std::array<Rows, table_count> tables_;
  mutable std::unordered_map<Bytes, Bytes> remembered_;  ///< by table and key
  mutable std::uint64_t remembered_bytes_ = 0;
};
inline constexpr std::uint64_t work_remembers_max = std::uint64_t{16} << 20U;

}  // namespace holdfast::views
