// server/metrics.h: what an operator watches, in the text format that Prometheus scrapes. Read from
// the counters that node and edge keep anyway, at the moment of the question; nothing is counted
// twice and a scrape costs no lock of the hot path.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "api/judging.h"
#include "base/bytes.h"
#include "exchange/counts.h"
#include "exchange/dispatcher.h"
#include "http/counts.h"
#include "node/node.h"
#include "pathway/definition.h"
#include "world/tls/tls_context.h"
#include "world/tls/tls_counts.h"

namespace holdfast::server {

/// Whole days until the last holiday that working days are counted by; negative afterwards. A due
/// time behind it takes every holiday for a working day.
[[nodiscard]] std::int64_t calendar_days_left(const pathway::Definitions& pathways, Time now);
/// Below this the log warns at the start: bank holidays are announced years ahead.
constexpr std::int64_t calendar_warning_days = 365;

/// What only the process's surroundings know. Called on any executor.
struct Surroundings {
  std::function<std::uint64_t()> resident_bytes;   ///< 0: not known
  std::function<std::uint64_t()> unflushed_bytes;  ///< of the store; 0: not known
  std::function<std::uint64_t()> free_bytes;       ///< of the data directory's disk; 0: not known
};

/// What is counted inside. Borrowed.
struct Counted {
  const node::Node& node;
  const Budget& budget;
  const http::Counts& edge;
  const api::JudgedCounts& judged;
  const exchange::Counts* exchange = nullptr;  ///< null: no MLLP
  const AcceptCounts* mllp = nullptr;
  const exchange::Dispatcher* dispatcher = nullptr;
  const AcceptCounts* mllp_tls = nullptr;  ///< null: no MLLP over TLS
  const TlsCounts* tls = nullptr;
  std::span<const TlsExpiry> expiries{};
  Time now{};
  const exchange::Neighbours* neighbours = nullptr;
};

/// The whole exposition. From any thread.
[[nodiscard]] Bytes metrics_text(const Counted& counted, const Surroundings& surroundings);

inline constexpr std::string_view metrics_media_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace holdfast::server
