#include "views/hot_kv.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "views/keys.h"
#include "views/mem_kv.h"
#include "views/test_model.h"
#include "views/view.h"

namespace holdfast::views {
namespace {

using test::expected;
using test::Model;
using test::OwnWrites;
using test::Pairs;

/// Values of several lengths, few different ones, and many rows.
Bytes random_key(std::mt19937_64& random) {
  static constexpr std::string_view values[] = {"d", "dat", "date", "x", "x\xff", "\xff\xff", "e"};
  Bytes key(values[random() % std::size(values)]);
  append_row(key, RowId{1 + random() % 3000});
  return key;
}

OwnWrites random_writes(std::mt19937_64& random, std::size_t most) {
  OwnWrites writes;
  for (std::size_t n = 1 + random() % most; n > 0; --n) {
    const Table table = random() % 8 == 0 ? Table::undo : Table::posting;
    const bool erases = random() % 3 == 0;
    writes.rows.push_back(
        {table, random_key(random), erases ? std::nullopt : std::optional(Bytes())});
  }
  if (random() % 2 == 0) {  // as layers are
    std::ranges::stable_sort(
        writes.rows, {}, [](const auto& row) { return std::pair(row.table, BytesView(row.key)); });
  }
  return writes;
}

/// A snapshot, and what it must show for as long as there is anybody to look.
struct Kept {
  std::shared_ptr<const Reader> reader;
  Model model;
};

/// Ranges that are read again and again, so that they are kept.
struct Asked {
  Bytes from;
  Bytes until;
  std::vector<Bytes> targets;
};
Asked random_range(std::mt19937_64& random) {
  Asked asked{random_key(random), random_key(random), {}};
  if (asked.until < asked.from) {
    std::swap(asked.from, asked.until);
  }
  if (random() % 4 == 0) {
    asked.until.clear();
  }
  for (std::size_t n = random() % 6; n > 0; --n) {
    asked.targets.push_back(random_key(random));
  }
  return asked;
}

/// As a search reads: the beginning of a range, or all of it, and then elsewhere.
bool agrees(const Kept& kept, const Asked& asked, std::mt19937_64& random) {
  const Table table = random() % 8 == 0 ? Table::undo : Table::posting;
  const Direction direction = random() % 8 == 0 ? Direction::backward : Direction::forward;
  const Pairs range = expected(kept.model, table, asked.from, asked.until, direction);
  const auto cursor = kept.reader->scan(table, asked.from, asked.until, direction);
  const auto reads = [&](Pairs::const_iterator from, std::size_t most) {
    for (; most > 0 && from != range.end(); --most, ++from, cursor->next()) {
      if (!cursor->valid() || cursor->key() != BytesView(from->first) || !cursor->value().empty()) {
        return false;
      }
    }
    return most == 0 || !cursor->valid();
  };
  bool agreed = reads(range.begin(), random() % 3 == 0 ? SIZE_MAX : random() % 100);
  for (const Bytes& target : asked.targets) {
    cursor->seek(target);
    const auto first = std::ranges::find_if(range, [&](const auto& pair) {
      return direction == Direction::forward ? pair.first >= target : pair.first <= target;
    });
    agreed = agreed && reads(first, random() % 40);
  }
  return agreed && cursor->status().has_value();
}

// Snapshots of every age, while keys are written among those that are kept.
std::size_t wrong_while_it_changes(Bug bug) {
  std::size_t wrong = 0;
  std::size_t kept_most = 0;
  for (std::uint64_t seed = 1; seed <= 4 && (bug == Bug::none || wrong == 0); ++seed) {
    std::mt19937_64 random(seed);
    MemKv below;
    HotKv hot(below, std::size_t{seed % 2 == 0 ? 8U : 1024U} << 10U, bug);
    Model model;
    std::deque<Kept> snapshots;
    std::vector<Asked> asked;
    for (int i = 0; i < 12; ++i) {
      asked.push_back(random_range(random));
    }
    for (int i = 0; i < 200; ++i) {
      const OwnWrites writes = random_writes(random, i % 40 == 0 ? 3000 : 4);
      EXPECT_TRUE(hot.write(writes.borrowed()).has_value());
      writes.into(model);
      snapshots.push_back({hot.snapshot(), model});
      if (snapshots.size() > 8) {
        snapshots.pop_front();
      }
      for (int n = 0; n < 12; ++n) {
        const Kept& newest = snapshots.back();
        const Kept& some = random() % 4 == 0 ? snapshots[random() % snapshots.size()] : newest;
        wrong += agrees(some, asked[random() % asked.size()], random) ? 0U : 1U;
      }
      EXPECT_LE(hot.runs().bytes(), std::size_t{1024} << 10U);
      kept_most = std::max(kept_most, hot.runs().size());
    }
  }
  EXPECT_GT(kept_most, 20U);
  return wrong;
}

TEST(HotKv, ShowsWhatTheStoreShowsToEverySnapshot) {
  EXPECT_EQ(wrong_while_it_changes(Bug::none), 0U);
}

TEST(HotKv, WouldNoticeRunsThatAreNotTakenAway) {
  EXPECT_GT(wrong_while_it_changes(Bug::runs_not_taken_away), 0U);
}

TEST(HotKv, WouldNoticeRunsOfAnyMoment) {
  EXPECT_GT(wrong_while_it_changes(Bug::runs_of_any_moment), 0U);
}

Bytes key_of(std::string_view value, std::uint64_t row) {
  Bytes key(value);
  append_row(key, RowId{row});
  return key;
}

std::vector<std::uint64_t> rows_of(const Reader& reader, std::string_view value) {
  std::vector<std::uint64_t> rows;
  const auto cursor = reader.scan(Table::posting, key_of(value, 0), key_of(value, 100'000),
                                  Direction::forward, Within::one_posting);
  for (; cursor->valid(); cursor->next()) {
    rows.push_back(row_at_end(cursor->key()).value);
  }
  return rows;
}

void put(Kv& kv, std::string_view value, std::uint64_t row) {
  const Bytes key = key_of(value, row);
  const std::array<Write, 1> write{Write{Table::posting, key, BytesView()}};
  ASSERT_TRUE(kv.write(write).has_value());
}

TEST(HotKv, KeepsWhatIsReadAgain) {
  MemKv below;
  HotKv hot(below, std::size_t{1} << 20U);
  put(hot, "a", 1);
  EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 1U);
  EXPECT_EQ(hot.runs().size(), 0U) << "once is not often";
  EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 1U);
  EXPECT_EQ(hot.runs().size(), 1U);
  put(hot, "b", 2);
  EXPECT_EQ(hot.runs().size(), 1U) << "elsewhere";
  put(hot, "a", 3);
  EXPECT_EQ(hot.runs().size(), 0U);
  EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 2U);
}

