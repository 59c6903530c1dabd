// views/test_model.h: for tests: what a Kv or a View must hold, as one ordered map, and readings
// that are compared with it.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "views/kv.h"

namespace holdfast::views::test {

using Model = std::map<std::pair<Table, Bytes>, Bytes>;
using Pairs = std::vector<std::pair<Bytes, Bytes>>;

/// Writes that own their bytes.
struct OwnWrites {
  struct Row {
    Table table;
    Bytes key;
    std::optional<Bytes> value;  ///< nothing: the row is erased
  };
  std::vector<Row> rows;

  /// Valid as long as this is.
  [[nodiscard]] std::vector<Write> borrowed() const {
    std::vector<Write> writes;
    for (const Row& row : rows) {
      writes.push_back(
          {row.table, row.key, row.value ? std::optional<BytesView>(*row.value) : std::nullopt});
    }
    return writes;
  }
  void into(Model& model) const {
    for (const Row& row : rows) {
      if (row.value) {
        model[{row.table, row.key}] = *row.value;
      } else {
        model.erase({row.table, row.key});
      }
    }
  }
};

inline Pairs read(const Reader& reader, Table table, BytesView from, BytesView until,
                  Direction direction) {
  Pairs pairs;
  const auto cursor = reader.scan(table, from, until, direction);
  for (; cursor->valid(); cursor->next()) {
    pairs.emplace_back(cursor->key(), cursor->value());
  }
  EXPECT_TRUE(cursor->status().has_value());
  return pairs;
}

/// Every row of every table, or the first error met.
inline Result<Model> read_all(const Reader& reader) {
  Model model;
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto table = static_cast<Table>(i);
    const auto cursor = reader.scan(table, {}, {}, Direction::forward);
    for (; cursor->valid(); cursor->next()) {
      model.emplace(std::pair{table, Bytes(cursor->key())}, cursor->value());
    }
    TRY_OK(cursor->status());
  }
  return model;
}

inline Pairs expected(const Model& model, Table table, BytesView from, BytesView until,
                      Direction direction) {
  Pairs pairs;
  for (const auto& [key, value] : model) {
    if (key.first == table && key.second >= from && (until.empty() || key.second < until)) {
      pairs.emplace_back(key.second, value);
    }
  }
  if (direction == Direction::backward) {
    std::reverse(pairs.begin(), pairs.end());
  }
  return pairs;
}

/// One range, read from its beginning and after a seek to each of `targets`.
inline void expect_range(const Reader& reader, const Model& model, Table table, BytesView from,
                         BytesView until, Direction direction, std::span<const Bytes> targets) {
  const Pairs range = expected(model, table, from, until, direction);
  ASSERT_EQ(read(reader, table, from, until, direction), range);
  const auto cursor = reader.scan(table, from, until, direction);
  for (const Bytes& target : targets) {
    cursor->seek(target);
    const auto first = std::find_if(range.begin(), range.end(), [&](const auto& pair) {
      return direction == Direction::forward ? pair.first >= target : pair.first <= target;
    });
    ASSERT_EQ(cursor->valid(), first != range.end());
    if (cursor->valid()) {
      ASSERT_EQ(cursor->key(), first->first);
      ASSERT_EQ(cursor->value(), first->second);
    }
  }
}

inline void expect_value(const Reader& reader, const Model& model, Table table, const Bytes& key) {
  const auto found = reader.get(table, key);
  ASSERT_TRUE(found.has_value());
  const auto wanted = model.find({table, key});
  ASSERT_EQ(found->has_value(), wanted != model.end());
  if (wanted != model.end()) {
    ASSERT_EQ(**found, wanted->second);
  }
}

}  // namespace holdfast::views::test
