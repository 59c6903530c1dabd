#include "views/rocks/rocks_kv.h"

#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/check.h"
#include "views/keys.h"
#include "views/rocks/store.h"

namespace holdfast::views {
namespace {

// In bulk mode each write is one file a table: waited for before there are so many that looking a
// row up takes long.
constexpr std::uint64_t bulk_files_max = 40;
constexpr int bulk_wait_microseconds = 5'000;

// Whether all keys of the range share a prefix that the filter knows, as the caller says.
bool is_one_posting(Table table, BytesView from, BytesView until) {
  return has_prefix(table) && from.size() > row_key_bytes && from.size() == until.size() &&
         from.substr(0, from.size() - row_key_bytes) ==
             until.substr(0, until.size() - row_key_bytes);
}

class RocksCursor final : public Cursor {
 public:
  RocksCursor(const Store& store, const rocksdb::Snapshot* snapshot, Table table, BytesView from,
              BytesView until, Direction direction, Within within)
      : from_(from),
        until_(until),
        lower_(slice(from_)),
        upper_(slice(until_)),
        direction_(direction) {
    rocksdb::ReadOptions options;
    check(within == Within::table || is_one_posting(table, from, until),
          "the bounds differ in their rows only");
    options.snapshot = snapshot;
    options.iterate_lower_bound = &lower_;
    if (!until_.empty()) {
      options.iterate_upper_bound = &upper_;
    }
    if (direction == Direction::forward && within == Within::one_posting) {
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
  using Reader::scan;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction, Within within) const override {
    return std::make_unique<RocksCursor>(*store_, snapshot_, table, from, until, direction, within);
  }

 private:
  std::shared_ptr<const Store> store_;
  const rocksdb::Snapshot* snapshot_;
};

class RocksKv : public Kv {
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

class ReadOnlyKv final : public RocksKv {
 public:
  using RocksKv::RocksKv;
  Result<void> write(std::span<const Write> /*writes*/) override { return refused(); }
  Result<void> flush() override { return refused(); }

 private:
  static Result<void> refused() {
    return fail(Code::unavailable, "views: opened for reading only");
  }
};

// Rows that come sorted, straight into files.
class BulkKv final : public RocksKv {
 public:
  BulkKv(std::shared_ptr<const Store> store, std::string path)
      : RocksKv(std::move(store)), path_(std::move(path)) {}

  Result<void> write(std::span<const Write> writes) override {
    ++written_;
    std::vector<rocksdb::IngestExternalFileArg> files;
    for (std::size_t begin = 0; begin < writes.size();) {
      const Table table = writes[begin].table;
      std::size_t end = begin;
      while (end < writes.size() && writes[end].table == table) {
        ++end;
      }
      TRY(auto file, make_file(table, writes.subspan(begin, end - begin)));
      files.push_back(std::move(file));
      begin = end;
    }
    if (files.empty()) {
      return ok();
    }
    const rocksdb::Status status = store().db().IngestExternalFiles(files);
    if (!status.ok()) {
      return fail_status(status, "ingest");
    }
    return wait_for_compaction();
  }

 private:
  Result<rocksdb::IngestExternalFileArg> make_file(Table table, std::span<const Write> rows) {
    rocksdb::ColumnFamilyHandle* const family = store().family(table);
    rocksdb::Options options = store().db().GetOptions(family);
    // It will not stay the last level: what merges it compresses it well.
    options.bottommost_compression = rocksdb::kDisableCompressionOption;
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options, family);
    const std::string path = path_ + "/bulk-" + std::to_string(written_) + "-" +
                             std::to_string(static_cast<unsigned>(table)) + ".sst";
    rocksdb::Status status = writer.Open(path);
    for (const Write& row : rows) {
      if (!status.ok()) {
        break;
      }
      status =
          row.value ? writer.Put(slice(row.key), slice(*row.value)) : writer.Delete(slice(row.key));
    }
    if (status.ok()) {
      status = writer.Finish();
    }
    if (!status.ok()) {
      return fail_status(status, "write " + path);
    }
    rocksdb::IngestExternalFileArg file;
    file.column_family = family;
    file.external_files.push_back(path);
    file.options.move_files = true;
    file.options.write_global_seqno = false;
    return file;
  }

  // Compaction goes on by itself; files beyond it would only make every lookup slower.
  Result<void> wait_for_compaction() {
    for (;;) {
      std::uint64_t most = 0;
      for (rocksdb::ColumnFamilyHandle* const family : store().families()) {
        std::string count;
        store().db().GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0",
                                 &count);
        most = std::max<std::uint64_t>(most, std::strtoull(count.c_str(), nullptr, 10));
      }
      std::uint64_t faults = 0;
      store().db().GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &faults);
      if (faults > 0) {
        return fail(Code::io, "views: compaction failed; the folder's LOG says why");
      }
      if (most <= bulk_files_max) {
        return ok();
      }
      store().db().GetEnv()->SleepForMicroseconds(bulk_wait_microseconds);
    }
  }

  const std::string path_;
  std::uint64_t written_ = 0;
};

}  // namespace

Result<std::unique_ptr<Kv>> open_rocks(const RocksOptions& options) {
  TRY(auto store, Store::open(options));
  if (options.mode == RocksMode::bulk) {
    return std::make_unique<BulkKv>(std::move(store), options.path);
  }
  if (options.mode == RocksMode::read_only) {
    return std::make_unique<ReadOnlyKv>(std::move(store));
  }
  return std::make_unique<RocksKv>(std::move(store));
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
