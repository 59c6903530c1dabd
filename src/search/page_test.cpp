// Search against an oracle that knows every version and looks at all of them.
#include "search/page.h"

#include <gtest/gtest.h>

#include "search/test_oracle.h"

namespace holdfast::search {
namespace {

using test::Fact;
using test::patient;
using test::Question;
using test::random_question;
using test::Record;
using test::truth;

struct Counts {
  std::size_t complete = 0;
  std::size_t expired = 0;
  std::size_t wrong = 0;
  std::size_t later_pages = 0;
};

// Follows the pages of one question while the record goes on changing.
void follow(Record& record, Bug bug, Counts& counts) {
  const Question question = random_question(record);
  const std::uint32_t count = 1 + static_cast<std::uint32_t>(record.random()() % 4);
  const std::string query = question.query + "&_count=" + std::to_string(count) +
                            (record.random()() % 3 == 0 ? "&_total=accurate" : "");
  const Snapshot snapshot = snapshot_of(record.state());
  const std::vector<RowId> wanted = truth(record, question, snapshot);
  const auto criteria = parse(question.scope, query, Handling::strict);
  ASSERT_TRUE(criteria.has_value()) << criteria.error().what << " in " << query;
  std::vector<RowId> found;
  std::optional<RowId> after;
  PageLimits limits;
  limits.planted = bug;
  const std::size_t changes = record.random()() % 8;
  for (std::size_t pages = 0; pages < 100; ++pages) {
    const auto page = run(*record.view(), *criteria, snapshot, after, limits);
    if (!page) {
      ASSERT_EQ(page.error().code, Code::expired) << page.error().what;
      ASSERT_GT(record.state().time.ms - snapshot.time.ms, views::undo_kept_ms);
      ++counts.expired;
      return;
    }
    ASSERT_LE(page->rows.size(), count);
    if (page->total && *page->total != wanted.size()) {
      ++counts.wrong;
      return;
    }
    counts.later_pages += after ? 1U : 0U;
    found.insert(found.end(), page->rows.begin(), page->rows.end());
    if (!page->cursor) {
      break;
    }
    after = page->cursor;
    for (std::size_t i = 0; i < changes; ++i) {
      ASSERT_NO_FATAL_FAILURE(record.change());
    }
  }
  counts.wrong += found == wanted ? 0U : 1U;
  ++counts.complete;
}

Counts follow_many(Bug bug) {
  Counts counts;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Record record(seed, bug);
    for (int i = 0; i < 30; ++i) {
      record.change();
    }
    for (int i = 0; i < 60 && !::testing::Test::HasFatalFailure(); ++i) {
      const std::size_t wrong = counts.wrong;
      follow(record, bug, counts);
      if (bug == Bug::none) {
        EXPECT_EQ(counts.wrong, wrong) << "seed " << seed << " question " << i;
      }
      record.change();
    }
  }
  return counts;
}

TEST(Page, RepeatsAndOmitsNothingWhileTheRecordChanges) {
  const Counts counts = follow_many(Bug::none);
  EXPECT_EQ(counts.wrong, 0U);
  EXPECT_GT(counts.complete, 1500U);
  EXPECT_GT(counts.later_pages, 500U);
  EXPECT_GT(counts.expired, 5U) << "the clock runs far enough for links to get old";
}

TEST(Page, WouldNoticeRowsAboveItsSnapshot) {
  EXPECT_GT(follow_many(Bug::show_above_snapshot).wrong, 0U);
}

TEST(Page, WouldNoticeALostUndoRow) { EXPECT_GT(follow_many(Bug::lose_undo_row).wrong, 0U); }

TEST(Page, EndsASearchThatCostsTooMuch) {
  Record record(1);
  for (int i = 0; i < 60; ++i) {
    record.change();
  }
  const auto criteria = parse({patient, {}}, "_total=accurate", Handling::strict);
  PageLimits limits;
  limits.candidates_max = 3;
  const auto page =
      run(*record.view(), *criteria, snapshot_of(record.state()), std::nullopt, limits);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, Code::too_costly);
}

TEST(Page, CountsWithoutShowing) {
  Record record(2);
  for (int i = 0; i < 60; ++i) {
    record.change();
  }
  Question question;
  question.scope.type = patient;
  question.all.emplace_back([](const Fact& fact) { return fact.type == patient; });
  const Snapshot snapshot = snapshot_of(record.state());
  for (const char* const query : {"_summary=count", "_count=0"}) {
    const auto page =
        run(*record.view(), *parse({patient, {}}, query, Handling::strict), snapshot, std::nullopt);
    ASSERT_TRUE(page.has_value());
    EXPECT_TRUE(page->rows.empty());
    EXPECT_FALSE(page->cursor);
    EXPECT_EQ(page->total, truth(record, question, snapshot).size());
  }
}

}  // namespace
}  // namespace holdfast::search
