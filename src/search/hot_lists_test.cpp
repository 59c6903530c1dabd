#include "search/hot_lists.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "search/list_members.h"
#include "search/test_record.h"
#include "search/vocabulary.h"
#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::search {
namespace {

// Of every density, over several chunks, continued again and again: each set goes on saying what it
// said when it was made.
TEST(ListSet, HasWhatItWasMadeOf) {
  std::mt19937_64 random(1);
  for (const std::uint64_t gap : {1U, 3U, 100U, 70'000U}) {
    std::set<RowId> truth;
    std::vector<ListSetPtr> made{std::make_shared<const ListSet>()};
    for (int i = 0; i < 20; ++i) {
      std::uint64_t row = made.back()->covered().value;
      std::vector<RowId> rows;
      for (std::size_t n = random() % 20'000; n > 0; --n) {
        row += 1 + random() % gap;
        rows.push_back(RowId{row});
      }
      const RowId covered{row + random() % 100};
      truth.insert(rows.begin(), rows.end());
      made.push_back(made.back()->continued(rows, covered, Position{random() % 50}));
      EXPECT_EQ(made.back()->covered(), covered);
      EXPECT_GE(made.back()->since(), made[made.size() - 2]->since());
    }
    for (const ListSetPtr& set : made) {
      for (int i = 0; i < 2000 && set->covered().value > 0; ++i) {
        const RowId row{1 + random() % set->covered().value};
        ASSERT_EQ(set->has(row), truth.contains(row)) << row.value << ", gap " << gap;
      }
      for (auto row = truth.begin(); row != truth.end() && *row <= set->covered(); ++row) {
        ASSERT_TRUE(set->has(*row)) << row->value << ", gap " << gap;
      }
    }
  }
}

ListSetPtr set_of(std::size_t rows) {
  std::vector<RowId> all;
  for (std::size_t i = 1; i <= rows; ++i) {
    all.push_back(RowId{i * 2});
  }
  return ListSet().continued(all, RowId{rows * 2}, Position{0});
}

TEST(HotLists, ForgetWhatWasAskedLongestAgo) {
  HotListsLimits limits;
  limits.bytes_max = std::size_t{64} << 10U;
  HotLists lists(limits);
  const auto name = [](int i) { return "list " + std::to_string(i); };
  for (int i = 0; i < 100; ++i) {
    lists.offer(name(i), set_of(1000));
    EXPECT_NE(lists.find(name(0)), nullptr) << "it is asked again and again";
    EXPECT_LE(lists.bytes(), limits.bytes_max);
  }
  EXPECT_GT(lists.sets(), 5U);
  EXPECT_LT(lists.sets(), 100U);
  EXPECT_NE(lists.find(name(99)), nullptr);
  EXPECT_EQ(lists.find(name(1)), nullptr);
}

TEST(HotLists, KeepTheSetThatGoesFurthest) {
  HotLists lists({});
  lists.offer("a", set_of(10));
  lists.offer("a", set_of(30));
  lists.offer("a", set_of(20));
  EXPECT_EQ(lists.find("a")->covered(), RowId{60});
}

TEST(HotLists, ReadOnAsMuchAsWasLookedFor) {
  HotListsLimits limits;
  HotLists lists(limits);
  std::size_t keys = 0;
  for (std::size_t i = 1; i < limits.misses_a_reading; ++i) {
    keys += lists.note_misses("a", 1);
  }
  EXPECT_EQ(keys, 0U);
  EXPECT_EQ(lists.note_misses("a", 1), limits.misses_a_reading * limits.keys_a_miss);
  EXPECT_EQ(lists.note_misses("a", 1), 0U);
  EXPECT_EQ(lists.note_misses("a", 100), 101 * limits.keys_a_miss);
}

TEST(HotLists, LeaveTheRestOfALongListToTheStore) {
  HotListsLimits limits;
  limits.bytes_max = std::size_t{16} << 10U;
  HotLists lists(limits);
  lists.offer("a", set_of(200'000));
  EXPECT_EQ(lists.find("a"), nullptr) << "larger than all together may be";
  lists.offer("a", set_of(1500));
  ASSERT_NE(lists.find("a"), nullptr);
  EXPECT_EQ(lists.note_misses("a", 1000), 0U);
}

// ---- beside the store -------------------------------------------------------------------------

/// A view and a snapshot that it remembers.
struct Kept {
  std::shared_ptr<const views::View> view;
  Snapshot snapshot;
};

/// What a moment consists of.
class Seen {
 public:
  Seen(const test::Record& record, const Kept& kept, HotLists* lists)
      : source_{*kept.view, record.codec(), fhir::standard_search_params(), lists},
        standing_(standing_of(source_, kept.snapshot).value()),
        moment_{source_.reader,    source_.codec,          source_.params,   kept.snapshot.row,
                kept.snapshot.row, kept.snapshot.position, standing_.latest, standing_.undo_gone,
                source_.lists,     kept.snapshot.time,     budget_,          vocabulary_} {}
  [[nodiscard]] const Moment& moment() const { return moment_; }
  [[nodiscard]] std::vector<RowId> rows_of(BytesView prefix) const {
    std::vector<RowId> rows;
    const RowsPtr stream = posting_rows(moment_, views::Direction::forward, prefix);
    for (; stream->valid(); stream->next()) {
      rows.push_back(stream->row());
    }
    EXPECT_TRUE(stream->status().has_value());
    return rows;
  }

 private:
  const Source source_;
  const Standing standing_;
  Budget budget_{UINT64_MAX};
  Vocabulary vocabulary_;
  const Moment moment_;
};

// Some list, of all there have been.
Bytes random_prefix(const views::View& view, std::mt19937_64& random) {
  std::set<Bytes> prefixes;
  for (const views::Table table : {views::Table::posting, views::Table::undo}) {
    const Bytes from = views::index_prefix(fhir::IndexId{0});
    const auto cursor = view.scan(table, from, {}, views::Direction::forward);
    for (; cursor->valid(); cursor->next()) {
      prefixes.emplace(cursor->key().substr(0, cursor->key().size() - views::row_key_bytes));
    }
  }
  auto chosen = prefixes.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random() % prefixes.size()));
  return *chosen;
}

// What lists say of rows that a moment sees, and is not so in the store.
std::size_t wrong_answers(test::Record& record, const Kept& kept, BytesView prefix) {
  const Seen seen(record, kept, &record.lists());
  const std::vector<RowId> in_store = seen.rows_of(prefix);
  std::vector<RowId> rows = seen.rows_of(views::listing_prefix(test::patient));
  const std::vector<RowId> others = seen.rows_of(views::listing_prefix(test::observation));
  rows.insert(rows.end(), others.begin(), others.end());
  std::ranges::sort(rows);
  std::size_t wrong = 0;
  ListMembers one_by_one(seen.moment(), Bytes(prefix));
  if (record.random()() % 2 == 0) {
    for (const RowId row : rows) {
      const auto has = one_by_one.has(row);
      EXPECT_TRUE(has.has_value());
      wrong += has && *has == std::ranges::binary_search(in_store, row) ? 0U : 1U;
    }
    return wrong;
  }
  std::vector<RowId> left = rows;
  EXPECT_TRUE(one_by_one.sift(left).has_value());
  std::vector<RowId> wanted;
  std::ranges::set_intersection(rows, in_store, std::back_inserter(wanted));
  return left == wanted ? 0U : 1U;
}

// At the newest moment, at older ones seen from the newest view, and at those that other threads
// still have open while undo rows of theirs are gone from the newest.
std::size_t wrong_answers_while_it_changes(Bug bug) {
  std::size_t wrong = 0;
  for (std::uint64_t seed = 1; seed <= 12 && (bug == Bug::none || wrong == 0); ++seed) {
    test::Record record(seed, bug);
    record.set_ids(30);
    std::vector<Kept> kept;
    for (int i = 0; i < 250; ++i) {
      record.change();
      const auto view = record.view();
      kept.push_back({view, snapshot_of(record.state())});
      const Kept& some =
          kept[kept.size() - 1 - record.random()() % std::min<std::size_t>(kept.size(), 60)];
      const Bytes prefix = random_prefix(*view, record.random());
      wrong += wrong_answers(record, kept.back(), prefix);
      wrong += wrong_answers(record, some, prefix);
      if (record.state().undo_pruned <= some.snapshot.position.value) {
        wrong += wrong_answers(record, {view, some.snapshot}, prefix);
      }
    }
    EXPECT_GT(record.lists().sets(), 20U);
  }
  return wrong;
}

TEST(ListMembers, AreThoseInTheStoreAtEveryMoment) {
  EXPECT_EQ(wrong_answers_while_it_changes(Bug::none), 0U);
}

TEST(ListMembers, WouldNoticeListsWithoutUndo) {
  EXPECT_GT(wrong_answers_while_it_changes(Bug::lists_without_undo), 0U);
}

TEST(ListMembers, WouldNoticeListsThatAreNotContinued) {
  EXPECT_GT(wrong_answers_while_it_changes(Bug::lists_not_continued), 0U);
}

TEST(ListMembers, WouldNoticeListsOfAnyMoment) {
  EXPECT_GT(wrong_answers_while_it_changes(Bug::lists_of_any_moment), 0U);
}

}  // namespace
}  // namespace holdfast::search
