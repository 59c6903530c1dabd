// clinical/tables_test.cpp: what is shipped can be read, and a hospital's own tables take its
// place.
#include "clinical/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::Each;
using testing::Property;
using testing::SizeIs;

TEST(Tables, ThatAreShippedCanBeReadAndAreDrafts) {
  const auto tables = read_tables({});
  ASSERT_TRUE(tables) << tables.error().what;
  EXPECT_THAT(editions(*tables), SizeIs(shipped_tables().size()));
  EXPECT_THAT(editions(*tables), Each(Property(&Edition::is_draft, true)));
}

TEST(Tables, OfAHospitalTakeThePlaceOfThoseShipped) {
  const std::string text = spoilt("blood", "child_bearing_below = 50", "child_bearing_below = 52");
  const std::vector<TableText> own{{"blood", "trust/blood.toml", text}};
  EXPECT_EQ(read_tables(own)->blood.child_bearing_below, 52);
  EXPECT_EQ(read_tables({})->blood.child_bearing_below, 50);
}

TEST(Tables, ThatAreBadAreRefusedByTheirFile) {
  const std::string text = spoilt("blood", "kept_years = 30", "kept_years = \"30\"");
  const std::vector<TableText> own{{"blood", "trust/blood.toml", text}};
  EXPECT_EQ(read_tables(own).error().what,
            "trust/blood.toml:81: kept_years is no whole number from 1 to 1000");
  const std::vector<TableText> other{{"blod", "trust/blod.toml", ""}};
  EXPECT_EQ(read_tables(other).error().what,
            "trust/blod.toml:1: there is no table 'blod'; did you mean 'blood'?");
  const std::vector<TableText> twice{shipped_table("rtt"), shipped_table("rtt")};
  EXPECT_EQ(read_tables(twice).error().what, "clinical/rtt.toml:1: the table 'rtt' is given twice");
  const std::vector<TableText> swapped{{"rtt", "rtt.toml", shipped_table("blood").text}};
  EXPECT_EQ(read_tables(swapped).error().what, "rtt.toml:1: it is the table 'blood', not 'rtt'");
}

}  // namespace
}  // namespace holdfast::clinical
