#include "views/body_cache.h"

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "views/body_scan.h"
#include "views/keys.h"
#include "views/mem_kv.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

constexpr std::uint64_t rows = 400;

BodyHeader header_of(std::uint64_t row) {
  BodyHeader header;
  header.id = fmt::format("r{}", row);
  header.version = Version{row % 7 + 1};
  header.position = Position{row};
  header.presence = row % 11 == 0 ? Presence::deleted : Presence::present;
  return header;
}

/// Of every length, a few of them too large to be kept.
Bytes body_of(std::uint64_t row) {
  const std::size_t size = row % 97 == 0 ? BodyCache::body_bytes_max + row : row * 13 % 3000;
  return row % 11 == 0 ? Bytes() : fmt::format("{{\"row\":{}}}", row) + Bytes(size, ' ');
}

class BodyCacheTest : public testing::Test {
 protected:
  BodyCacheTest() {
    for (std::uint64_t row = 1; row <= rows; ++row) {
      const Bytes key = body_key(RowId{row});
      const Bytes value = codec.compress(BodyCodec::encode_raw(header_of(row), body_of(row)));
      const std::array<Write, 1> write{Write{Table::body, key, value}};
      EXPECT_TRUE(kv.write(write).has_value());
    }
    reader = kv.snapshot();
  }

  /// Whether `reads` at random, single and in a row, say what the store says.
  [[nodiscard]] bool reads_agree(BodyCache& cache, unsigned seed, unsigned reads) const {
    std::mt19937 random(seed);
    BodyScan scan(*reader, codec, &cache);
    for (unsigned i = 0; i < reads; ++i) {
      const std::uint64_t row = random() % rows + 1;
      const auto alone = read_body(*reader, codec, RowId{row}, cache);
      Bytes text = "before ";
      const auto header = scan.append(text, RowId{row});
      if (!alone || !header || alone->header != header_of(row) || *header != header_of(row) ||
          alone->bytes != body_of(row) || text != "before " + body_of(row)) {
        return false;
      }
    }
    return true;
  }

  MemKv kv;
  BodyCodec codec;
  std::shared_ptr<const Reader> reader;
};

TEST_F(BodyCacheTest, WhatIsReadIsTheSameWhateverIsKept) {
  // Nothing; a few; all that may be kept.
  for (const std::uint64_t bytes_max : {0U, 100'000U, 1'000'000U, 64U << 20U}) {
    BodyCache cache(bytes_max);
    EXPECT_EQ(cache.bytes(), 0U);
    for (unsigned seed = 0; seed < 20; ++seed) {
      ASSERT_TRUE(reads_agree(cache, seed, 200)) << bytes_max << ", seed " << seed;
      ASSERT_LE(cache.bytes(), bytes_max);
    }
    EXPECT_EQ(cache.bytes() > 0, bytes_max > 0);
  }
}

// That the test above would notice.
TEST_F(BodyCacheTest, ABodyOfAnotherRowIsNoticed) {
  BodyCache cache(64U << 20U, Bug::confuse_bodies);
  EXPECT_FALSE(reads_agree(cache, 1, 200));
}

TEST_F(BodyCacheTest, ReadsAgreeFromManyThreads) {
  BodyCache cache(200'000);
  std::atomic<unsigned> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] { wrong += reads_agree(cache, seed, 1'000) ? 0U : 1U; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_LE(cache.bytes(), 200'000U);
}

bool is_kept(BodyCache& cache, std::uint64_t row) {
  return cache.find(RowId{row}, [](BytesView) {});
}

TEST(BodyCache, WhatIsAskedForOutlivesWhatIsReadOnce) {
  BodyCache cache(std::uint64_t{1} << 20U);
  const Bytes body(1'000, 'x');
  constexpr std::uint64_t favourite = 7;
  cache.keep(RowId{favourite}, header_of(favourite), body);
  for (std::uint64_t row = 1'000; row < 21'000; ++row) {  // twenty times what there is room for
    cache.keep(RowId{row}, header_of(row), body);
    ASSERT_TRUE(is_kept(cache, favourite)) << row;
  }
  EXPECT_FALSE(is_kept(cache, 1'000));
  EXPECT_TRUE(is_kept(cache, 20'999));
  EXPECT_GT(cache.bytes(), std::uint64_t{512} << 10U) << "no more room is made than is needed";
}

// What is read again and again comes to stay, however full it is of what was read once.
TEST(BodyCache, TakesInWhatIsReadNowAlthoughItIsFull) {
  BodyCache cache(std::uint64_t{1} << 20U);
  const Bytes body(1'000, 'x');
  constexpr std::uint64_t apart = 16;
  const auto keep_some = [&](std::uint64_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      cache.keep(RowId{first + i * apart}, header_of(first), body);
    }
  };
  keep_some(1'000, 3'000);  // five times what there is room for
  keep_some(100'000, 300);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_TRUE(is_kept(cache, 100'000 + i * apart)) << i;
  }
}

TEST(BodyCache, KeepsNothingLargeAndNothingWithoutRoom) {
  BodyCache none(0);
  none.keep(RowId{1}, header_of(1), "body");
  EXPECT_FALSE(is_kept(none, 1));
  BodyCache cache(std::uint64_t{64} << 20U);
  cache.keep(RowId{1}, header_of(1), Bytes(BodyCache::body_bytes_max + 1, 'x'));
  EXPECT_FALSE(is_kept(cache, 1));
  EXPECT_EQ(cache.bytes(), 0U);
  cache.keep(RowId{1}, header_of(1), Bytes(BodyCache::body_bytes_max, 'x'));
  EXPECT_TRUE(is_kept(cache, 1));
}

}  // namespace
}  // namespace holdfast::views
