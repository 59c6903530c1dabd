#include "exchange/circuit.h"

#include <algorithm>

namespace holdfast::exchange {

std::string_view name_of(CircuitState state) {
  switch (state) {
    case CircuitState::up: return "up";
    case CircuitState::degraded: return "degraded";
    case CircuitState::down: return "down";
  }
  return "";
}

void Circuit::failed(Instant now, std::uint64_t chance) {
  if (failures_ == 0) {
    failing_since_ = now;
  }
  ++failures_;
  if (state_ == CircuitState::up) {
    state_ = CircuitState::degraded;
  }
  if (failures_ >= options_.failures_max || now - failing_since_ >= options_.degraded_max) {
    state_ = CircuitState::down;
  }
  constexpr std::uint32_t doublings_max = 16;
  const std::int64_t doubled = options_.pause_min.ns << std::min(failures_ - 1, doublings_max);
  const std::int64_t longest = std::min(doubled, options_.pause_max.ns);
  const auto half = static_cast<std::uint64_t>(longest / 2);
  const auto jitter = static_cast<std::int64_t>(half == 0 ? 0 : chance % half);
  retry_at_ = now + nanoseconds(longest - jitter);
}

void Circuit::succeeded() {
  state_ = CircuitState::up;
  failures_ = 0;
  retry_at_ = Instant{};
}

}  // namespace holdfast::exchange
