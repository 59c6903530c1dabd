#include "views/rocks/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "views/keys.h"

namespace holdfast::views {
namespace {

constexpr double filter_bits_per_key = 10;
// Of the write buffer: with 96 MiB of it a filter of 492 KiB, ten bits for each of 400,000 keys.
constexpr double memtable_filter_ratio = 0.005;
constexpr std::size_t index_block_bytes = 16 << 10;
// Keys of postings say much that the ones beside them say: of Synthea's, 461 bytes of views a
// resource with blocks of 8 KiB.
constexpr std::size_t posting_block_bytes = 32 << 10;
constexpr std::size_t body_block_bytes = 16 << 10;
constexpr std::size_t log_file_bytes_max = 1 << 20;
constexpr std::uint64_t sync_every_bytes = 1 << 20;
// In bulk mode each write is one file a table: merged in larger groups.
constexpr int bulk_compaction_files = 12;

// The rows of one posting lie together, and one filter entry stands for all of them: the key
// without its row.
class PostingPrefix final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "holdfast.posting"; }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override {
    return key.size() > row_key_bytes;
  }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), key.size() - row_key_bytes};
  }
};

// Looked up by whole keys that are often not there.
bool has_key_filter(Table table) { return table == Table::current || table == Table::request; }

// Bodies are compressed one by one with a dictionary, hashes not at all.
bool is_compressible(Table table) { return table != Table::body && table != Table::tree; }

rocksdb::ColumnFamilyOptions family_options(Table table,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            const RocksOptions& asked) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = table == Table::body ? body_block_bytes
                      : has_prefix(table)  ? posting_block_bytes
                                           : index_block_bytes;
  blocks.format_version = 5;
  // Indexes and filters grow with the data, so they live in the cache, in parts.
  blocks.cache_index_and_filter_blocks = true;
  blocks.cache_index_and_filter_blocks_with_high_priority = true;
  blocks.pin_top_level_index_and_filter = true;
  blocks.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  blocks.partition_filters = has_key_filter(table) || has_prefix(table);
  if (blocks.partition_filters) {
    blocks.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(filter_bits_per_key));
  }
  blocks.whole_key_filtering = has_key_filter(table);

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  if (has_prefix(table)) {
    options.prefix_extractor = std::make_shared<PostingPrefix>();
  }
  if (has_key_filter(table)) {
    // A new id is looked up before it is written, twice: most of those look-ups end here.
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = memtable_filter_ratio;
  }
  // Layers come sorted: each row is looked for beside the one before it. One hint a table.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
  // The bound is over all tables together; no single one is flushed on its own account.
  options.write_buffer_size = asked.write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  if (asked.mode == RocksMode::bulk) {
    options.level0_file_num_compaction_trigger = bulk_compaction_files;
  }
  options.compression = is_compressible(table) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  options.bottommost_compression =
      is_compressible(table) ? rocksdb::kZSTD : rocksdb::kNoCompression;
  return options;
}

// After a fault of the disk RocksDB would try again by itself, in a thread of its own, and may wait
// for that thread for ever when it is closed (7.8). Nothing is retried but by RocksKv::heal().
class NoOwnRecovery final : public rocksdb::EventListener {
 public:
  [[nodiscard]] const char* Name() const override { return "holdfast.no_own_recovery"; }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::DBOptions database_options(const RocksOptions& asked) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.atomic_flush = true;
  options.avoid_flush_during_shutdown = true;
  options.db_write_buffer_size = asked.write_buffer_bytes;
  options.max_background_jobs = asked.background_jobs;
  options.allow_concurrent_memtable_write = false;
  options.bytes_per_sync = sync_every_bytes;
  options.max_open_files = 512;
  options.max_file_opening_threads = 1;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = log_file_bytes_max;
  options.keep_log_file_num = 2;
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoOwnRecovery>());
  if (asked.env != nullptr) {
    options.env = asked.env;
  }
  return options;
}

}  // namespace

std::unexpected<Error> fail_status(const rocksdb::Status& status, std::string_view doing) {
  Code code = Code::io;
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::SubCode::kSpaceLimit) {
    code = Code::no_space;
  } else if (status.IsCorruption()) {
    code = Code::corrupt;
  } else if (status.IsBusy() || status.IsTryAgain()) {
    code = Code::unavailable;
  }
  return fail(code, "views: " + std::string(doing) + ": " + status.ToString());
}

bool has_prefix(Table table) { return table == Table::posting || table == Table::undo; }

Store::Store(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) : db_(db) {
  std::copy(families.begin(), families.end(), families_.begin());
}

Store::~Store() {
  for (rocksdb::ColumnFamilyHandle* const family : families_) {
    db_->DestroyColumnFamilyHandle(family);
  }
}

Result<std::shared_ptr<const Store>> Store::open(const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < table_count; ++i) {
    // RocksDB insists on a family of this name; it is the meta table.
    const std::string name =
        i == 0 ? rocksdb::kDefaultColumnFamilyName : std::string(table_names[i]);
    families.emplace_back(name, family_options(static_cast<Table>(i), cache, options));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions database = database_options(options);
  rocksdb::Status status;
  if (options.mode == RocksMode::read_only) {
    // Without this file RocksDB, too, sees no store, whatever else lies there.
    if (database.env->FileExists(options.path + "/CURRENT").IsNotFound()) {
      return fail(Code::not_found, "views: there is no store", options.path);
    }
    database.create_if_missing = false;
    database.create_missing_column_families = false;
    status = rocksdb::DB::OpenForReadOnly(database, options.path, families, &handles, &db);
  } else {
    status = rocksdb::DB::Open(database, options.path, families, &handles, &db);
  }
  // RocksDB's words where a table that this version has is not there, and may not be made.
  if (status.IsInvalidArgument() &&
      status.ToString().find("Column family not found") != std::string::npos) {
    return fail(Code::corrupt,
                "views: made by an earlier version, without all tables; run `holdfast rebuild`",
                options.path);
  }
  if (!status.ok()) {
    return fail_status(status, "open " + options.path);
  }
  check(handles.size() == table_count, "one family each");
  return std::make_shared<const Store>(db, handles);
}

}  // namespace holdfast::views
