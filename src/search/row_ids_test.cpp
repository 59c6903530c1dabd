#include "search/row_ids.h"

#include <gtest/gtest.h>

#include <optional>

namespace holdfast::search {
namespace {

TEST(RowIds, SayWhatWasKeptOfARowOrNothing) {
  RowIds ids(8);
  EXPECT_EQ(ids.find(RowId{0}), std::nullopt);
  EXPECT_EQ(ids.find(RowId{3}), std::nullopt);
  ids.keep(RowId{3}, "three");
  EXPECT_EQ(ids.find(RowId{3}), "three");
  EXPECT_EQ(ids.find(RowId{11}), std::nullopt) << "the same slot, another row";
  ids.keep(RowId{11}, "eleven");
  EXPECT_EQ(ids.find(RowId{11}), "eleven");
  EXPECT_EQ(ids.find(RowId{3}), std::nullopt);
}

TEST(RowIds, DoNotKeepLongIds) {
  RowIds ids(8);
  ids.keep(RowId{1}, "short");
  ids.keep(RowId{1}, Bytes(24, 'x'));
  EXPECT_EQ(ids.find(RowId{1}), "short") << "a row has one id: the first still says it";
  ids.keep(RowId{2}, Bytes(23, 'x'));
  EXPECT_EQ(ids.find(RowId{2}), Bytes(23, 'x'));
}

}  // namespace
}  // namespace holdfast::search
