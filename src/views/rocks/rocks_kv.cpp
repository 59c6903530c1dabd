#include "views/rocks/rocks_kv.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "views/keys.h"

namespace holdfast::views {
namespace {

constexpr double filter_bits_per_key = 10;
// Of the write buffer: with 96 MiB of it a filter of 492 KiB, ten bits for each of 400,000 keys.
constexpr double memtable_filter_ratio = 0.005;
constexpr std::size_t index_block_bytes = 8 << 10;
constexpr std::size_t body_block_bytes = 16 << 10;
constexpr std::size_t log_file_bytes_max = 1 << 20;
constexpr std::uint64_t sync_every_bytes = 1 << 20;

rocksdb::Slice slice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
BytesView view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

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

bool has_prefix(Table table) { return table == Table::posting || table == Table::undo; }

// Whether all keys of the range share a prefix that the filter knows.
bool within_one_posting(Table table, BytesView from, BytesView until) {
  return has_prefix(table) && from.size() > row_key_bytes && from.size() == until.size() &&
         from.substr(0, from.size() - row_key_bytes) ==
             until.substr(0, until.size() - row_key_bytes);
}

// Looked up by whole keys that are often not there.
bool has_key_filter(Table table) { return table == Table::current || table == Table::request; }

// Bodies are compressed one by one with a dictionary, hashes not at all.
bool is_compressible(Table table) { return table != Table::body && table != Table::tree; }

rocksdb::ColumnFamilyOptions family_options(Table table,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            std::uint64_t write_buffer_bytes) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = table == Table::body ? body_block_bytes : index_block_bytes;
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
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
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

// The open database; snapshots keep it open.
class Store {
 public:
  Store(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& families) : db_(db) {
    std::copy(families.begin(), families.end(), families_.begin());
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() {
    for (rocksdb::ColumnFamilyHandle* const family : families_) {
      db_->DestroyColumnFamilyHandle(family);
    }
  }
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

class RocksCursor final : public Cursor {
 public:
  RocksCursor(const Store& store, const rocksdb::Snapshot* snapshot, Table table, BytesView from,
              BytesView until, Direction direction)
      : from_(from),
        until_(until),
        lower_(slice(from_)),
        upper_(slice(until_)),
        direction_(direction) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    options.iterate_lower_bound = &lower_;
    if (!until_.empty()) {
      options.iterate_upper_bound = &upper_;
    }
    if (direction == Direction::forward && within_one_posting(table, from, until)) {
      options.prefix_same_as_start = true;
    } else {
      options.total_order_seek = true;
    }
    iterator_.reset(store.db().NewIterator(options, store.family(table)));
    if (direction_ == Direction::forward) {
      iterator_->Seek(lower_);
    } else {
      iterator_->SeekToLast();
    }
  }
  [[nodiscard]] bool valid() const override { return iterator_->Valid(); }
  [[nodiscard]] BytesView key() const override { return view(iterator_->key()); }
  [[nodiscard]] BytesView value() const override { return view(iterator_->value()); }
  void next() override {
    if (direction_ == Direction::forward) {
      iterator_->Next();
    } else {
      iterator_->Prev();
    }
  }
  void seek(BytesView key) override {
    if (direction_ == Direction::forward) {
      iterator_->Seek(slice(std::max(key, BytesView(from_))));
    } else if (!until_.empty() && key >= BytesView(until_)) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekForPrev(slice(key));
    }
  }
  [[nodiscard]] Result<void> status() const override {
    if (!iterator_->status().ok()) {
      return fail_status(iterator_->status(), "scan");
    }
    return ok();
  }

