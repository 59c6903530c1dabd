#include "exchange/circuit.h"

#include <gtest/gtest.h>

namespace holdfast::exchange {
namespace {

Instant at(std::int64_t s) { return Instant{s * 1'000'000'000}; }

TEST(Circuit, IsDownAfterSomeFailuresInARow) {
  Circuit circuit({});
  circuit.failed(at(1), 0);
  EXPECT_EQ(circuit.state(), CircuitState::degraded);
  circuit.failed(at(2), 0);
  EXPECT_EQ(circuit.state(), CircuitState::degraded);
  circuit.failed(at(3), 0);
  EXPECT_EQ(circuit.state(), CircuitState::down);
  circuit.succeeded();
  EXPECT_EQ(circuit.state(), CircuitState::up);
  EXPECT_EQ(circuit.retry_at(), Instant{});
  circuit.failed(at(4), 0);
  EXPECT_EQ(circuit.state(), CircuitState::degraded) << "what was before is another episode";
}

TEST(Circuit, IsDownWhenItFailsForLong) {
  Circuit circuit({});
  circuit.failed(at(1), 0);
  circuit.failed(at(31), 0);
  EXPECT_EQ(circuit.state(), CircuitState::down);
}

TEST(Circuit, PausesGrowUpToTheirBoundAndVaryByHalf) {
  Circuit circuit({.pause_min = seconds(1), .pause_max = seconds(60)});
  std::int64_t longest = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t chance = 7919U * static_cast<std::uint64_t>(i) * 1'000'003U;
    circuit.failed(at(0), chance);
    const std::int64_t pause = circuit.retry_at().ns;
    const std::int64_t whole = std::min<std::int64_t>(60, i < 6 ? 1 << i : 60) * 1'000'000'000;
    EXPECT_LE(pause, whole);
    EXPECT_GT(pause, whole / 2 - 1);
    longest = std::max(longest, pause);
  }
  EXPECT_GT(longest, 55'000'000'000) << "not all are short";
}

}  // namespace
}  // namespace holdfast::exchange
