// Everything that the Kv interface promises, said once, of the one in memory and of RocksDB.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "views/mem_kv.h"
#include "views/rocks/rocks_kv.h"
#include "views/test_model.h"

namespace holdfast::views {
namespace {

using test::expected;
using test::Model;
using test::OwnWrites;
using test::read;
using test::read_all;

struct Scratch {
  std::filesystem::path path;
  explicit Scratch(const std::string& name)
      : path(std::filesystem::temp_directory_path() /
             ("holdfast-kv-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path); }
};

enum class Which { memory, rocks };

class KvPromise : public ::testing::TestWithParam<Which> {
 protected:
  KvPromise() : scratch_("promise") { open(); }

  void open() {
    if (GetParam() == Which::memory) {
      kv_ = std::make_unique<MemKv>();
      return;
    }
    kv_.reset();
    RocksOptions options;
    options.path = scratch_.path;
    options.write_buffer_bytes = 1 << 20;  // so that it flushes and compacts within a test
    auto opened = open_rocks(options);
    ASSERT_TRUE(opened.has_value()) << opened.error().what;
    kv_ = std::move(*opened);
  }
  // A process that ends and begins again without flushing.
  void reopen() {
    if (GetParam() == Which::memory) {
      auto& memory = dynamic_cast<MemKv&>(*kv_);
      memory.crash(memory.unflushed_writes() / 2);
      return;
    }
    open();
  }

  Scratch scratch_;
  std::unique_ptr<Kv> kv_;
};

// Few prefixes and a six-byte end, as postings have.
Bytes random_key(std::mt19937_64& random) {
  static constexpr std::string_view prefixes[] = {"", "a", "ab", "abc", "b", "\xff", "\xff\xff"};
  Bytes key(prefixes[random() % std::size(prefixes)]);
  key.append(5, '\0');
  key.push_back(static_cast<char>(random() % 64));
  return key;
}

OwnWrites random_writes(std::mt19937_64& random, std::size_t most) {
  OwnWrites writes;
  const std::size_t count = 1 + random() % most;
  for (std::size_t i = 0; i < count; ++i) {
    const auto table = static_cast<Table>(random() % table_count);
    Bytes key = random_key(random);
    std::optional<Bytes> value;
    if (random() % 4 != 0) {
      value = Bytes(random() % 200, static_cast<char>('a' + random() % 26));
    }
    writes.rows.push_back({table, std::move(key), std::move(value)});
  }
  return writes;
}

TEST_P(KvPromise, IsAnOrderedMapWithSnapshotsThatDoNotChange) {
  std::mt19937_64 random(11);
  Model model;
  std::vector<std::pair<std::shared_ptr<const Reader>, Model>> past;
  for (int round = 0; round < 300; ++round) {
    const OwnWrites writes = random_writes(random, 40);
    ASSERT_TRUE(kv_->write(writes.borrowed()).has_value());
    writes.into(model);
    if (random() % 20 == 0) {
      ASSERT_TRUE(kv_->flush().has_value());
    }
    const auto reader = kv_->snapshot();
    if (random() % 30 == 0) {
      past.emplace_back(reader, model);
    }
    const auto table = static_cast<Table>(random() % table_count);
    const Direction direction = random() % 2 == 0 ? Direction::forward : Direction::backward;
    const Bytes from = random() % 4 == 0 ? Bytes{} : random_key(random);
    const Bytes until = random() % 4 == 0 ? Bytes{} : random_key(random);
    std::vector<Bytes> targets;
    for (int i = 0; i < 4; ++i) {
      targets.push_back(random_key(random));
    }
    ASSERT_NO_FATAL_FAILURE(
        test::expect_range(*reader, model, table, from, until, direction, targets));
    ASSERT_NO_FATAL_FAILURE(test::expect_value(*reader, model, table, random_key(random)));
  }
  ASSERT_GT(past.size(), 3U);
  for (const auto& [reader, then] : past) {
    EXPECT_EQ(read_all(*reader).value(), then);
  }
}

TEST_P(KvPromise, ScansOnePostingExactly) {
  // The range of one posting may use a filter; a neighbour that begins alike must not show.
  std::mt19937_64 random(5);
  Model model;
  for (int round = 0; round < 20; ++round) {
    const OwnWrites writes = random_writes(random, 200);
    ASSERT_TRUE(kv_->write(writes.borrowed()).has_value());
    writes.into(model);
    ASSERT_TRUE(kv_->flush().has_value());
    const auto reader = kv_->snapshot();
    for (const Table table : {Table::posting, Table::undo}) {
      for (const std::string prefix : {"a", "ab", "abc", "abcd", "b", "c", "\xff", "\xff\xff"}) {
        const Bytes from = prefix + Bytes(6, '\0');
        const Bytes until = prefix + Bytes(5, '\0') + Bytes(1, '\x20');
        for (const Direction direction : {Direction::forward, Direction::backward}) {
          ASSERT_EQ(read(*reader, table, from, until, direction),
                    expected(model, table, from, until, direction));
        }
      }
    }
  }
}

TEST_P(KvPromise, KeepsWhatWasFlushedAndSomePrefixOfTheRest) {
  std::mt19937_64 random(3);
  std::vector<Model> history(1);
  std::size_t flushed = 0;
  for (int round = 0; round < 40; ++round) {
    const std::size_t writes = random() % 6;
    for (std::size_t i = 0; i < writes; ++i) {
      const OwnWrites batch = random_writes(random, 30);
      ASSERT_TRUE(kv_->write(batch.borrowed()).has_value());
      Model next = history.back();
      batch.into(next);
      history.push_back(std::move(next));
    }
    if (random() % 3 == 0) {
      ASSERT_TRUE(kv_->flush().has_value());
      flushed = history.size() - 1;
    }
    reopen();
    const Model found = read_all(*kv_->snapshot()).value();
    const auto same = std::find(history.rbegin(), history.rend(), found);
    ASSERT_NE(same, history.rend()) << "not any prefix of the writes, in round " << round;
    const auto at = static_cast<std::size_t>(history.rend() - same) - 1;
    ASSERT_GE(at, flushed);
    history.resize(at + 1);
    flushed = at;
  }
}

TEST_P(KvPromise, CountsWhatACrashWouldLose) {
  const std::uint64_t empty = kv_->unflushed_bytes();
  const Bytes value(100'000, 'v');
  const std::vector<Write> writes{{Table::body, "k", value}};
  ASSERT_TRUE(kv_->write(writes).has_value());
  EXPECT_GE(kv_->unflushed_bytes(), empty + value.size());
  ASSERT_TRUE(kv_->flush().has_value());
  EXPECT_LT(kv_->unflushed_bytes(), value.size());
}

TEST_P(KvPromise, ReadersOutliveTheKv) {
  const std::vector<Write> writes{{Table::body, "k", "v"}};
  ASSERT_TRUE(kv_->write(writes).has_value());
  const auto reader = kv_->snapshot();
  kv_.reset();
  EXPECT_EQ(**reader->get(Table::body, "k"), "v");
}

INSTANTIATE_TEST_SUITE_P(Both, KvPromise, ::testing::Values(Which::memory, Which::rocks),
                         [](const auto& chosen) {
                           return chosen.param == Which::memory ? "memory" : "rocks";
                         });

TEST(MemKv, CrashKeepsExactlyThePrefixThatWasChosen) {
  for (std::size_t kept = 0; kept <= 5; ++kept) {
    MemKv kv;
    ASSERT_TRUE(kv.write(std::vector<Write>{{Table::meta, "0", "flushed"}}).has_value());
    ASSERT_TRUE(kv.flush().has_value());
    for (int i = 1; i <= 5; ++i) {
      const Bytes key = std::to_string(i);
      ASSERT_TRUE(kv.write(std::vector<Write>{{Table::meta, key, "v"}}).has_value());
    }
    ASSERT_EQ(kv.unflushed_writes(), 5U);
    kv.crash(kept);
    EXPECT_EQ(read_all(*kv.snapshot()).value().size(), 1 + kept);
    EXPECT_EQ(kv.unflushed_writes(), 0U);
  }
}

/// Rows as a Layer has them: sorted by table and key, some of them erasures.
struct Layerful {
  std::map<std::pair<Table, Bytes>, std::optional<Bytes>> rows;
  explicit Layerful(std::mt19937_64& random) {
    for (int i = 0; i < 200; ++i) {
      const auto table = static_cast<Table>(random() % table_count);
      Bytes key = "key" + std::to_string(random() % 500);
      rows[{table, std::move(key)}] =
          random() % 4 == 0 ? std::nullopt : std::optional<Bytes>(Bytes(random() % 300, 'v'));
    }
  }
  [[nodiscard]] std::vector<Write> writes() const {
    std::vector<Write> writes;
    for (const auto& [at, value] : rows) {
      writes.push_back(
          {at.first, at.second, value ? std::optional<BytesView>(*value) : std::nullopt});
    }
    return writes;
  }
};

TEST(RocksKvInBulk, HoldsWhatMemoryHoldsAndOpensLiveAfterwards) {
  const Scratch scratch("bulk");
  MemKv memory;
  RocksOptions options;
  options.path = scratch.path;
  std::mt19937_64 random(5);
  {
    options.mode = RocksMode::bulk;
    const auto kv = open_rocks(options);
    ASSERT_TRUE(kv.has_value()) << kv.error().what;
    ASSERT_TRUE((*kv)->write({}).has_value());
    const auto before = (*kv)->snapshot();
    for (int i = 0; i < 60; ++i) {  // more than it lets stand unmerged
      const Layerful layer(random);
      ASSERT_TRUE(memory.write(layer.writes()).has_value());
      const auto written = (*kv)->write(layer.writes());
      ASSERT_TRUE(written.has_value()) << written.error().what;
      ASSERT_EQ(read_all(*(*kv)->snapshot()).value(), read_all(*memory.snapshot()).value())
          << "after write " << i;
    }
    EXPECT_TRUE(read_all(*before).value().empty()) << "a snapshot stays what it was";
  }  // not flushed: what is written is on the disk
  options.mode = RocksMode::live;
  const auto kv = open_rocks(options);
  ASSERT_TRUE(kv.has_value()) << kv.error().what;
  EXPECT_EQ(read_all(*(*kv)->snapshot()).value(), read_all(*memory.snapshot()).value());
  const Layerful more(random);
  ASSERT_TRUE(memory.write(more.writes()).has_value());
  ASSERT_TRUE((*kv)->write(more.writes()).has_value());
  ASSERT_TRUE((*kv)->flush().has_value());
  EXPECT_EQ(read_all(*(*kv)->snapshot()).value(), read_all(*memory.snapshot()).value());
}

/// Name, bytes and time of the last change of every file below.
std::map<std::string, std::pair<Bytes, std::filesystem::file_time_type>> files_of(
    const std::filesystem::path& folder) {
  std::map<std::string, std::pair<Bytes, std::filesystem::file_time_type>> files;
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
    std::ifstream file(each.path(), std::ios::binary);
    files[each.path()] = {Bytes(std::istreambuf_iterator<char>(file), {}), each.last_write_time()};
  }
  return files;
}

TEST(RocksKvReadOnly, ShowsWhatIsOnTheDiskAndChangesNoByteOfIt) {
  const Scratch scratch("read");
  RocksOptions options;
  options.path = scratch.path;
  options.mode = RocksMode::read_only;
  EXPECT_EQ(open_rocks(options).error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(scratch.path));
  Model flushed;
  {
    options.mode = RocksMode::live;
    const auto kv = open_rocks(options);
    ASSERT_TRUE(kv.has_value());
    std::mt19937_64 random(6);
    ASSERT_TRUE((*kv)->write(Layerful(random).writes()).has_value());
    ASSERT_TRUE((*kv)->flush().has_value());
    flushed = read_all(*(*kv)->snapshot()).value();
    ASSERT_TRUE((*kv)->write(Layerful(random).writes()).has_value());
    ASSERT_NE(read_all(*(*kv)->snapshot()).value(), flushed);
  }  // the second write is lost
  const auto before = files_of(scratch.path);
  ASSERT_FALSE(before.empty());
  {
    options.mode = RocksMode::read_only;
    const auto kv = open_rocks(options);
    ASSERT_TRUE(kv.has_value()) << kv.error().what;
    EXPECT_EQ(read_all(*(*kv)->snapshot()).value(), flushed);
    const std::vector<Write> writes{{Table::meta, "key", "v"}};
    EXPECT_EQ((*kv)->write(writes).error().code, Code::unavailable);
    EXPECT_EQ((*kv)->flush().error().code, Code::unavailable);
    EXPECT_EQ(read_all(*(*kv)->snapshot()).value(), flushed);
  }
  EXPECT_EQ(files_of(scratch.path), before);
}

TEST(RocksKv, IsOpenInOneProcessOnly) {
  const Scratch scratch("twice");
  RocksOptions options;
  options.path = scratch.path;
  const auto first = open_rocks(options);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(open_rocks(options).has_value());
}

}  // namespace
}  // namespace holdfast::views
