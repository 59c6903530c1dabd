// world/clock.h: what time it is. Only edges ask; decide and apply get time as data.
#pragma once

#include "base/ids.h"

namespace holdfast {

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// The system's idea of UTC. May jump either way.
  [[nodiscard]] virtual Time wall() const = 0;
  /// Never goes back; counts through suspend (CLOCK_BOOTTIME).
  [[nodiscard]] virtual Instant boot() const = 0;
  /// Whether the kernel says that the wall clock is synchronised (adjtimex).
  [[nodiscard]] virtual bool synchronised() const = 0;
};

}  // namespace holdfast
