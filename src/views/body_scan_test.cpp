#include "views/body_scan.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "views/keys.h"
#include "views/mem_kv.h"

namespace holdfast::views {
namespace {

BodyHeader header_of(RowId row) {
  BodyHeader header;
  header.id = fmt::format("r{}", row.value);
  header.version = Version{1};
  header.position = Position{row.value};
  return header;
}

TEST(BodyScan, ReadsRowsInAnyOrderAndMissesNone) {
  MemKv kv;
  const BodyCodec codec;
  std::vector<Bytes> keys;
  std::vector<Bytes> values;
  // Neighbours, gaps of less and of more than it steps over.
  const std::vector<std::uint64_t> rows{1, 2, 3, 9, 15, 28, 40, 41, 100, 1000};
  for (const std::uint64_t row : rows) {
    keys.push_back(body_key(RowId{row}));
    values.push_back(BodyCodec::encode_raw(header_of(RowId{row}), fmt::format("body {}", row)));
  }
  std::vector<Write> writes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    writes.push_back({Table::body, keys[i], values[i]});
  }
  ASSERT_TRUE(kv.write(writes).has_value());
  const auto reader = kv.snapshot();
  BodyScan scan(*reader, codec);
  const auto expect = [&](std::uint64_t row) {
    Bytes text = "before ";
    const auto header = scan.append(text, RowId{row});
    ASSERT_TRUE(header.has_value()) << row;
    EXPECT_EQ(header->id, fmt::format("r{}", row));
    EXPECT_EQ(text, fmt::format("before body {}", row));
  };
  for (const std::uint64_t row : rows) {
    expect(row);
    expect(row);
  }
  for (const std::uint64_t row : {1000U, 3U, 41U, 2U, 100U, 1U, 15U}) {
    expect(row);
  }
  for (const std::uint64_t row : {4U, 50U, 2000U}) {
    Bytes text;
    EXPECT_EQ(scan.append(text, RowId{row}).error().code, Code::corrupt);
    EXPECT_EQ(text, "");
  }
  expect(28);
}

}  // namespace
}  // namespace holdfast::views
