// pathway/step_test.cpp: an item that is looked at before its escalation goes on loses no step of
// it.
#include "pathway/step.h"

#include <gtest/gtest.h>

#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

constexpr Time start{1'764'579'600'000};
constexpr std::int64_t hour_ms = 3'600'000;

views::Item in_state(const Definitions& all, const Definition& definition, std::string_view state) {
  views::Item item;
  item.status = "requested";
  item.urgency = definition.urgencies.back().name;
  enter(all, definition, item, *definition.state(state), start, std::nullopt);
  return item;
}

TEST(Step, AnItemThatIsLookedAtWakesForItsNextStepAgain) {
  const auto all = shipped();
  const Definition& blood = *all->find("blood");
  views::Item item = in_state(*all, blood, "grouped");
  const auto step = item.wake;
  const auto due = item.due;
  const Time at{start.ms + hour_ms};
  look_at(*all, blood, item, at);
  EXPECT_EQ(item.wake, at);
  EXPECT_TRUE(is_looked_at(*all, blood, item, at));
  EXPECT_EQ(item.wake, step);
  look_at(*all, blood, item, Time{step->ms + 1});
  EXPECT_EQ(item.wake, step) << "the step comes first";
  EXPECT_FALSE(is_looked_at(*all, blood, item, *step)) << "it is for the step";
  look_at(*all, blood, item, at);
  look_at(*all, blood, item, std::nullopt);
  EXPECT_EQ(item.wake, step) << "nothing to look at any more";
  EXPECT_EQ(item.due, due);
  EXPECT_EQ(item.step, 0U);
}

TEST(Step, AFirstStepAtHalfTimeIsWaitedFor) {
  const auto all = shipped();
  const Definition& letter = *all->find("letter");
  const auto* const halves = [&] {
    for (const State& state : letter.states) {
      if (!state.steps.empty() && state.steps.front().half) {
        return &state;
      }
    }
    return static_cast<const State*>(nullptr);
  }();
  ASSERT_NE(halves, nullptr);
  views::Item item = in_state(*all, letter, halves->name);
  const auto half = item.wake;
  look_at(*all, letter, item, Time{start.ms + 1});
  EXPECT_EQ(item.wake, half);
  EXPECT_FALSE(is_looked_at(*all, letter, item, *half));
  EXPECT_TRUE(escalate(*all, letter, item, *half));
  look_at(*all, letter, item, Time{half->ms + 1});
  EXPECT_EQ(item.wake, Time{half->ms + 1}) << "behind it, it is looked at";
}

}  // namespace
}  // namespace holdfast::pathway
