// world/sim/sim_link.h: one simulated connection: two ends, and what is under way to each. The
// model is stated in sim_network.h. Only sim_link.cpp and sim_network.cpp include it.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "world/sim/sim_network.h"

namespace holdfast {

/// A coroutine that waits at one end of a link, at most until a deadline.
struct SimWait {
  std::coroutine_handle<> waiting;
  Instant deadline = never;
  bool expired = false;
};

/// One end: what has come to it, and who waits there.
struct SimEnd {
  SimExecutor* on = nullptr;  ///< null until it is accepted
  Bytes received;
  bool ended = false;   ///< nothing more comes
  bool broken = false;  ///< the connection is gone
  bool closed = false;  ///< close() was called, or its Stream is gone
  bool shut = false;    ///< it sends no more
  SimWait reading;
  SimWait writing;
  Instant watched_until = never;
};

struct SimLink : std::enable_shared_from_this<SimLink> {
  explicit SimLink(SimNetwork& its_network) : network(its_network) {}

  /// A piece under way to one end. Empty: the orderly end.
  struct Flight {
    std::deque<Bytes> pieces;
    std::uint64_t bytes = 0;
    Instant last_arrival{};
  };

  [[nodiscard]] std::uint64_t room(std::size_t to) const {
    const std::uint64_t used = flights[to].bytes + ends[to].received.size();
    const std::uint64_t bound = network.options_.wire_bytes_max;
    return used < bound ? bound - used : 0;
  }
  void send(std::size_t to, Bytes piece);
  void arrive(std::size_t to);
  void break_both();
  void wake(std::size_t end, SimWait SimEnd::* wait);
  void watch(std::size_t end, Instant deadline);
  void check_deadlines(std::size_t end);
  void leave(std::size_t end);

  SimNetwork& network;
  std::array<SimEnd, 2> ends;
  std::array<Flight, 2> flights;  ///< towards the end of that number
};

/// Where connections to one address arrive.
struct SimDoor {
  std::string address;
  SimExecutor* on = nullptr;
  std::deque<std::shared_ptr<SimLink>> backlog;
  std::coroutine_handle<> waiting;
  bool closed = false;
};

}  // namespace holdfast
