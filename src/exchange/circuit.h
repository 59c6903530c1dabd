// exchange/circuit.h: whether a channel's neighbour can be reached, as a state that is told once an
// episode and not once a try. Pure: time and chance are given.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace holdfast::exchange {

enum class CircuitState : std::uint8_t {
  up,
  degraded,  ///< the last try failed; it is tried again
  down,      ///< failed so often, or for so long, that somebody should know
};
[[nodiscard]] std::string_view name_of(CircuitState state);

struct CircuitOptions {
  Duration pause_min = seconds(1);
  Duration pause_max = seconds(60);
  std::uint32_t failures_max = 3;       ///< in a row; then it is down
  Duration degraded_max = seconds(30);  ///< failing for so long; then it is down
};

class Circuit {
 public:
  explicit Circuit(CircuitOptions options) : options_(options) {}

  /// `chance` is drawn anew for each call: pauses vary by half, so that senders do not come back
  /// all at once.
  void failed(Instant now, std::uint64_t chance);
  void succeeded();

  [[nodiscard]] CircuitState state() const { return state_; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }
  /// While it is not up one try at a time is made, not before this.
  [[nodiscard]] Instant retry_at() const { return retry_at_; }

 private:
  CircuitOptions options_;
  CircuitState state_ = CircuitState::up;
  std::uint32_t failures_ = 0;
  Instant failing_since_{};
  Instant retry_at_{};
};

}  // namespace holdfast::exchange
