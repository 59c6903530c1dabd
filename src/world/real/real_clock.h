// world/real/real_clock.h: the machine's clocks.
#pragma once

#include "world/clock.h"

namespace holdfast {

/// CLOCK_BOOTTIME: every executor and clock of the process agrees on it.
[[nodiscard]] Instant boot_time();

class RealClock final : public Clock {
 public:
  [[nodiscard]] Time wall() const override;
  [[nodiscard]] Instant boot() const override;
  [[nodiscard]] bool synchronised() const override;
};

}  // namespace holdfast
