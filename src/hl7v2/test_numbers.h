// hl7v2/test_numbers.h: for tests: mistakes are drawn from these.
#pragma once

#include <cstdint>

namespace holdfast::hl7v2 {

/// xorshift64*: the same numbers on every machine.
class Numbers {
 public:
  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return (state_ * 0x2545F4914F6CDD1DULL >> 16U) % bound;
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace holdfast::hl7v2
