// search/row_members.h: a set of rows that is filled once and then asked. Inside search/ only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace holdfast::search {

/// Rows are dense: a bit for each is small, needs no sorting and answers at once. Where that would
/// take more than bits_max, the rows themselves are kept.
class RowMembers {
 public:
  static constexpr std::uint64_t bits_max = std::uint64_t{1} << 27U;  // 16 MiB

  /// For rows up to `row_max`.
  explicit RowMembers(RowId row_max) {
    if (row_max.value < bits_max) {
      words_.resize(row_max.value / 64 + 1);
    }
  }
  void add(RowId row) {
    if (words_.empty()) {
      rows_.push_back(row);
    } else {
      words_[row.value / 64] |= std::uint64_t{1} << (row.value % 64);
    }
  }
  /// When all are added.
  void settle() { std::ranges::sort(rows_); }
  [[nodiscard]] bool has(RowId row) const {
    return words_.empty() ? std::ranges::binary_search(rows_, row)
                          : (words_[row.value / 64] >> (row.value % 64) & 1U) != 0;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<RowId> rows_;
};

}  // namespace holdfast::search
