// Search against an oracle that knows every version and looks at all of them.
#include "search/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "search/test_pages.h"

namespace holdfast::search {
namespace {

using test::Counts;
using test::Fact;
using test::follow;
using test::patient;
using test::Question;
using test::random_count;
using test::random_question;
using test::Record;
using test::truth;
using test::walk;

void follow(Record& record, Bug bug, Counts& counts) {
  const Question question = random_question(record);
  const std::uint32_t count = 1 + static_cast<std::uint32_t>(record.random()() % 4);
  follow(record, question, count, bug, counts);
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
  return run({*view, record.codec(), fhir::standard_search_params(), &record.lists()},
             of_patients(query), snapshot_of(record.state()), std::nullopt, limits);
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
      explain({*view, record.codec(), fhir::standard_search_params(), &record.lists()},
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