// Nothing is kept for those who ask once, and they see the same, below layers and for longer than
// the reader that they had it from.
TEST(HotKv, KeepsNothingThatIsReadPlainly) {
  MemKv below;
  HotKv hot(below, std::size_t{1} << 20U);
  put(hot, "a", 1);
  WorkLayer work(hot.snapshot());
  work.put(Table::posting, key_of("a", 2), {});
  auto view = View(hot.snapshot()).with(std::move(work).freeze(Position{1}, Position{1}));
  const auto plain = view->plain();
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->plain(), nullptr);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rows_of(*plain, "a").size(), 2U);
  }
  EXPECT_EQ(hot.runs().size(), 0U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(rows_of(*view, "a").size(), 2U);
  }
  EXPECT_EQ(hot.runs().size(), 1U);
  view.reset();
  put(hot, "a", 3);
  EXPECT_EQ(rows_of(*plain, "a").size(), 2U);
}

TEST(HotKv, KeepsNothingWithoutRoom) {
  MemKv below;
  HotKv hot(below, 0);
  put(hot, "a", 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 1U);
  }
  EXPECT_EQ(hot.runs().size(), 0U);
}

/// Lets somebody look just before and just after it is written.
class WatchedKv final : public Kv {
 public:
  Result<void> write(std::span<const Write> writes) override {
    look();
    TRY_OK(below_.write(writes));
    look();
    return fails ? Result<void>(fail(Code::io, "planted")) : ok();
  }
  std::shared_ptr<const Reader> snapshot() override { return below_.snapshot(); }
  Result<void> flush() override { return below_.flush(); }
  [[nodiscard]] std::uint64_t unflushed_bytes() const override { return below_.unflushed_bytes(); }
  std::function<void()> look = [] {};
  bool fails = false;

