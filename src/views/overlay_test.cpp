#include "views/overlay.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "views/mem_kv.h"
#include "views/test_model.h"
#include "views/view.h"

namespace holdfast::views {
namespace {

using test::expected;
using test::Model;
using test::Pairs;
using test::read;

// Keys that share beginnings, have zeros in them, and are beginnings of one another.
Bytes random_key(std::mt19937_64& random) {
  static constexpr char letters[] = {'\0', 'a', 'b', '\xff'};
  Bytes key;
  const std::size_t size = 1 + random() % 20;
  for (std::size_t i = 0; i < size; ++i) {
    key.push_back(letters[i < 10 ? random() % 8 / 7 : random() % 4]);
  }
  return key;
}

Table random_table(std::mt19937_64& random) {
  return random() % 2 == 0 ? Table::posting : Table::current;
}

void expect_same(const Reader& reader, const Model& model, std::mt19937_64& random) {
  const Table table = random_table(random);
  const Direction direction = random() % 2 == 0 ? Direction::forward : Direction::backward;
  Bytes from = random() % 3 == 0 ? Bytes{} : random_key(random);
  Bytes until = random() % 3 == 0 ? Bytes{} : random_key(random);
  const std::vector<Bytes> targets{random_key(random), random_key(random), random_key(random)};
  ASSERT_NO_FATAL_FAILURE(
      test::expect_range(reader, model, table, from, until, direction, targets));
  test::expect_value(reader, model, table, random_key(random));
}

TEST(Overlay, ReadsAsIfEveryRowWereInOneMap) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    MemKv kv;
    BodyCodec codec;
    Published published(kv, codec);
    Model model;
    std::uint64_t position = 0;
    for (int round = 0; round < 30; ++round) {
      WorkLayer work(published.current(), random());
      const std::size_t writes = random() % 60;
      for (std::size_t i = 0; i < writes; ++i) {
        const Table table = random_table(random);
        const Bytes key = random_key(random);
        if (random() % 3 == 0) {
          work.erase(table, key);
          model.erase({table, key});
        } else {
          const Bytes value = std::to_string(random());
          work.put(table, key, value);
          model[{table, key}] = value;
        }
        if (random() % 8 == 0) {
          ASSERT_NO_FATAL_FAILURE(expect_same(work, model, random)) << "seed " << seed;
        }
      }
      const auto before = published.current();
      const Pairs was = read(*before, Table::posting, {}, {}, Direction::forward);
      const Position first{position + 1};
      position += 1 + random() % 3;
      published.add(std::move(work).freeze(first, Position{position}));
      ASSERT_NO_FATAL_FAILURE(expect_same(*published.current(), model, random)) << seed;
      if (random() % 4 == 0) {
        const auto drained = published.drain();
        ASSERT_TRUE(drained.has_value());
        ASSERT_EQ(*drained, Position{position});
        ASSERT_TRUE(published.current()->layers().empty());
        ASSERT_NO_FATAL_FAILURE(expect_same(*published.current(), model, random)) << seed;
      }
      // Whoever read before still reads what was then.
      ASSERT_EQ(read(*before, Table::posting, {}, {}, Direction::forward), was);
    }
  }
}

TEST(Overlay, KeepsFewLayersWhateverTheNumberOfEntries) {
  MemKv kv;
  auto view = std::make_shared<const View>(kv.snapshot());
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    WorkLayer work(view);
    work.put(Table::posting, "key" + std::to_string(i), "v");
    view = view->with(std::move(work).freeze(Position{i}, Position{i}));
    ASSERT_LE(view->layers().size(), 11U);
  }
  EXPECT_EQ(read(*view, Table::posting, {}, {}, Direction::forward).size(), 1000U);
}

TEST(Overlay, DoesNotMergeIntoLayersThatAreBeingDrained) {
  MemKv kv;
  auto view = std::make_shared<const View>(kv.snapshot());
  for (std::uint64_t i = 1; i <= 20; ++i) {
    WorkLayer work(view);
    work.put(Table::posting, "key" + std::to_string(i), "v");
    view = view->with(std::move(work).freeze(Position{i}, Position{i}));
    if (i == 10) {
      view = view->sealed();
    }
  }
  const auto after = view->rebased(kv.snapshot(), Position{10});
  EXPECT_EQ(read(*after, Table::posting, {}, {}, Direction::forward).size(), 10U);
}

