// Histories against a list of everything that was ever written.
#include "views/timeline.h"

#include <algorithm>
#include <array>
#include <random>

#include <gtest/gtest.h>

#include "views/mem_kv.h"
#include "views/postings.h"
#include "views/undo.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

const fhir::TypeId patient = *fhir::type_id("Patient");
const fhir::TypeId observation = *fhir::type_id("Observation");

/// A record that changes at random, and what was written, in order.
class Written {
 public:
  explicit Written(std::uint64_t seed) : random_(seed), work_(kv_.snapshot()) {}

  void change_one() {
    const fhir::TypeId type = random_() % 3 == 0 ? observation : patient;
    const std::string id = "r" + std::to_string(random_() % 5);
    const auto before = *read_current(work_, type, id);
    state_.position = state_.position.next();
    state_.last_row = RowId{state_.last_row.value + 1};
    const bool there = before && before->presence == Presence::present;
    const bool remove = there && random_() % 3 == 0;
    Postings listed;
    listed.add_listing(type);
    if (there) {
      supersede(work_, state_, before->row, listed);
    }
    const Version version{before ? before->version.value + 1 : 1};
    write_version(work_,
                  {type,
                   id,
                   version,
                   state_.last_row,
                   state_.position,
                   state_.time,
                   remove ? Presence::deleted : Presence::present,
                   {},
                   remove ? MadeBy::remove : MadeBy::put},
                  before);
    if (!remove) {
      write_postings(work_, state_.last_row, listed);
    }
    facts.push_back({{type, id}, state_.last_row});
  }

  /// The slow way.
  [[nodiscard]] std::vector<RowId> expected(const TimelineScope& scope, RowRange range,
                                            Direction direction) const {
    std::vector<RowId> rows;
    for (const auto& [of, row] : facts) {
      if (row >= range.first && row <= range.last && (!scope.type || scope.type == of.type) &&
          (scope.id.empty() || scope.id == of.id)) {
        rows.push_back(row);
      }
    }
    if (direction == Direction::backward) {
      std::ranges::reverse(rows);
    }
    return rows;
  }

  [[nodiscard]] const Reader& reader() const { return work_; }
  [[nodiscard]] RowId last() const { return state_.last_row; }
  std::vector<std::pair<TimelineScope, RowId>> facts;

 private:
  std::mt19937_64 random_;
  MemKv kv_;
  WorkLayer work_;
  State state_;
};

TEST(Timeline, IsEverythingThatWasWrittenInOrderWhateverIsWrittenBetweenItsPages) {
  const std::array<TimelineScope, 5> scopes{
      TimelineScope{}, TimelineScope{patient, ""}, TimelineScope{observation, ""},
      TimelineScope{patient, "r1"}, TimelineScope{observation, "r4"}};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Written written(seed);
    std::mt19937_64 random(seed + 100);
    for (int i = 0; i < 60; ++i) {
      written.change_one();
    }
    for (const TimelineScope& scope : scopes) {
      for (const Direction direction : {Direction::forward, Direction::backward}) {
        const RowRange range{RowId{1 + random() % 30}, RowId{written.last().value - random() % 20}};
        const auto expected = written.expected(scope, range, direction);
        std::vector<RowId> found;
        const std::size_t page = 1 + random() % 7;
        for (std::optional<RowId> after;;) {
          const auto rows = read_timeline(written.reader(), scope, range, direction, after, page);
          ASSERT_TRUE(rows.has_value()) << rows.error().what;
          ASSERT_LE(rows->size(), page);
          if (rows->empty()) {
            break;
          }
          found.insert(found.end(), rows->begin(), rows->end());
          after = rows->back();
          written.change_one();
        }
        EXPECT_EQ(found, expected) << "seed " << seed;
        EXPECT_EQ(*count_timeline(written.reader(), scope, range, 1000), expected.size());
      }
    }
  }
}

TEST(Timeline, CountsNoFurtherThanItMay) {
  Written written(1);
  for (int i = 0; i < 30; ++i) {
    written.change_one();
  }
  const RowRange all{RowId{1}, written.last()};
  const TimelineScope patients{patient, ""};
  const std::size_t count = written.expected(patients, all, Direction::forward).size();
  EXPECT_EQ(*count_timeline(written.reader(), patients, all, count), count);
  EXPECT_EQ(*count_timeline(written.reader(), patients, all, count - 1), std::nullopt);
  EXPECT_EQ(*count_timeline(written.reader(), {}, all, 1), 30U) << "rows are dense";
  EXPECT_EQ(*count_timeline(written.reader(), {}, {RowId{5}, RowId{4}}, 1), 0U);
}

TEST(Timeline, RefusesToGoOnBehindAVersionOfAnotherResource) {
  Written written(2);
  for (int i = 0; i < 30; ++i) {
    written.change_one();
  }
  const TimelineScope scope{patient, "r1"};
  for (const auto& [of, row] : written.facts) {
    const auto rows = read_timeline(written.reader(), scope, {RowId{1}, written.last()},
                                    Direction::backward, row, 5);
    ASSERT_EQ(rows.has_value(), of == scope);
    if (!rows) {
      EXPECT_EQ(rows.error().code, Code::expired);
    }
  }
}

TEST(Timeline, KnowsWhatTookAVersionsPlace) {
  Written written(3);
  for (int i = 0; i < 40; ++i) {
    written.change_one();
  }
  for (std::size_t i = 0; i < written.facts.size(); ++i) {
    const auto next = std::find_if(
        written.facts.begin() + static_cast<std::ptrdiff_t>(i) + 1, written.facts.end(),
        [&](const auto& fact) { return fact.first == written.facts[i].first; });
    EXPECT_EQ(*successor_of(written.reader(), written.facts[i].second),
              next == written.facts.end() ? std::nullopt : std::optional(next->second));
  }
}

}  // namespace
}  // namespace holdfast::views
