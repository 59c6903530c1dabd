// views/kv.h: an ordered map of bytes with snapshots, in a few tables. mem_kv and rocks_kv are
// the same to whoever looks through this; kv_test.cpp says so for both.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::views {

/// One RocksDB column family each. docs/INDEXES.md gives the keys.
enum class Table : std::uint8_t {
  meta,     ///< state of the whole (position, chain hash, digest), dictionaries
  current,  ///< type, id -> the row that is current
  history,  ///< type, id, version -> row, for versions that are no longer current
  past,     ///< type, row -> nothing: versions that the type's listing lacks
  body,     ///< row -> the version itself
  posting,  ///< index, type, value, row -> nothing: what search finds now
  undo,     ///< the same key -> position that removed it: what open pages still find
  request,  ///< idempotency key -> position
  tree,     ///< level, index -> node of the Merkle tree
  message,  ///< sender, control id, hash, attempt -> what became of it
  outbox,   ///< channel, position, number -> what is owed to it, and what was
  item,     ///< kind, name, … -> duties to patients: by subject, owner and time; the ledger
  touched,  ///< patient, position -> why that entry is one of the patient's
};
inline constexpr std::size_t table_count = 13;
inline constexpr std::array<std::string_view, table_count> table_names{
    "meta",    "current", "history", "past",   "body", "posting", "undo",
    "request", "tree",    "message", "outbox", "item", "touched"};

enum class Direction : std::uint8_t { forward, backward };
/// What the caller of scan() knows about its range.
enum class Within : std::uint8_t {
  table,
  /// Both bounds are keys of postings that differ in their rows only: what has no such posting need
  /// not be looked through.
  one_posting,
};

/// Walks rows in order of their keys' bytes. key() and value() live until the next next().
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;

  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual BytesView key() const = 0;
  [[nodiscard]] virtual BytesView value() const = 0;
  virtual void next() = 0;
  /// To the first row at or past `key` in the cursor's direction, within its range.
  virtual void seek(BytesView key) = 0;
  /// Why valid() became false: the end of the range (ok) or a fault of the store.
  [[nodiscard]] virtual Result<void> status() const = 0;
};

/// What a reader sees: one moment, unchanging. From any thread.
class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;

  [[nodiscard]] virtual Result<std::optional<Bytes>> get(Table table, BytesView key) const = 0;
  /// Rows with from <= key < until (until empty: to the table's end). Starts at the first row in
  /// its direction. The Reader outlives the Cursor.
  [[nodiscard]] virtual std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                                     Direction direction, Within within) const = 0;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction) const {
    return scan(table, from, until, direction, Within::table);
  }
  /// The same moment for those who do not come back for what they read: nothing is kept of it, and
  /// what is kept is not looked through. Null: this one is so. Does not need this one any more.
  [[nodiscard]] virtual std::shared_ptr<const Reader> plain() const { return nullptr; }
};

/// One row to put, or to erase where there is no value. Borrowed bytes.
struct Write {
  Table table{};
  BytesView key;
  std::optional<BytesView> value;
};

/// The store. One writer at a time; readers from any thread.
class Kv {
 public:
  Kv() = default;
  Kv(const Kv&) = delete;
  Kv& operator=(const Kv&) = delete;
  virtual ~Kv() = default;

  /// All of `writes` or none, visible to snapshots taken afterwards. A crash leaves some prefix
  /// of the write() calls, never half of one: at least those before the last flush().
  virtual Result<void> write(std::span<const Write> writes) = 0;
  [[nodiscard]] virtual std::shared_ptr<const Reader> snapshot() = 0;
  /// Everything written so far survives power loss, all tables together.
  virtual Result<void> flush() = 0;
  /// Bytes in memory that a crash would lose: the tail that must be replayed.
  [[nodiscard]] virtual std::uint64_t unflushed_bytes() const = 0;
};

/// The first key after every key that begins with `prefix`; empty if there is none.
[[nodiscard]] Bytes after_prefix(BytesView prefix);

}  // namespace holdfast::views
