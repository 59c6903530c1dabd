// What an acknowledgement promises, at every call that the journal makes.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/sanitized.h"
#include "journal/fault_run.h"

namespace holdfast::journal {
namespace {

// A sanitizer takes its time: every 23rd call.
constexpr std::uint64_t stride = sanitized ? 23 : 1;

std::uint64_t calls_of_workload(std::uint64_t seed) {
  FaultPlan plan;
  plan.seed = seed;
  const FaultResult result = FaultRun(plan).run();
  EXPECT_FALSE(result.violation) << *result.violation;
  EXPECT_GT(result.segments, 3U) << "the workload must roll";
  EXPECT_GT(result.acknowledged, 30U);
  EXPECT_GT(result.torn, 0U) << "the workload must tear a tail";
  EXPECT_GT(result.rewritten, 0U);
  return result.calls;
}

class EveryCall : public ::testing::TestWithParam<Fault> {};

TEST_P(EveryCall, KeepsWhatWasAcknowledged) {
  std::uint64_t met = 0;
  std::uint64_t good = 0;
  std::uint64_t calls = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t torn = 0;
  std::uint64_t rewritten = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::uint64_t total = calls_of_workload(seed);
    calls += total;
    for (std::uint64_t call = 1 + seed % stride; call <= total; call += stride) {
      FaultPlan plan;
      plan.seed = seed;
      plan.fault = GetParam();
      plan.call = call;
      const FaultResult result = FaultRun(plan).run();
      EXPECT_TRUE(result.struck) << "the fault was not met";
      ++met;
      good += result.violation ? 0U : 1U;
      acknowledged += result.acknowledged;
      torn += result.torn;
      rewritten += result.rewritten;
      ASSERT_FALSE(result.violation) << name(GetParam()) << " at call " << call << " of seed "
                                     << seed << ": " << *result.violation;
    }
  }
  EXPECT_EQ(good, met);
  fmt::print(
      "{}: {} of {} calls recovered ({} calls in all, stride {}); {} acknowledged, {} torn "
      "tails, {} entries rewritten\n",
      name(GetParam()), good, met, calls, stride, acknowledged, torn, rewritten);
}

INSTANTIATE_TEST_SUITE_P(Journal, EveryCall, ::testing::ValuesIn(all_faults),
                         [](const auto& parameter) {
                           std::string text = name(parameter.param);
                           std::erase_if(text, [](char c) { return c == ' ' || c == '-'; });
                           return text;
                         });

// Faults of all kinds, one upon the other, while it recovers too.
TEST(Storm, KeepsWhatWasAcknowledged) {
  const std::uint64_t seeds = 3'000 / stride;
  std::uint64_t acknowledged = 0;
  std::uint64_t openings = 0;
  std::uint64_t torn = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    FaultPlan plan;
    plan.seed = seed;
    plan.call = seed;  // chooses the fates
    plan.faults_per_mille = 3 + seed % 40;
    const FaultResult result = FaultRun(plan).run();
    acknowledged += result.acknowledged;
    openings += result.openings;
    torn += result.torn;
    ASSERT_FALSE(result.violation) << "seed " << seed << ": " << *result.violation;
  }
  EXPECT_GT(acknowledged, seeds);
  fmt::print("storm: {} of {} seeds; {} acknowledged, {} openings, {} torn tails\n", seeds, seeds,
             acknowledged, openings, torn);
}

class PlantedBug : public ::testing::TestWithParam<Bug> {};

TEST_P(PlantedBug, IsCaught) {
  std::string caught;
  std::uint64_t runs = 0;
  for (std::uint64_t seed = 1; seed <= 3 && caught.empty(); ++seed) {
    const std::uint64_t total = calls_of_workload(seed);
    for (std::uint64_t call = 1; call <= total && caught.empty(); ++call) {
      for (const Fault fault : all_faults) {
        FaultPlan plan;
        plan.seed = seed;
        plan.bug = GetParam();
        plan.fault = fault;
        plan.call = call;
        ++runs;
        if (const auto violation = FaultRun(plan).run().violation) {
          caught = fmt::format("{} at call {}: {}", name(fault), call, *violation);
          break;
        }
      }
    }
  }
  EXPECT_FALSE(caught.empty()) << "not found in " << runs << " runs";
  fmt::print("caught after {} runs: {}\n", runs, caught);
}

INSTANTIATE_TEST_SUITE_P(Journal, PlantedBug,
                         ::testing::Values(Bug::skip_directory_sync, Bug::accept_torn_tail,
                                           Bug::trust_page_cache, Bug::retry_fsync,
                                           Bug::durable_before_last),
                         [](const auto& parameter) {
                           for (const BugName& each : bug_names) {
                             if (each.bug == parameter.param) {
                               std::string text(each.name);
                               std::erase(text, '-');
                               return text;
                             }
                           }
                           return std::string("unknown");
                         });

}  // namespace
}  // namespace holdfast::journal
