// search/row_ids.h: which resource a row is a version of, of rows that were asked about lately.
//
// A published row says the same for as long as its node lives, so nothing here grows stale. Who
// reads what is not published (decide) has none. An answer is the same with and without.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace holdfast::search {

/// From any thread. Takes `slots` times 32 bytes, and no more however many rows are asked about: of
/// two that meet in one slot the later is kept.
class RowIds {
 public:
  explicit RowIds(std::size_t slots) : slots_(slots) {}
  RowIds(const RowIds&) = delete;
  RowIds& operator=(const RowIds&) = delete;

  /// The form of a reference to it (views::append_target), if that is known.
  [[nodiscard]] std::optional<Bytes> find(RowId row);
  /// Long ids are not kept.
  void keep(RowId row, BytesView target);

 private:
  struct Slot {
    std::uint64_t row = 0;
    std::uint8_t size = 0;
    std::array<char, 23> target{};
  };
  static constexpr std::size_t lock_count = 16;

  [[nodiscard]] std::size_t place_of(RowId row) const {
    return static_cast<std::size_t>(row.value % slots_.size());
  }

  std::vector<Slot> slots_;
  std::array<std::mutex, lock_count> locks_;  // each of the slots whose place it divides
};

}  // namespace holdfast::search
