// Rows of items: what is offered, and rows from before there were offers
#include <gtest/gtest.h>

#include "views/items_rows.h"
#include "views/mem_kv.h"

namespace holdfast::views {
namespace {

using namespace items;  // the keys

Item item_of_eyes(const std::string& id) {
  Item item;
  item.id = id;
  item.pathway = "referral";
  item.definition = 3;
  item.state = "received";
  item.status = "requested";
  item.priority = "routine";
  item.focus = "ServiceRequest/1";
  item.patient = "Patient/7";
  item.owner = "CareTeam/eyes";
  item.organisation = "RXH";
  item.opened = Time{5};
  item.due = Time{1000};
  item.wake = Time{1000};
  item.overseers = {"team:oversight"};
  return item;
}

std::vector<std::string> ids_on(const Reader& reader, List list, std::string_view whose) {
  const auto places = read_work_list(reader, list, whose, {}, 100);
  EXPECT_TRUE(places.has_value());
  std::vector<std::string> ids;
  for (const Place& place : places.value_or(std::vector<Place>())) {
    ids.push_back(place.id);
  }
  return ids;
}

TEST(ItemRow, ReadsWhatItSaysAndARowFromBeforeThereWereOffers) {
  Item item = item_of_eyes("a");
  // Byte for byte what was written before: Tasks of then are held against rows of then.
  const Bytes before = value_of(item);
  EXPECT_EQ(BytesView(before).substr(before.size() - 15), BytesView("\x0eteam:oversight"));
  EXPECT_EQ(*item_of("a", before), item);
  item.offered = "CareTeam/hearts";
  EXPECT_EQ(value_of(item), before + "\x0f" + "CareTeam/hearts");
  EXPECT_EQ(*item_of("a", value_of(item)), item);
  EXPECT_FALSE(item_of("a", value_of(item) + "x").has_value());
  EXPECT_FALSE(item_of("a", before + "\x0f" + "Care").has_value());
}

TEST(ItemRows, AnOfferIsOnItsOwnListInTheOrderOfAnyAndTheOwnersListKeepsIt) {
  MemKv kv;
  WorkLayer layer(kv.snapshot());
  Item late = item_of_eyes("late");
  Item stat = item_of_eyes("stat");
  stat.priority = "stat";
  stat.due = stat.wake = Time{9000};
  for (Item* const one : {&late, &stat}) {
    ASSERT_TRUE(write_item(layer, std::nullopt, *one, Time{5}).has_value());
    const Item before = *one;
    one->offered = "CareTeam/hearts";
    ASSERT_TRUE(write_item(layer, before, *one, Time{5}).has_value());
  }
  const std::vector<std::string> both{"stat", "late"};
  EXPECT_EQ(ids_on(layer, List::offered, "CareTeam/hearts"), both);
  EXPECT_EQ(ids_on(layer, List::owned, "CareTeam/eyes"), both);
  EXPECT_TRUE(ids_on(layer, List::owned, "CareTeam/hearts").empty());
  EXPECT_EQ(read_list_counts(layer, "CareTeam/eyes")->open, 2U);
  EXPECT_EQ(read_list_counts(layer, "CareTeam/hearts")->open, 0U);
  // Another due time moves it on both lists; another offer takes the place of the first.
  Item sooner = stat;
  sooner.priority = "routine";
  ASSERT_TRUE(write_item(layer, stat, sooner, Time{6}).has_value());
  EXPECT_EQ(ids_on(layer, List::offered, "CareTeam/hearts"),
            (std::vector<std::string>{"late", "stat"}));
  Item other = sooner;
  other.offered = "team:triage";
  ASSERT_TRUE(write_item(layer, sooner, other, Time{6}).has_value());
  EXPECT_EQ(ids_on(layer, List::offered, "CareTeam/hearts"), std::vector<std::string>{"late"});
  EXPECT_EQ(ids_on(layer, List::offered, "team:triage"), std::vector<std::string>{"stat"});
  Item closed = other;
  closed.status = "completed";
  closed.offered.clear();
  ASSERT_TRUE(write_item(layer, other, closed, Time{7}).has_value());
  EXPECT_TRUE(ids_on(layer, List::offered, "team:triage").empty());
}

}  // namespace
}  // namespace holdfast::views
