#include "sim/simulate.h"

#include <array>
#include <cstdlib>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "base/sanitized.h"

namespace holdfast::sim {
namespace {

// A sanitizer makes each seed about ten times as slow: it looks for what a seed does to memory, not
// for what only many seeds find.
constexpr std::uint64_t seeds_default = sanitized ? 30 : 300;

std::uint64_t seeds_wanted() {
  const char* text = std::getenv("HOLDFAST_SIM_SEEDS");
  return text == nullptr ? seeds_default : std::strtoull(text, nullptr, 10);
}

std::string all(const std::vector<std::string>& lines) {
  return std::accumulate(
      lines.begin(), lines.end(), std::string(),
      [](std::string text, const std::string& line) { return std::move(text) + "\n  " + line; });
}

TEST(Simulate, KeepsEveryPromiseUnderEveryFault) {
  std::array<std::uint64_t, fault_count> faults{};
  const std::uint64_t seeds = seeds_wanted();
  std::uint64_t acknowledged = 0;
  std::uint64_t searches = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Options options;
    options.seed = seed;
    const Report report = simulate(options);
    ASSERT_TRUE(report.violations.empty())
        << "replay: holdfast simulate --seed " << seed << all(report.violations);
    for (std::size_t i = 0; i < fault_count; ++i) {
      faults[i] += report.faults[i];
    }
    acknowledged += report.acknowledged;
    searches += report.searches;
  }
  std::printf("%llu seeds, %llu writes acknowledged, %llu searches followed to their end\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(acknowledged),
              static_cast<unsigned long long>(searches));
  for (std::size_t i = 0; i < fault_count; ++i) {
    std::printf("  %-18s %llu\n", std::string(fault_names[i]).c_str(),
                static_cast<unsigned long long>(faults[i]));
    if (seeds >= 50) {
      EXPECT_GT(faults[i], 0U) << fault_names[i] << " never happened: nothing is proved about it";
    }
  }
}

TEST(Simulate, TheSameSeedGivesTheSameTrace) {
  Options options;
  options.seed = 42;
  options.steps = 600;
  const Report first = simulate(options);
  const Report second = simulate(options);
  EXPECT_EQ(first.trace, second.trace);
  options.seed = 43;
  EXPECT_NE(first.trace, simulate(options).trace);
}

struct Caught {
  Bug bug;
  std::uint64_t within;  ///< seeds from 1, at 500 requests each; measured, doubled
};

class PlantedBug : public testing::TestWithParam<Caught> {};

// Each is found by the judge or a client; the test prints by which seed.
TEST_P(PlantedBug, IsCaught) {
  Options options;
  options.steps = 500;
  options.bug = GetParam().bug;
  for (options.seed = 1; options.seed <= GetParam().within; ++options.seed) {
    const Report report = simulate(options);
    if (!report.violations.empty()) {
      std::printf("caught by seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
                  report.violations.front().substr(0, 200).c_str());
      return;
    }
  }
  FAIL() << "not caught within " << GetParam().within << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    All, PlantedBug,
    testing::Values(Caught{Bug::reply_before_sync, 4}, Caught{Bug::skip_directory_sync, 8},
                    Caught{Bug::accept_torn_tail, 12}, Caught{Bug::trust_page_cache, 46},
                    Caught{Bug::retry_fsync, 12}, Caught{Bug::ignore_version_conflict, 4},
                    Caught{Bug::apply_twice, 4}, Caught{Bug::show_above_snapshot, 6},
                    Caught{Bug::skip_equals, 8}, Caught{Bug::lose_undo_row, 4},
                    Caught{Bug::forget_idempotency_key, 4}, Caught{Bug::clock_leap, 32},
                    Caught{Bug::durable_before_last, 6}, Caught{Bug::confuse_bodies, 4},
                    Caught{Bug::runs_not_taken_away, 10}, Caught{Bug::acknowledge_first, 4},
                    Caught{Bug::take_message_twice, 4}, Caught{Bug::take_late_answer, 4},
                    Caught{Bug::keep_after_timeout, 28}, Caught{Bug::settle_before_sent, 4},
                    Caught{Bug::retry_behind_the_rest, 4}, Caught{Bug::deliver_to_one_less, 4}),
    [](const testing::TestParamInfo<Caught>& planted) {
      std::string text;
      for (const BugName& entry : bug_names) {
        if (entry.bug == planted.param.bug) {
          for (const char c : entry.name) {
            text.push_back(c == '-' ? '_' : c);
          }
        }
      }
      return text;
    });

}  // namespace
}  // namespace holdfast::sim