 private:
  Bytes from_;
  Bytes until_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  Direction direction_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksReader final : public Reader {
 public:
  explicit RocksReader(std::shared_ptr<const Store> store)
      : store_(std::move(store)), snapshot_(store_->db().GetSnapshot()) {}
  ~RocksReader() override { store_->db().ReleaseSnapshot(snapshot_); }

  [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const override {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        store_->db().Get(options, store_->family(table), slice(key), &value);
    if (status.IsNotFound()) {
      return std::nullopt;
    }
    if (!status.ok()) {
      return fail_status(status, "get");
    }
    return Bytes(value.data(), value.size());
  }
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction) const override {
    return std::make_unique<RocksCursor>(*store_, snapshot_, table, from, until, direction);
  }

 private:
  std::shared_ptr<const Store> store_;
  const rocksdb::Snapshot* snapshot_;
};

class RocksKv final : public Kv {
 public:
  explicit RocksKv(std::shared_ptr<const Store> store) : store_(std::move(store)) {}

  Result<void> write(std::span<const Write> writes) override {
    std::size_t bytes = 0;
    for (const Write& write : writes) {
      bytes += write.key.size() + (write.value ? write.value->size() : 0) + 16;
    }
    rocksdb::WriteBatch batch(bytes);
    for (const Write& write : writes) {
      const rocksdb::Status status =
          write.value
              ? batch.Put(store_->family(write.table), slice(write.key), slice(*write.value))
              : batch.Delete(store_->family(write.table), slice(write.key));
      if (!status.ok()) {
        return fail_status(status, "write");
      }
    }
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    TRY_OK(heal());
    return note(store_->db().Write(options, &batch), "write");
  }

  [[nodiscard]] std::shared_ptr<const Reader> snapshot() override {
    return std::make_shared<RocksReader>(store_);
  }

  Result<void> flush() override {
    rocksdb::FlushOptions options;
    options.wait = true;
    options.allow_write_stall = true;
    TRY_OK(heal());
    return note(store_->db().Flush(options, store_->families()), "flush");
  }

  [[nodiscard]] std::uint64_t unflushed_bytes() const override {
    std::uint64_t bytes = 0;
    store_->db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
    return bytes;
  }

  [[nodiscard]] const Store& store() const { return *store_; }

 private:
  // When the disk was full and may have space again: RocksDB writes the files anew that it could
  // not finish. After any other fault it stays as it is until it is opened again.
  Result<void> heal() {
    if (!was_full_) {
      return ok();
    }
    const rocksdb::Status status = store_->db().Resume();
    if (!status.ok()) {
      return fail_status(status, "the disk was full, and is");
    }
    was_full_ = false;
    return ok();
  }
  Result<void> note(const rocksdb::Status& status, std::string_view doing) {
    if (status.ok()) {
      return ok();
    }
    auto failed = fail_status(status, doing);
    was_full_ = failed.error().code == Code::no_space;
    return failed;
  }

  std::shared_ptr<const Store> store_;
  bool was_full_ = false;
};

}  // namespace

Result<std::unique_ptr<Kv>> open_rocks(const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < table_count; ++i) {
    // RocksDB insists on a family of this name; it is the meta table.
    const std::string name =
        i == 0 ? rocksdb::kDefaultColumnFamilyName : std::string(table_names[i]);
    families.emplace_back(name,
                          family_options(static_cast<Table>(i), cache, options.write_buffer_bytes));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(database_options(options), options.path, families, &handles, &db);
  if (!status.ok()) {
    return fail_status(status, "open " + options.path);
  }
  check(handles.size() == table_count, "one family each");
  return std::make_unique<RocksKv>(std::make_shared<const Store>(db, handles));
}

Result<void> compact_rocks(Kv& kv) {
  const auto* const rocks = dynamic_cast<const RocksKv*>(&kv);
  check(rocks != nullptr, "the Kv came from open_rocks()");
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (rocksdb::ColumnFamilyHandle* const family : rocks->store().families()) {
    const rocksdb::Status status =
        rocks->store().db().CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) {
      return fail_status(status, "compact");
    }
  }
  return ok();
}

}  // namespace holdfast::views
