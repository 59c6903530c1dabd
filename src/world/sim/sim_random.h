// world/sim/sim_random.h: a sequence that its seed fixes, on every machine and compiler.
#pragma once

#include <array>
#include <cstdint>

#include "world/random.h"

namespace holdfast {

/// SplitMix64: stretches a seed of little entropy. Advances `state` and gives the next number.
[[nodiscard]] std::uint64_t splitmix64_next(std::uint64_t& state);

/// xoshiro256** 1.0 (Blackman and Vigna, 2018). Advances `state` and gives the next number.
[[nodiscard]] std::uint64_t xoshiro256_next(std::array<std::uint64_t, 4>& state);

/// Not for secrets. Code that draws from it draws once per expression: compilers evaluate the
/// arguments of one call in different orders.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed);
  void fill(std::span<char> into) override;

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace holdfast
