// http/counts.h: what the edge has done since it started, for metrics. Plain atomics: read at any
// time from any thread, each right by itself, together only nearly of one moment.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "world/acceptor.h"

namespace holdfast::http {

/// Why the edge itself, and not the handler, turned something away.
enum class Refused : std::uint8_t {
  syntax,            ///< 400: not HTTP, or HTTP that two readers could understand differently
  head_too_large,    ///< 431 or 414
  body_too_large,    ///< 413
  unsupported,       ///< 415, 417, 501, 505: version, expectation, encoding or method
  slow,              ///< 408: the head or the body did not come in time
  overloaded,        ///< 503: admission is full
  connection_limit,  ///< 503 or closed: too many connections
};
constexpr std::size_t refused_reasons = 7;

[[nodiscard]] constexpr std::string_view name(Refused reason) {
  switch (reason) {
    case Refused::syntax: return "syntax";
    case Refused::head_too_large: return "head-too-large";
    case Refused::body_too_large: return "body-too-large";
    case Refused::unsupported: return "unsupported";
    case Refused::slow: return "slow";
    case Refused::overloaded: return "overloaded";
    case Refused::connection_limit: return "connection-limit";
  }
  return "";
}

struct Counts {
  using Count = std::atomic<std::uint64_t>;

  AcceptCounts connections;
  Count requests = 0;            ///< handed to the handler
  Count requests_in_flight = 0;  ///< now
  Count replies_2xx = 0;         ///< 1xx to 3xx count here
  Count replies_4xx = 0;
  Count replies_5xx = 0;
  Count replies_unsent = 0;     ///< the client was gone, or too slow to take it
  Count replies_malformed = 0;  ///< a fault of the handler: left as 500
  Count bytes_in = 0;
  Count bytes_out = 0;
  std::array<Count, refused_reasons> refused{};

  static void add(Count& count, std::uint64_t by = 1) {
    count.fetch_add(by, std::memory_order_relaxed);
  }
  static void take(Count& count, std::uint64_t by = 1) {
    count.fetch_sub(by, std::memory_order_relaxed);
  }
  /// With those that were closed without a word.
  [[nodiscard]] std::uint64_t refused_for(Refused reason) const {
    const std::uint64_t silent =
        reason == Refused::connection_limit ? connections.turned_away.load() : 0;
    return refused[static_cast<std::size_t>(reason)] + silent;
  }
  [[nodiscard]] Count& of(Refused reason) { return refused[static_cast<std::size_t>(reason)]; }
};

}  // namespace holdfast::http
