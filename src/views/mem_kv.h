// views/mem_kv.h: the Kv of the simulator: in memory, with crashes that leave what a crash of
// RocksDB leaves: some prefix of the writes, at least those before the last flush.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "views/kv.h"

namespace holdfast::views {

/// Rows lie in small sorted chunks; a snapshot shares them, and a later write copies only those
/// that it changes.
class MemKv final : public Kv {
 public:
  MemKv();
  ~MemKv() override;

  Result<void> write(std::span<const Write> writes) override;
  [[nodiscard]] std::shared_ptr<const Reader> snapshot() override;
  Result<void> flush() override;
  [[nodiscard]] std::uint64_t unflushed_bytes() const override;

  /// How many write() calls the next crash may lose.
  [[nodiscard]] std::size_t unflushed_writes() const;
  /// As after a crash that kept the first `kept` of them, at most unflushed_writes(): those are
  /// durable now. Earlier snapshots stay what they were.
  void crash(std::size_t kept);

  struct Rows;  ///< one table, immutable once a snapshot has it

 private:
  struct Kept {
    Table table{};
    Bytes key;
    std::optional<Bytes> value;
  };
  using Version = std::array<std::shared_ptr<Rows>, table_count>;

  void put(const Write& write);

  mutable std::mutex mutex_;
  std::uint64_t generation_ = 1;  ///< what is older is shared with a snapshot
  Version now_;
  Version flushed_;
  std::vector<std::vector<Kept>> unflushed_;
  std::uint64_t unflushed_bytes_ = 0;
};

}  // namespace holdfast::views
