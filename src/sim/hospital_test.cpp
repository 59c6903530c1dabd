// A hospital's years keep every invariant of pathways, and each planted bug is seen.
#include "sim/hospital.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/sanitized.h"

namespace holdfast::sim {
namespace {

// A sanitizer looks for what a seed does to memory, not for what only many seeds find.
constexpr std::uint64_t seeds_default = sanitized ? 8 : 100;

std::uint64_t seeds_wanted() {
  const char* const text = std::getenv("HOLDFAST_HOSPITAL_SEEDS");
  return text == nullptr ? seeds_default : std::strtoull(text, nullptr, 10);
}

TEST(Hospital, LosesNobodyInTenYears) {
  std::uint64_t covered = 0;
  for (std::uint64_t seed = 1; seed <= seeds_wanted(); ++seed) {
    const HospitalReport report = live_in_hospital({.seed = seed, .events = 300});
    ASSERT_TRUE(report.violations.empty())
        << report.violations.front() << "\nreplay: holdfast simulate --hospital --steps 300 --seed "
        << seed;
    EXPECT_GT(report.opened, 0U);
    covered += report.covered;
  }
  EXPECT_GT(covered, seeds_wanted()) << "people are away, and others see what is theirs";
}

TEST(Hospital, LivesTheSameLifeFromTheSameSeed) {
  const HospitalReport first = live_in_hospital({.seed = 3, .events = 100});
  const HospitalReport second = live_in_hospital({.seed = 3, .events = 100});
  EXPECT_EQ(first.trace, second.trace);
  EXPECT_EQ(first.entries, second.entries);
}

class PlantedInHospital : public testing::TestWithParam<Bug> {};

TEST_P(PlantedInHospital, IsCaught) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const HospitalReport report =
        live_in_hospital({.seed = seed, .events = 300, .bug = GetParam()});
    if (!report.violations.empty()) {
      std::printf("caught by seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  report.violations.front().c_str());
      return;
    }
  }
  FAIL() << "no seed of twenty notices it";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedInHospital,
                         testing::Values(Bug::age_out, Bug::lose_owner, Bug::drop_reopening,
                                         Bug::close_without_evidence, Bug::close_on_cancel,
                                         Bug::alert_twice, Bug::two_providers, Bug::letter_closes,
                                         Bug::text_is_normal, Bug::deputy_forgotten,
                                         Bug::stand_in_forgotten, Bug::away_unasked),
                         [](const auto& planted) {
                           for (const BugName& one : bug_names) {
                             if (one.bug == planted.param) {
                               std::string name(one.name);
                               for (char& c : name) {
                                 c = c == '-' ? '_' : c;
                               }
                               return name;
                             }
                           }
                           return std::string("unnamed");
                         });

}  // namespace
}  // namespace holdfast::sim
