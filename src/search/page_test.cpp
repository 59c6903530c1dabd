// Search against an oracle that knows every version and looks at all of them.
#include "search/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

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
    const auto page = run({*view, record.codec(), fhir::standard_search_params()}, *criteria,
                          snapshot, after, limits);
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

Counts follow_many(Bug bug) {
  Counts counts;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Record record(seed, bug);
    record.set_ids(seed % 4 == 0 ? 40 : 12);
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

TEST(Page, WouldNoticeALostEqual) { EXPECT_GT(follow_many(Bug::skip_equals).wrong, 0U); }

TEST(Page, WouldNoticeALostUndoRow) { EXPECT_GT(follow_many(Bug::lose_undo_row).wrong, 0U); }

Criteria of_patients(std::string_view query) {
  auto criteria = parse(fhir::standard_search_params(), {patient, {}}, query, Handling::strict, {});
  EXPECT_TRUE(criteria.has_value());
  return *std::move(criteria);
}

Result<Page> first_page(const Record& record, std::string_view query, const PageLimits& limits) {
  const auto view = record.view();
  return run({*view, record.codec(), fhir::standard_search_params()}, of_patients(query),
             snapshot_of(record.state()), std::nullopt, limits);
}

// All pages of a question are what looking at every version finds. The orders that pages came in.
std::set<PageCursor::Order> walk(Record& record, const Question& question, std::size_t count,
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
    const auto page = run({*view, record.codec(), fhir::standard_search_params()}, *criteria,
                          snapshot, after, limits);
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
      << query << " place " << is - found.begin() << ": "
      << test::json_of(record.facts()[is->value - 1]) << " for "
      << test::json_of(record.facts()[ought->value - 1]);
  return orders;
}

std::size_t random_count(Record& record) {
  constexpr std::array<std::size_t, 3> counts{40, 200, 700};
  return counts[record.random()() % counts.size()];
}

// Wide ranges and large sets: what small records never reach.
TEST(Page, FindsTheSameInALargeRecord) {
  for (std::uint64_t seed = 100; seed < 103; ++seed) {
    Record record(seed);
    record.set_ids(4000);
    for (int i = 0; i < 2600; ++i) {
      record.change();
    }
    for (int i = 0; i < 60 && !::testing::Test::HasFailure(); ++i) {
      walk(record, random_question(record), random_count(record), {});
    }
  }
}

// Whether a list goes by its rows or the range beside it by its keys changes nothing, and neither
// does giving up half-way.
TEST(Page, FindsTheSameByARangeBesideAList) {
  Record record(7);
  record.set_ids(4000);
  for (int i = 0; i < 3500; ++i) {
    record.change();
  }
  std::map<PageCursor::Order, std::size_t> orders;
  for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) {
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
    if (record.random()() % 3 == 0) {
      test::ask_order(question, record.random());
    }
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

// A reference that leads somewhere and names an identifier lies under two keys of its index.
TEST(Page, FindsOnceWhatHasTwoKeysInARange) {
  Record record(3);
  constexpr int patients = 700;  // more than become a set
  for (int i = 0; i < patients; ++i) {
    const std::string id = "p" + std::to_string(i);
    record.put(patient, id,
               fmt::format(R"({{"resourceType":"Patient","id":"{0}","managingOrganization":)"
                           R"({{"reference":"Organization/{0}","identifier":)"
                           R"({{"system":"urn:o","value":"{0}"}}}}}})",
                           id));
  }
  for (const char* const query :
       {"organization:missing=false", "organization:missing=false&_sort=_id",
        "organization:missing=false&_sort=organization"}) {
    const auto page = first_page(record, std::string(query) + "&_total=accurate&_count=1000", {});
    ASSERT_TRUE(page.has_value()) << page.error().what;
    EXPECT_EQ(page->total, patients) << query;
    std::set<RowId> rows;
    for (const Found& one : page->found) {
      rows.insert(one.row);
    }
    EXPECT_EQ(rows.size(), page->found.size()) << query;
  }
}

// More that refer than are read at once: candidates are followed first, and then those are read.
TEST(Page, FollowsCandidatesToWhoRefersToThem) {
  Record record(4);
  std::vector<RowId> wanted;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const bool is_female = i % 2 == 0;
    const bool has_code = i % 3 == 0;
    const std::string id = "p" + std::to_string(i);
    record.put(patient, id,
               fmt::format(R"({{"resourceType":"Patient","id":"{}","gender":"{}"}})", id,
                           is_female ? "female" : "male"));
    if (is_female && has_code) {
      wanted.push_back(record.state().last_row);
    }
    record.put(test::observation, id,
               fmt::format(R"({{"resourceType":"Observation","id":"{0}","status":"final","code":)"
                           R"({{"coding":[{{"system":"urn:c","code":"{1}"}}]}},)"
                           R"("subject":{{"reference":"Patient/{0}"}}}})",
                           id, has_code ? "a" : "b"));
  }
  for (const std::size_t count : {20U, 1000U}) {
    const auto page = first_page(
        record,
        "gender=female&_has:Observation:patient:code=urn:c|a&_count=" + std::to_string(count), {});
    ASSERT_TRUE(page.has_value()) << page.error().what;
    ASSERT_EQ(page->found.size(), std::min(count, wanted.size()));
    for (std::size_t i = 0; i < page->found.size(); ++i) {
      EXPECT_EQ(page->found[i].row, wanted[i]);
    }
  }
}

TEST(Page, ExplainsASearchThatCostsTooMuch) {
  Record record(1);
  for (int i = 0; i < 60; ++i) {
    record.change();
  }
  PageLimits limits;
  limits.candidates_max = 3;
  const auto view = record.view();
  const auto said =
      explain({*view, record.codec(), fhir::standard_search_params()},
              of_patients("gender=male&_total=accurate"), snapshot_of(record.state()), limits);
  ASSERT_TRUE(said.has_value()) << said.error().what;
  EXPECT_NE(said->refused.find("more than 3 candidates"), std::string::npos) << said->refused;
  ASSERT_EQ(said->parts.size(), 1U);
  EXPECT_EQ(said->parts[0].asked, "gender=male");
  EXPECT_EQ(said->parts[0].indexes, std::vector<std::string>{"Patient.gender"});
  EXPECT_GT(said->parts[0].measured, 1U);
  EXPECT_NE(text_of(*said).find("refused: "), std::string::npos);
}

TEST(Page, EndsASearchThatCostsTooMuch) {
  Record record(1);
  for (int i = 0; i < 60; ++i) {
    record.change();
  }
  PageLimits limits;
  limits.candidates_max = 3;
  const auto page = first_page(record, "_total=accurate", limits);
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
  for (const char* const query : {"_summary=count", "_count=0"}) {
    const auto page = first_page(record, query, {});
    ASSERT_TRUE(page.has_value());
    EXPECT_TRUE(page->found.empty());
    EXPECT_FALSE(page->more);
    EXPECT_EQ(page->total, truth(record, question, snapshot_of(record.state())).size());
  }
}

}  // namespace
}  // namespace holdfast::search
