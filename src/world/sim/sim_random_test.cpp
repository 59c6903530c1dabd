#include "world/sim/sim_random.h"

#include <set>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

// Of the reference implementations by Vigna.
TEST(SimRandom, MatchesPublishedSequences) {
  std::uint64_t seed = 0;
  EXPECT_EQ(splitmix64_next(seed), 0xe220a8397b1dcdafU);
  EXPECT_EQ(splitmix64_next(seed), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(splitmix64_next(seed), 0x06c45d188009454fU);
  std::array<std::uint64_t, 4> state{1, 2, 3, 4};
  EXPECT_EQ(xoshiro256_next(state), 11520U);
  EXPECT_EQ(xoshiro256_next(state), 0U);
  EXPECT_EQ(xoshiro256_next(state), 1509978240U);
  EXPECT_EQ(xoshiro256_next(state), 1215971899390074240U);
}

TEST(SimRandom, TheSeedFixesTheSequence) {
  SimRandom one(5);
  SimRandom same(5);
  SimRandom other(6);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t drawn = one.next();
    EXPECT_EQ(drawn, same.next());
    EXPECT_NE(drawn, other.next());
  }
}

TEST(SimRandom, BelowReachesEveryValueAndNoOther) {
  SimRandom random(1);
  std::array<int, 7> seen{};
  for (int i = 0; i < 7'000; ++i) {
    const std::uint64_t drawn = random.below(7);
    ASSERT_LT(drawn, 7U);
    ++seen[drawn];
  }
  for (const int count : seen) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1'200);
  }
  EXPECT_EQ(random.below(1), 0U);
}

TEST(NewUuid, HasTheFormOfVersionFourAndDoesNotRepeat) {
  SimRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string uuid = new_uuid(random);
    ASSERT_EQ(uuid.size(), 36U);
    ASSERT_EQ(uuid[14], '4');
    ASSERT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    ASSERT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1'000U);
}

}  // namespace
}  // namespace holdfast
