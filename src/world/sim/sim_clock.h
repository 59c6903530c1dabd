// world/sim/sim_clock.h: virtual time as a machine's clocks show it; the wall clock lies on demand.
#pragma once

#include "world/clock.h"
#include "world/sim/sim_executor.h"

namespace holdfast {

class SimClock final : public Clock {
 public:
  /// Shows `start` at the scheduler's instant 0.
  SimClock(const SimScheduler& scheduler, Time start) : scheduler_(scheduler), start_(start) {}

  [[nodiscard]] Time wall() const override {
    return {start_.ms + scheduler_.now().ns / 1'000'000 + leapt_ms_};
  }
  [[nodiscard]] Instant boot() const override { return scheduler_.now(); }
  [[nodiscard]] bool synchronised() const override { return synchronised_; }

  /// The wall clock leaps, either way; the boot clock never does.
  void leap(Duration by) { leapt_ms_ += by.ms(); }
  void set_synchronised(bool synchronised) { synchronised_ = synchronised; }

 private:
  const SimScheduler& scheduler_;
  const Time start_;
  std::int64_t leapt_ms_ = 0;
  bool synchronised_ = true;
};

}  // namespace holdfast
