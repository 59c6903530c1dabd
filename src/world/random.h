// world/random.h: unpredictable bytes at the edge; a seeded sequence in the simulator.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"

namespace holdfast {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  /// Fills with bytes that nobody can guess (real), or that the seed fixes (simulated).
  virtual void fill(std::span<char> into) = 0;

  std::uint64_t next() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<char*>(&value), sizeof value});
    return value;
  }
  /// Evenly from [0, bound); bound > 0. Not std::*_distribution: those differ between libraries.
  std::uint64_t below(std::uint64_t bound) {
    check(bound > 0, "below(0) has no answer");
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    for (;;) {
      const std::uint64_t value = next();
      if (value < limit) {
        return value % bound;
      }
    }
  }
  /// True `numerator` times in `denominator`.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
  }
};

/// A random UUID (RFC 9562 version 4) as 36 lower-case characters: the ids that we give.
[[nodiscard]] std::string new_uuid(Random& random);

}  // namespace holdfast