 private:
  MemKv below_;
};

// What is read beside a write belongs to no generation, and what was read before it only to those
// who look from before it.
TEST(HotKv, IsRightToWhomeverLooksBesideAWrite) {
  WatchedKv below;
  HotKv hot(below, std::size_t{1} << 20U);
  put(hot, "a", 1);
  const auto before = hot.snapshot();
  std::vector<std::pair<std::shared_ptr<const Reader>, std::size_t>> seen{{before, 1}};
  below.look = [&] {
    const auto beside = hot.snapshot();
    const std::size_t rows = rows_of(*beside, "a").size();
    seen.emplace_back(beside, rows);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(rows_of(*before, "a").size(), 1U);
      EXPECT_EQ(rows_of(*beside, "a").size(), rows);
    }
  };
  put(hot, "a", 2);
  below.look = [] {};
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[1].second, 1U);
  EXPECT_EQ(seen[2].second, 2U);
  seen.emplace_back(hot.snapshot(), 2);
  for (int i = 0; i < 3; ++i) {
    for (const auto& [reader, rows] : seen) {
      EXPECT_EQ(rows_of(*reader, "a").size(), rows);
    }
  }
}

TEST(HotKv, TakesEverythingAwayWhereAWriteFailed) {
  WatchedKv below;
  HotKv hot(below, std::size_t{1} << 20U);
  put(hot, "a", 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 1U);
  }
  EXPECT_EQ(hot.runs().size(), 1U);
  below.fails = true;  // it may be there, or half of it
  const Bytes key = key_of("a", 2);
  const std::array<Write, 1> write{Write{Table::posting, key, BytesView()}};
  EXPECT_FALSE(hot.write(write).has_value());
  EXPECT_EQ(hot.runs().size(), 0U);
  EXPECT_EQ(rows_of(*hot.snapshot(), "a").size(), 2U);
}

// Each write moves a window of rows on, in two lists at once: whoever looks sees one whole window,
// the same in both.
TEST(HotKv, IsReadFromManyThreadsWhileItIsWritten) {
  constexpr std::uint64_t window = 50;
  MemKv below;
  HotKv hot(below, std::size_t{64} << 10U);
  for (std::uint64_t row = 1; row <= window; ++row) {
    put(hot, "a", row);
    put(hot, "b", row);
  }
  std::atomic<bool> ended = false;
  std::atomic<unsigned> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!ended) {
        const auto reader = hot.snapshot();
        for (int n = 0; n < 4; ++n) {
          const auto a = rows_of(*reader, "a");
          const bool whole = a.size() == window && a.back() - a.front() + 1 == window;
          wrong += whole && rows_of(*reader, "b") == a ? 0U : 1U;
        }
      }
    });
  }
  for (std::uint64_t row = window + 1; row <= window + 2000; ++row) {
    const Bytes keys[] = {key_of("a", row), key_of("a", row - window), key_of("b", row),
                          key_of("b", row - window)};
    const std::array<Write, 4> writes{
        Write{Table::posting, keys[0], BytesView()}, Write{Table::posting, keys[1], std::nullopt},
        Write{Table::posting, keys[2], BytesView()}, Write{Table::posting, keys[3], std::nullopt}};
    ASSERT_TRUE(hot.write(writes).has_value());
  }
  ended = true;
  for (std::thread& thread : readers) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace holdfast::views