TEST(Overlay, KeepsLongValuesBesideShortOnes) {
  MemKv kv;
  WorkLayer work(kv.snapshot());
  const Bytes large(3 << 20, 'x');
  Model model;
  for (int i = 0; i < 50; ++i) {
    const Bytes key = "k" + std::to_string(i);
    const Bytes value = i % 7 == 3 ? large + std::to_string(i) : std::to_string(i);
    work.put(Table::body, key, value);
    model[{Table::body, key}] = value;
  }
  EXPECT_EQ(read(work, Table::body, {}, {}, Direction::forward),
            expected(model, Table::body, {}, {}, Direction::forward));
  EXPECT_LT(work.bytes(), 9U * large.size());
}

/// Counts what is asked of the reader below.
class CountingReader final : public Reader {
 public:
  explicit CountingReader(std::shared_ptr<const Reader> below) : below_(std::move(below)) {}
  Result<std::optional<Bytes>> get(Table table, BytesView key) const override {
    ++gets;
    return below_->get(table, key);
  }
  using Reader::scan;
  std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until, Direction direction,
                               Within within) const override {
    return below_->scan(table, from, until, direction, within);
  }
  mutable int gets = 0;

 private:
  std::shared_ptr<const Reader> below_;
};

TEST(Overlay, ReadsARowBelowOnceAndItsOwnInItsPlace) {
  MemKv kv;
  const Bytes large(work_remembers_max / 4, 'x');
  const std::array rows{
      Write{Table::body, "a", BytesView("1")},    Write{Table::current, "a", BytesView("2")},
      Write{Table::posting, "a", BytesView("3")}, Write{Table::body, "l1", BytesView(large)},
      Write{Table::body, "l2", BytesView(large)}, Write{Table::body, "l3", BytesView(large)},
      Write{Table::body, "l4", BytesView(large)}};
  ASSERT_TRUE(kv.write(rows));
  const auto below = std::make_shared<CountingReader>(kv.snapshot());
  WorkLayer work(below);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*work.get(Table::body, "a"), "1");
    EXPECT_EQ(*work.get(Table::current, "a"), "2");
  }
  EXPECT_EQ(below->gets, 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(*work.get(Table::posting, "a"), "3");
    EXPECT_EQ(*work.get(Table::body, "b"), std::nullopt);
  }
  EXPECT_EQ(below->gets, 8) << "what is not there, and of other tables, is asked for again";
  work.put(Table::body, "a", "4");
  EXPECT_EQ(*work.get(Table::body, "a"), "4");
  work.erase(Table::current, "a");
  EXPECT_EQ(*work.get(Table::current, "a"), std::nullopt);
  EXPECT_EQ(below->gets, 8);
  for (int i = 0; i < 2; ++i) {
    for (const char* const key : {"l1", "l2", "l3", "l4"}) {
      EXPECT_EQ((*work.get(Table::body, key))->size(), large.size());
    }
  }
  EXPECT_EQ(below->gets, 13) << "the last one is more than it may remember";
}

TEST(Published, IsReadFromOtherThreadsWhileItChanges) {
  // Entry n puts n rows "a" with value n: whatever moment a reader sees, all rows of it agree.
  MemKv kv;
  BodyCodec codec;
  Published published(kv, codec);
  std::atomic<bool> ended = false;
  std::atomic<std::uint64_t> looks = 0;
  const auto look = [&] {
    std::uint64_t before = 0;
    while (!ended) {
      const auto view = published.current();
      const Pairs pairs = read(*view, Table::posting, {}, {}, Direction::forward);
      for (const auto& [key, value] : pairs) {
        ASSERT_EQ(value, pairs.front().second);
      }
      const std::uint64_t now = pairs.empty() ? 0 : std::stoull(pairs.front().second);
      ASSERT_GE(now, before) << "what was seen once stays";
      before = now;
      ++looks;
    }
  };
  {
    const std::jthread one(look);
    const std::jthread two(look);
    const std::jthread drainer([&] {
      while (!ended) {
        ASSERT_TRUE(published.drain().has_value());
        std::this_thread::yield();
      }
    });
    for (std::uint64_t entry = 1; entry <= 300 || looks < 100; ++entry) {
      WorkLayer work(published.current(), entry);
      for (int i = 0; i < 20; ++i) {
        work.put(Table::posting, "row" + std::to_string(i), std::to_string(entry));
      }
      published.add(std::move(work).freeze(Position{entry}, Position{entry}));
    }
    ended = true;
  }
  EXPECT_GE(looks, 100U);
}

}  // namespace
}  // namespace holdfast::views
