// Ranges and chains beside lists: out of the store, out of hot lists, by whichever way costs less.
#include "search/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "search/hot_lists.h"
#include "search/test_pages.h"

namespace holdfast::search {
namespace {

using test::Counts;
using test::Fact;
using test::follow;
using test::Question;
using test::random_count;
using test::random_question;
using test::Record;
using test::walk;

/// A code, mostly with dates and values beside it, in some order.
Question ask_beside_a_list(Record& record) {
  Question question;
  question.scope.type = test::observation;
  question.all.emplace_back([](const Fact& fact) { return fact.type == test::observation; });
  test::ask_code(question, record.random());
  if (record.random()() % 4 != 0) {
    test::ask_date(question, record.random());
  }
  if (record.random()() % 2 == 0) {
    test::ask_date(question, record.random());
  }
  if (record.random()() % 4 == 0) {
    test::ask_value(question, record.random());
  }
  if (record.random()() % 4 == 0) {
    test::ask_linked(question, record, record.random());
  }
  if (record.random()() % 3 == 0) {
    test::ask_order(question, record.random());
  }
  return question;
}

// Whether a list goes by its rows or the range beside it by its keys changes nothing, and neither
// does giving up half-way.
TEST(PageBesideLists, FindsTheSameByARangeBesideAList) {
  Record record(7);
  record.set_ids(4000);
  for (int i = 0; i < 3500; ++i) {
    record.change();
  }
  std::map<PageCursor::Order, std::size_t> orders;
  for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) {
    const Question question = ask_beside_a_list(record);
    PageLimits limits;
    limits.keys_a_body = record.random()() % 2 == 0 ? 1 : limits.keys_a_body;
    for (const auto order : walk(record, question, random_count(record), limits)) {
      ++orders[order];
    }
  }
  EXPECT_GT(orders[PageCursor::Order::rows], 20U);
  EXPECT_GT(orders[PageCursor::Order::values], 20U);
  EXPECT_GT(orders[PageCursor::Order::sorted], 20U);
}

// The same while the record changes, with hot lists that were made of other moments.
Counts follow_beside_lists(Bug bug) {
  Counts counts;
  for (std::uint64_t seed = 11; seed < 14 && (bug == Bug::none || counts.wrong == 0); ++seed) {
    Record record(seed, bug);
    record.set_ids(300);
    for (int i = 0; i < 600; ++i) {
      record.change();
    }
    for (int i = 0; i < 80 && !::testing::Test::HasFatalFailure(); ++i) {
      const Question question = ask_beside_a_list(record);
      const std::uint32_t count = 5 + static_cast<std::uint32_t>(record.random()() % 20);
      follow(record, question, count, bug, counts);
      record.change();
    }
  }
  return counts;
}

TEST(PageBesideLists, FindsTheSameByHotListsWhileTheRecordChanges) {
  const Counts counts = follow_beside_lists(Bug::none);
  EXPECT_EQ(counts.wrong, 0U);
  EXPECT_GT(counts.complete, 150U);
  EXPECT_GT(counts.later_pages, 200U);
}

TEST(PageBesideLists, WouldNoticeHotListsWithoutUndo) {
  EXPECT_GT(follow_beside_lists(Bug::lists_without_undo).wrong, 0U);
}

TEST(PageBesideLists, WouldNoticeHotListsThatAreNotContinued) {
  EXPECT_GT(follow_beside_lists(Bug::lists_not_continued).wrong, 0U);
}

// Neither what is found nor what it counts as cost tells whether lists were kept.
TEST(PageBesideLists, CostsTheSameWhateverListsAreKept) {
  Record record(21);
  record.set_ids(2000);
  for (int i = 0; i < 2500; ++i) {
    record.change();
  }
  const auto view = record.view();
  const Snapshot snapshot = snapshot_of(record.state());
  for (int i = 0; i < 60; ++i) {
    const Question question = i % 2 == 0 ? ask_beside_a_list(record) : random_question(record);
    const auto criteria = parse(fhir::standard_search_params(), question.scope,
                                question.query + "&_count=20", Handling::strict, snapshot.time);
    ASSERT_TRUE(criteria.has_value()) << question.query;
    const auto page_with = [&](HotLists* lists) {
      return run({*view, record.codec(), fhir::standard_search_params(), lists}, *criteria,
                 snapshot, std::nullopt);
    };
    HotLists fresh({.misses_a_reading = 1});
    const auto without = page_with(nullptr);
    ASSERT_TRUE(without.has_value()) << without.error().what;
    for (HotLists* const lists : {&fresh, &fresh, &record.lists()}) {
      const auto with = page_with(lists);
      ASSERT_TRUE(with.has_value()) << with.error().what;
      EXPECT_EQ(with->spent, without->spent) << question.query;
      EXPECT_EQ(with->order, without->order) << question.query;
      EXPECT_TRUE(std::ranges::equal(with->found, without->found, {}, &Found::row, &Found::row))
          << question.query;
    }
  }
  EXPECT_GT(record.lists().sets(), 3U);
}

}  // namespace
}  // namespace holdfast::search
