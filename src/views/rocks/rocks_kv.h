// views/rocks/rocks_kv.h: the Kv on disk. Without a write-ahead log, since the journal is one:
// what was not flushed is replayed. All tables are flushed together or none is (atomic flush), so
// that a crash leaves a prefix of the writes over all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "views/kv.h"

namespace rocksdb {
class Env;
}

namespace holdfast::views {

enum class RocksMode : std::uint8_t {
  live,  ///< reads and writes as they come
  /// Changes no byte of the folder, writes no log. write() and flush() are Code::unavailable.
  read_only,
  /// For filling a store that counts only once it is whole: each write() becomes sorted files at
  /// once, synced, without a memtable in between. Rows must come in order of tables and keys, each
  /// key once in a write(), as a Layer has them; few large writes. A crash leaves a prefix, as
  /// ever.
  bulk,
};

struct RocksOptions {
  std::string path;  ///< a folder; made if it is not there (but not by read_only)
  RocksMode mode = RocksMode::live;
  /// Memory for rows not flushed yet, over all tables; RocksDB begins to flush when it is reached.
  std::uint64_t write_buffer_bytes = std::uint64_t{96} << 20U;
  /// Memory for blocks read, indexes and filters among them.
  std::uint64_t block_cache_bytes = std::uint64_t{48} << 20U;
  int background_jobs = 2;
  /// For tests that let the disk fail; null is the real one. Outlives the Kv.
  rocksdb::Env* env = nullptr;
};

/// Opens or makes the store. Fails with Code::io, no_space or corrupt; another process that has
/// it open is Code::unavailable (but read_only does not look: lock the data directory); no store to
/// read is not_found. Closing does not flush: that is the node's decision.
[[nodiscard]] Result<std::unique_ptr<Kv>> open_rocks(const RocksOptions& options);

/// Merges everything down to the last level: for measuring what the data takes. Takes long.
Result<void> compact_rocks(Kv& kv);

}  // namespace holdfast::views
