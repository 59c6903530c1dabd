// search/test_pages.h: for tests: the pages of a question, one after the other, beside the truth.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "search/test_oracle.h"

namespace holdfast::search::test {

struct Counts {
  std::size_t complete = 0;
  std::size_t expired = 0;
  std::size_t wrong = 0;
  std::size_t later_pages = 0;
};

// Follows the pages of one question while the record goes on changing.
inline void follow(Record& record, const Question& question, std::uint32_t count, Bug bug,
                   Counts& counts) {
  const std::string query = question.query + "&_count=" + std::to_string(count) +
                            (record.random()() % 3 == 0 ? "&_total=accurate" : "");
  const Snapshot snapshot = snapshot_of(record.state());
  const std::vector<RowId> wanted = truth(record, question, snapshot);
  const auto criteria =
      parse(fhir::standard_search_params(), question.scope, query, Handling::strict, snapshot.time);
  ASSERT_TRUE(criteria.has_value()) << criteria.error().what << " in " << query;
  std::vector<RowId> found;
  std::optional<PageCursor> after;
  PageLimits limits;
  limits.planted = bug;
  const std::size_t changes = record.random()() % 8;
  for (std::size_t pages = 0; pages < 100; ++pages) {
    const auto view = record.view();
    const auto page = run({*view, record.codec(), fhir::standard_search_params(), &record.lists()},
                          *criteria, snapshot, after, limits);
    if (!page) {
      ASSERT_EQ(page.error().code, Code::expired) << page.error().what << " in " << query;
      ASSERT_GT(record.state().time.ms - snapshot.time.ms, views::undo_kept_ms);
      ++counts.expired;
      return;
    }
    ASSERT_LE(page->found.size(), count);
    if (page->total && *page->total != wanted.size()) {
      EXPECT_NE(bug, Bug::none) << query << " of " << question.scope.patient << " counts "
                                << *page->total << ", there are " << wanted.size();
      ++counts.wrong;
      return;
    }
    counts.later_pages += after ? 1U : 0U;
    for (const Found& one : page->found) {
      found.push_back(one.row);
    }
    if (!page->more) {
      break;
    }
    after = page->cursor_after(page->found.size() - 1);
    for (std::size_t i = 0; i < changes; ++i) {
      ASSERT_NO_FATAL_FAILURE(record.change());
    }
    if (record.random()() % 2 == 0) {
      record.forget_lists();
    }
  }
  if (!question.before) {
    std::sort(found.begin(), found.end());  // any order, but each once
  }
  if (found != wanted && bug == Bug::none) {
    ADD_FAILURE() << query << " of " << question.scope.patient << " found " << found.size()
                  << ", there are " << wanted.size();
  }
  counts.wrong += found == wanted ? 0U : 1U;
  ++counts.complete;
}

// All pages of a question are what looking at every version finds. The orders that pages came in.
inline std::set<PageCursor::Order> walk(Record& record, const Question& question, std::size_t count,
                                        const PageLimits& limits) {
  std::set<PageCursor::Order> orders;
  const Snapshot snapshot = snapshot_of(record.state());
  const std::string query = question.query + "&_count=" + std::to_string(count);
  const auto criteria =
      parse(fhir::standard_search_params(), question.scope, query, Handling::strict, snapshot.time);
  EXPECT_TRUE(criteria.has_value()) << query;
  std::vector<RowId> found;
  std::optional<PageCursor> after;
  for (bool more = criteria.has_value(); more;) {
    const auto view = record.view();
    const auto page = run({*view, record.codec(), fhir::standard_search_params(), &record.lists()},
                          *criteria, snapshot, after, limits);
    EXPECT_TRUE(page.has_value()) << query;
    if (!page) {
      return orders;
    }
    for (const Found& one : page->found) {
      found.push_back(one.row);
    }
    orders.insert(page->order);
    more = page->more;
    after = more ? std::optional(page->cursor_after(page->found.size() - 1)) : std::nullopt;
  }
  if (!question.before) {
    std::sort(found.begin(), found.end());
  }
  const auto wanted = truth(record, question, snapshot);
  EXPECT_EQ(found.size(), wanted.size()) << query;
  const auto [is, ought] = std::ranges::mismatch(found, wanted);
  EXPECT_TRUE(is == found.end() || ought == wanted.end())
      << query << " place " << is - found.begin() << ": " << json_of(record.facts()[is->value - 1])
      << " for " << json_of(record.facts()[ought->value - 1]);
  return orders;
}

inline std::size_t random_count(Record& record) {
  constexpr std::array<std::size_t, 3> counts{40, 200, 700};
  return counts[record.random()() % counts.size()];
}

}  // namespace holdfast::search::test
