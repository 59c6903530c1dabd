// node/counts.h: what a node has done since its start, for metrics and the simulator.
#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::node {

/// Written by the node's executors, read from any thread.
struct Counts {
  std::atomic<std::uint64_t> commands{0};    ///< submitted
  std::atomic<std::uint64_t> entries{0};     ///< journaled and durable
  std::atomic<std::uint64_t> operations{0};  ///< in those entries
  std::atomic<std::uint64_t> refused{0};     ///< by decide
  std::atomic<std::uint64_t> repeated{0};    ///< answered from an earlier entry of the same key
  std::atomic<std::uint64_t> unchanged{0};   ///< nothing to write
  std::atomic<std::uint64_t> batches{0};     ///< committed together
  std::atomic<std::uint64_t> syncs{0};       ///< of batches; seals are counted apart
  std::atomic<std::uint64_t> seals{0};
  std::atomic<std::uint64_t> journal_bytes{0};  ///< of records, as written
  std::atomic<std::uint64_t> slices{0};         ///< times that layers moved into the Kv
  std::atomic<std::uint64_t> flushes{0};        ///< of the Kv
};

}  // namespace holdfast::node
