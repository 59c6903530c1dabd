// What another set of definitions would change, and when items would be due under it.
#include "pathway/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Those that ship, with texts of one file replaced.
std::shared_ptr<const Definitions> changed(
    std::string_view file, std::vector<std::pair<std::string, std::string>> changes) {
  auto files = shipped_files();
  for (File& one : files) {
    for (const auto& [from, to] : changes) {
      if (one.name == file) {
        const std::size_t at = one.text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        one.text.replace(at, from.size(), to);
      }
    }
  }
  auto read = Definitions::read(std::move(files));
  EXPECT_TRUE(read.has_value()) << read.error().what;
  return read ? *read : nullptr;
}

const std::pair<std::string, std::string> sooner{
    R"({ urgency = "urgent", within = "2 working days")",
    R"({ urgency = "urgent", within = "1 working day")"};

Time at(std::string_view text) { return parse_date_time(text)->from; }

views::Item received(std::string_view urgency, std::string_view due) {
  views::Item item;
  item.pathway = "referral";
  item.state = "received";
  item.urgency = urgency;
  item.due = at(due);
  return item;
}
std::string under(const Definitions& next, const views::Item& item) {
  const auto due = due_under(*shipped(), next, item);
  return due ? to_instant(*due) : "not known";
}

TEST(Difference, SaysWhatOfAStateIsOtherwiseAndNothingElse) {
  EXPECT_THAT(differences(shipped().get(), *shipped()), IsEmpty());
  const auto next =
      changed("referral.toml",
              {sooner, {R"(fallback = "team:oversight")", R"(fallback = "team:booking")"}});
  const auto all = differences(shipped().get(), *next);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].pathway, "referral");
  EXPECT_EQ(all[0].change, Change::changed);
  EXPECT_THAT(all[0].what, ElementsAre("fallback: team:oversight -> team:booking"));
  ASSERT_EQ(all[0].states.size(), 1U);
  EXPECT_EQ(all[0].states[0].state, "received");
  EXPECT_TRUE(all[0].states[0].due_changes);
  EXPECT_THAT(all[0].states[0].what, ElementsAre("due of urgent: 2 working days -> 1 working day"));
}

TEST(Difference, EscalationOwnersAndActsAreSaid) {
  const auto next = changed(
      "referral.toml",
      {{R"({ after = "2 working days", to = "team:oversight" })",
        R"({ after = "3 working days", to = "team:oversight" })"},
       {R"(needs = ["reason", "provider"])", R"(needs = ["reason", "provider", "evidence"])"},
       {"status = \"accepted\"\n", "status = \"accepted\"\nowner = \"team:booking\"\n"}});
  const auto all = differences(shipped().get(), *next);
  ASSERT_EQ(all.size(), 1U);
  ASSERT_EQ(all[0].what.size(), 1U);
  EXPECT_THAT(all[0].what[0], HasSubstr("needs reason, provider, evidence"));
  ASSERT_GT(all[0].states.size(), 1U) << "all that had the escalation of the whole";
  bool owned = false;
  for (const StateChange& one : all[0].states) {
    EXPECT_FALSE(one.due_changes);
    EXPECT_THAT(one.what.back(), HasSubstr("after 3 working days team:oversight"));
    owned = owned || one.what.front() == "owner: stays whose it is -> team:booking";
  }
  EXPECT_TRUE(owned);
}

TEST(Difference, WhatIsNewAndWhatIsWithdrawn) {
  auto files = shipped_files();
  std::erase_if(files, [](const File& one) { return one.name == "reconciliation.toml"; });
  const auto fewer = Definitions::read(std::move(files));
  ASSERT_TRUE(fewer.has_value()) << fewer.error().what;
  const auto gone = differences(shipped().get(), **fewer);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].change, Change::withdrawn);
  const auto come = differences(fewer->get(), *shipped());
  ASSERT_EQ(come.size(), 1U);
  EXPECT_EQ(come[0].change, Change::fresh);
  EXPECT_EQ(differences(nullptr, *shipped()).size(), shipped()->all().size());
}

TEST(Difference, EveryFaultIsSaidNotTheFirstAlone) {
  const auto next = changed("referral.toml", {sooner});
  const std::vector<InUse> in_use{{"referral", "lost", 3}, {"referral", "received", 2}};
  const auto faults = faults_of_change(shipped().get(), *next, in_use, *parse_day("2026-12-02"));
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_THAT(faults[0], HasSubstr("3 open items are in state 'lost'"));
  EXPECT_THAT(faults[1], HasSubstr("give it a higher one"));
  EXPECT_EQ(check_change(shipped().get(), *next, in_use, *parse_day("2026-12-02")).error().what,
            faults[0]);
}

TEST(Difference, CountsAgainFromWhenTheTimeThatAnItemHasBegan) {
  const auto next = changed("referral.toml", {sooner});
  // Monday 09:00 and two working days.
  EXPECT_EQ(under(*next, received("urgent", "2026-12-02T09:00:00Z")), "2026-12-01T09:00:00.000Z");
  EXPECT_EQ(under(*next, received("urgent", "2026-12-01T15:00:00Z")), "2026-11-30T15:00:00.000Z")
      << "Friday, over a weekend";
  EXPECT_EQ(under(*next, received("routine", "2026-12-07T09:00:00Z")), "2026-12-07T09:00:00.000Z");
  EXPECT_EQ(under(*next, received("urgent", "2026-12-05T09:00:00Z")), "not known")
      << "no working day ends on a Saturday: somebody set it";
  views::Item nowhere = received("urgent", "2026-12-02T09:00:00Z");
  nowhere.state = "lost";
  EXPECT_EQ(under(*next, nowhere), "not known");
}

TEST(Difference, FindsWhenATimeBegan) {
  const Calendar calendar;
  for (const char* span : {"4 hours", "7 days", "18 weeks", "3 working days"}) {
    const Time from = at("2026-11-27T15:30:00Z");
    const auto found = began(calendar, calendar.after(from, *parse_span(span)), *parse_span(span));
    ASSERT_TRUE(found.has_value()) << span;
    EXPECT_EQ(to_instant(*found), "2026-11-27T15:30:00.000Z") << span;
  }
}

}  // namespace
}  // namespace holdfast::pathway
