#include "views/mem_kv.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::views {
namespace {

constexpr std::size_t chunk_rows_max = 64;

struct Row {
  Bytes key;
  Bytes value;
};

struct Chunk {
  std::uint64_t generation = 0;
  std::vector<Row> rows;  // never empty, sorted
};

bool key_less(const Row& row, BytesView key) { return row.key < key; }

}  // namespace

struct MemKv::Rows {
  std::uint64_t generation = 0;
  std::vector<std::shared_ptr<Chunk>> chunks;  // sorted, none empty

  struct Place {
    std::size_t chunk = 0;
    std::size_t row = 0;
    auto operator<=>(const Place&) const = default;
  };
  [[nodiscard]] const Row& at(Place place) const { return chunks[place.chunk]->rows[place.row]; }
  [[nodiscard]] Place end() const { return {chunks.size(), 0}; }

  // The first row whose key is not before `key`.
  [[nodiscard]] Place lower_bound(BytesView key) const {
    const auto chunk = std::lower_bound(
        chunks.begin(), chunks.end(), key,
        [](const std::shared_ptr<Chunk>& c, BytesView k) { return c->rows.back().key < k; });
    if (chunk == chunks.end()) {
      return end();
    }
    const auto& rows = (*chunk)->rows;
    const auto row = std::lower_bound(rows.begin(), rows.end(), key, key_less);
    return {static_cast<std::size_t>(chunk - chunks.begin()),
            static_cast<std::size_t>(row - rows.begin())};
  }
  [[nodiscard]] Place after(Place place) const {
    return place.row + 1 < chunks[place.chunk]->rows.size() ? Place{place.chunk, place.row + 1}
                                                            : Place{place.chunk + 1, 0};
  }
  // place > {0, 0}
  [[nodiscard]] Place before(Place place) const {
    return place.row > 0 ? Place{place.chunk, place.row - 1}
                         : Place{place.chunk - 1, chunks[place.chunk - 1]->rows.size() - 1};
  }
};

namespace {

class MemCursor final : public Cursor {
 public:
  MemCursor(std::shared_ptr<const MemKv::Rows> rows, BytesView from, BytesView until,
            Direction direction)
      : rows_(std::move(rows)),
        first_(rows_->lower_bound(from)),
        end_(until.empty() ? rows_->end() : std::max(first_, rows_->lower_bound(until))),
        direction_(direction),
        at_(first_) {
    if (direction_ == Direction::backward) {
      step_back(end_);
    }
  }
  [[nodiscard]] bool valid() const override { return !past_ && at_ < end_; }
  [[nodiscard]] BytesView key() const override { return rows_->at(at_).key; }
  [[nodiscard]] BytesView value() const override { return rows_->at(at_).value; }
  void next() override {
    if (direction_ == Direction::forward) {
      at_ = rows_->after(at_);
    } else {
      step_back(at_);
    }
  }
  void seek(BytesView key) override {
    const auto found = std::clamp(rows_->lower_bound(key), first_, end_);
    past_ = false;
    if (direction_ == Direction::forward || (found < end_ && rows_->at(found).key == key)) {
      at_ = found;
    } else {
      step_back(found);
    }
  }
  [[nodiscard]] Result<void> status() const override { return ok(); }

 private:
  void step_back(MemKv::Rows::Place from) {
    if (from == first_) {
      past_ = true;
    } else {
      at_ = rows_->before(from);
    }
  }

  std::shared_ptr<const MemKv::Rows> rows_;
  MemKv::Rows::Place first_;
  MemKv::Rows::Place end_;
  Direction direction_;
  MemKv::Rows::Place at_;
  bool past_ = false;  // walked back over the first row
};

class MemReader final : public Reader {
 public:
  explicit MemReader(std::array<std::shared_ptr<const MemKv::Rows>, table_count> tables)
      : tables_(std::move(tables)) {}

  [[nodiscard]] Result<std::optional<Bytes>> get(Table table, BytesView key) const override {
    const MemKv::Rows& rows = *tables_[static_cast<std::size_t>(table)];
    const auto place = rows.lower_bound(key);
    if (place == rows.end() || rows.at(place).key != key) {
      return std::nullopt;
    }
    return rows.at(place).value;
  }
  using Reader::scan;
  [[nodiscard]] std::unique_ptr<Cursor> scan(Table table, BytesView from, BytesView until,
                                             Direction direction,
                                             Within /*within*/) const override {
    return std::make_unique<MemCursor>(tables_[static_cast<std::size_t>(table)], from, until,
                                       direction);
  }

