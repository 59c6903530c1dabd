// views/rocks/store.h: the open database, with how each table lies in it. Inside views/rocks only:
// RocksDB's headers go no further.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "views/kv.h"
#include "views/rocks/rocks_kv.h"

namespace holdfast::views {

[[nodiscard]] inline rocksdb::Slice slice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
[[nodiscard]] inline BytesView view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

/// What RocksDB says, as an Error: no_space, corrupt, unavailable, or io.
[[nodiscard]] std::unexpected<Error> fail_status(const rocksdb::Status& status,
                                                 std::string_view doing);

/// Whether the table's filter knows keys without their row: it is looked through posting by
/// posting.
[[nodiscard]] bool has_prefix(Table table);

/// Snapshots keep it open.
class Store {
 public:
  /// Errors of open_rocks().
  [[nodiscard]] static Result<std::shared_ptr<const Store>> open(const RocksOptions& options);
  Store(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& families);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();
  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families_[static_cast<std::size_t>(table)];
  }
  [[nodiscard]] std::vector<rocksdb::ColumnFamilyHandle*> families() const {
    return {families_.begin(), families_.end()};
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, table_count> families_{};
};

}  // namespace holdfast::views
