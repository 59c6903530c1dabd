// world/real/real_random.h: bytes from the kernel that nobody can guess. From any thread.
#pragma once

#include "world/random.h"

namespace holdfast {

class RealRandom final : public Random {
 public:
  void fill(std::span<char> into) override;
};

}  // namespace holdfast
