#include "world/sim/sim_random.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace holdfast {

std::uint64_t splitmix64_next(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

std::uint64_t xoshiro256_next(std::array<std::uint64_t, 4>& state) {
  const std::uint64_t result = std::rotl(state[1] * 5, 7) * 9;
  const std::uint64_t shifted = state[1] << 17U;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = std::rotl(state[3], 45);
  return result;
}

SimRandom::SimRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    word = splitmix64_next(seed);
  }
}

void SimRandom::fill(std::span<char> into) {
  while (!into.empty()) {
    const std::uint64_t value = xoshiro256_next(state_);
    const std::size_t count = std::min(into.size(), sizeof value);
    std::memcpy(into.data(), &value, count);
    into = into.subspan(count);
  }
}

}  // namespace holdfast
