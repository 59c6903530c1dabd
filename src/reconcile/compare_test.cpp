// A comparison says each difference once, under one id, and nothing that the list does not say.
#include "reconcile/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::reconcile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* lists = "https://county.example/referral";

Row row(std::string value, std::string state = "", std::string nhs_number = "") {
  Row one;
  one.number = {lists, std::move(value)};
  one.state = std::move(state);
  one.nhs_number = std::move(nhs_number);
  return one;
}

Ours ours(std::string id, bool is_open = true) {
  Ours one;
  one.reference = "ServiceRequest/" + id;
  one.item = "Task/" + id;
  one.patient = "Patient/p1";
  one.is_open = is_open;
  one.kind = "referral";
  one.authored = "2026-11-20";
  one.numbers = {{lists, id}};
  one.nhs_numbers = {"9434765919"};
  return one;
}

struct Case {
  List list;
  std::vector<std::optional<Ours>> ours;
  std::vector<Ours> in_scope;
  States states;
  Comparison run(std::string_view source = "county") const {
    return compare(source, list, states, ours, in_scope, {lists});
  }
  void add(Row theirs, std::optional<Ours> one) {
    list.rows.push_back(std::move(theirs));
    ours.push_back(std::move(one));
  }
};

std::vector<std::string> kinds_of(const Comparison& all) {
  std::vector<std::string> names;
  for (const Difference& one : all.differences) {
    names.push_back(std::string(name(one.kind)) + " " + one.number.value);
  }
  return names;
}

TEST(Compare, SaysEachDifferenceOnce) {
  Case all;
  all.add(row("a", "active"), ours("a"));
  all.add(row("b", "active"), std::nullopt);
  all.add(row("c", "cancelled"), ours("c"));
  all.add(row("d", "active"), ours("d", false));
  all.add(row("e", "active", "9876543210"), ours("e"));
  all.in_scope = {ours("a"), ours("f")};
  const Comparison found = all.run();
  EXPECT_THAT(kinds_of(found), ElementsAre("missing-here b", "state-differs c", "state-differs d",
                                           "identity-conflict e", "missing-there f"));
  EXPECT_EQ(found.compared, 5U);
  EXPECT_EQ(found.same, 1U);
  EXPECT_EQ(found.ids.size(), found.differences.size());
  EXPECT_EQ(found.ids, all.run().ids) << "the same list, the same ids";
  EXPECT_NE(found.ids, all.run("another").ids) << "another neighbour's list is another list";
}

TEST(Compare, AnIdentityThatDiffersIsNoQuestionOfState) {
  Case all;
  all.add(row("a", "cancelled", "9876543210"), ours("a"));
  Ours shared = ours("b");
  shared.is_ambiguous = true;
  all.add(row("b"), shared);
  EXPECT_THAT(kinds_of(all.run()), ElementsAre("identity-conflict a", "identity-conflict b"));
  EXPECT_THAT(all.run().differences[0].text, HasSubstr("Nothing was merged"));
}

TEST(Compare, AWordThatIsNotKnownIsNamedAndNotGuessed) {
  Case all;
  all.add(row("a", "Parked"), ours("a", false));
  all.add(row("b", ""), ours("b"));
  const Comparison found = all.run();
  EXPECT_TRUE(found.differences.empty());
  EXPECT_EQ(found.unknown_words.at("Parked"), 1U);
  EXPECT_EQ(found.state_not_compared, 2U);
  ASSERT_TRUE(all.states.add("parked=open"));
  EXPECT_THAT(kinds_of(all.run()), ElementsAre("state-differs a"));
}

TEST(Compare, WhatIsDoneThereHasComeHereOrDiffers) {
  Case all;
  Ours answered = ours("b");
  answered.is_answered = true;
  all.add(row("a", "final"), ours("a"));
  all.add(row("b", "final"), answered);
  all.add(row("c", "final"), ours("c", false));
  const Comparison found = all.run();
  EXPECT_THAT(kinds_of(found), ElementsAre("state-differs a"));
  EXPECT_THAT(found.differences[0].text, HasSubstr("what should have come of it is not here"));
}

TEST(Compare, OursWithoutTheirNumberIsCountedAndNotMissing) {
  Case all;
  Ours one = ours("a");
  one.numbers = {{"urn:elsewhere", "a"}};
  all.in_scope = {one};
  const Comparison found = all.run();
  EXPECT_TRUE(found.differences.empty());
  EXPECT_EQ(found.ours_without_number, 1U);
}

TEST(Compare, MissingThereKeepsItsIdWhateverNumberItIsListedBy) {
  Case all;
  Ours one = ours("a");
  one.numbers = {{"urn:elsewhere", "x"}, {lists, "a"}};
  all.in_scope = {one};
  const auto by_one = compare("county", all.list, all.states, {}, all.in_scope, {lists});
  const auto by_two =
      compare("county", all.list, all.states, {}, all.in_scope, {lists, "urn:elsewhere"});
  EXPECT_EQ(by_one.ids, by_two.ids);
}

TEST(Compare, AListThatDoesNotAddUpIsADifference) {
  Case all;
  all.list.stated = {{"batch-1", "BTS-1 says 3, there are 2", true}, {"batch-2", "", false}};
  EXPECT_THAT(kinds_of(all.run()), ElementsAre("count-differs batch-1"));
}

TEST(FateOf, WhatAListDoesNotSpeakOfIsNotGone) {
  Case all;
  all.add(row("a", "active"), ours("a"));
  const Comparison found = all.run();
  Standing one;
  one.id = "finding-x";
  one.type = "ServiceRequest";
  one.number = {lists, "b"};
  one.pathway = "referral";
  one.authored = "2026-11-20";
  Scope scope;
  EXPECT_EQ(fate_of(one, found, scope), Fate::not_said) << "it does not say what it covers";
  scope.kinds = {"blood"};
  EXPECT_EQ(fate_of(one, found, scope), Fate::not_said) << "it covers something else";
  scope.kinds = {"referral"};
  EXPECT_EQ(fate_of(one, found, scope), Fate::gone);
  scope.from = "2026-11-21";
  EXPECT_EQ(fate_of(one, found, scope), Fate::not_said) << "it covers later days";
  scope.from.clear();
  scope.organisation = "Organization/1";
  EXPECT_EQ(fate_of(one, found, scope), Fate::not_said) << "it covers another's";
  one.number.value = "a";
  EXPECT_EQ(fate_of(one, found, Scope{}), Fate::gone) << "it is on the list, and the same";
  one.number.value = "z";
  one.reference = "ServiceRequest/a";
  EXPECT_EQ(fate_of(one, found, Scope{}), Fate::gone) << "it is on the list, by another number";
}

}  // namespace
}  // namespace holdfast::reconcile