 private:
  std::array<std::shared_ptr<const MemKv::Rows>, table_count> tables_;
};

}  // namespace

MemKv::MemKv() {
  for (auto& rows : now_) {
    rows = std::make_shared<Rows>();
  }
  flushed_ = now_;
}

MemKv::~MemKv() = default;

void MemKv::put(const Write& write) {
  std::shared_ptr<Rows>& rows = now_[static_cast<std::size_t>(write.table)];
  if (rows->generation != generation_) {
    rows = std::make_shared<Rows>(*rows);
    rows->generation = generation_;
  }
  auto place = rows->lower_bound(write.key);
  const bool there = place != rows->end() && rows->at(place).key == write.key;
  if (!there && !write.value) {
    return;
  }
  if (place == rows->end()) {
    if (rows->chunks.empty()) {
      rows->chunks.push_back(std::make_shared<Chunk>(Chunk{generation_, {}}));
    }
    place = {rows->chunks.size() - 1, rows->chunks.back()->rows.size()};
  }
  std::shared_ptr<Chunk>& chunk = rows->chunks[place.chunk];
  if (chunk->generation != generation_) {
    chunk = std::make_shared<Chunk>(*chunk);
    chunk->generation = generation_;
  }
  const auto at = chunk->rows.begin() + static_cast<std::ptrdiff_t>(place.row);
  const auto chunk_at = rows->chunks.begin() + static_cast<std::ptrdiff_t>(place.chunk);
  if (!write.value) {
    chunk->rows.erase(at);
    if (chunk->rows.empty()) {
      rows->chunks.erase(chunk_at);
    }
    return;
  }
  if (there) {
    at->value = *write.value;
    return;
  }
  chunk->rows.insert(at, Row{Bytes(write.key), Bytes(*write.value)});
  if (chunk->rows.size() > chunk_rows_max) {
    auto upper = std::make_shared<Chunk>();
    upper->generation = generation_;
    const auto middle = chunk->rows.begin() + chunk_rows_max / 2;
    upper->rows.assign(std::make_move_iterator(middle), std::make_move_iterator(chunk->rows.end()));
    chunk->rows.erase(middle, chunk->rows.end());
    rows->chunks.insert(chunk_at + 1, std::move(upper));
  }
}

Result<void> MemKv::write(std::span<const Write> writes) {
  std::vector<Kept> kept;
  kept.reserve(writes.size());
  const std::scoped_lock lock(mutex_);
  for (const Write& write : writes) {
    put(write);
    kept.push_back({write.table, Bytes(write.key),
                    write.value ? std::optional<Bytes>(*write.value) : std::nullopt});
    unflushed_bytes_ += write.key.size() + (write.value ? write.value->size() : 0);
  }
  unflushed_.push_back(std::move(kept));
  return ok();
}

std::shared_ptr<const Reader> MemKv::snapshot() {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  std::array<std::shared_ptr<const Rows>, table_count> tables;
  std::copy(now_.begin(), now_.end(), tables.begin());
  return std::make_shared<MemReader>(std::move(tables));
}

Result<void> MemKv::flush() {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  flushed_ = now_;
  unflushed_.clear();
  unflushed_bytes_ = 0;
  return ok();
}

std::uint64_t MemKv::unflushed_bytes() const {
  const std::scoped_lock lock(mutex_);
  return unflushed_bytes_;
}

std::size_t MemKv::unflushed_writes() const {
  const std::scoped_lock lock(mutex_);
  return unflushed_.size();
}

void MemKv::crash(std::size_t kept) {
  const std::scoped_lock lock(mutex_);
  check(kept <= unflushed_.size(), "a crash keeps a prefix of the writes");
  ++generation_;
  now_ = flushed_;
  for (std::size_t i = 0; i < kept; ++i) {
    for (const Kept& write : unflushed_[i]) {
      put({write.table, write.key,
           write.value ? std::optional<BytesView>(*write.value) : std::nullopt});
    }
  }
  ++generation_;
  flushed_ = now_;
  unflushed_.clear();
  unflushed_bytes_ = 0;
}

}  // namespace holdfast::views
