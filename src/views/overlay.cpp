#include "views/overlay.h"

#include <algorithm>

#include "base/check.h"
#include "views/merge_cursor.h"

namespace holdfast::views {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t first_chunk_bytes = 4 << 10;
constexpr std::size_t chunk_bytes_max = 1 << 20;
// Layers smaller than this together are copied when they merge, so that a thousand small entries
// do not hold a thousand arenas.
constexpr std::uint64_t copied_bytes_max = 256 << 10;
constexpr std::size_t slots_min = 32;

std::size_t index_of(Table table) { return static_cast<std::size_t>(table); }

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Multiply-and-fold over words of eight bytes. Keyed, so that nobody can choose collisions; never
// leaves the process.
std::uint32_t hash_key(std::uint64_t seed, BytesView key) {
  constexpr std::uint64_t odd_a = 0x9e3779b97f4a7c15U;
  constexpr std::uint64_t odd_b = 0xd6e8feb86659fd93U;
  std::uint64_t state = fold(seed ^ odd_a, key.size() ^ odd_b);
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 8; left -= 8, at += 8) {
    state = fold(state ^ load_little<std::uint64_t>(at), odd_a ^ seed);
  }
  std::uint64_t last = 0;
  if (left > 0) {
    std::memcpy(&last, at, left);
  }
  state = fold(state ^ last, odd_b ^ seed);
  return static_cast<std::uint32_t>(state ^ (state >> 32U));
}

std::size_t slot_count_for(std::size_t rows) {
  return std::bit_ceil(std::max(slots_min, rows * 2));
}

// The slot that holds `key`, or the empty one where it belongs.
std::size_t find_slot(std::span<const std::uint32_t> slots, std::span<const OverlayRow> rows,
                      std::uint32_t hash, BytesView key) {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = hash & mask;
  while (slots[at] != 0) {
    const OverlayRow& row = rows[slots[at] - 1];
    if (row.hash == hash && row.key() == key) {
      break;
    }
    at = (at + 1) & mask;
  }
  return at;
}

// Puts an index into the first free slot; the key is known to be new.
void fill_slot(std::span<std::uint32_t> slots, std::uint32_t hash, std::size_t index) {
  const std::size_t mask = slots.size() - 1;
  std::size_t at = hash & mask;
  while (slots[at] != 0) {
    at = (at + 1) & mask;
  }
  slots[at] = static_cast<std::uint32_t>(index + 1);
}

// Sorting keys that share long beginnings: eight bytes at a time, kept beside the index, so that
// most comparisons touch no key.
struct Sortable {
  std::uint64_t word;
  std::uint32_t index;
};

std::uint64_t word_at(BytesView key, std::size_t depth) {
  char raw[8] = {};
  if (depth < key.size()) {
    std::memcpy(raw, key.data() + depth, std::min<std::size_t>(8, key.size() - depth));
  }
  return load_big<std::uint64_t>(raw);
}

void sort_from(std::span<Sortable> items, std::span<const OverlayRow> rows, std::size_t depth) {
  constexpr std::size_t few = 4;
  bool ends_here = false;
  for (Sortable& item : items) {
    const BytesView key = rows[item.index].key();
    item.word = word_at(key, depth);
    ends_here = ends_here || key.size() < depth + 8;
  }
  if (ends_here || items.size() <= few) {
    // Zeros behind the end of a key are not part of it: compare the keys themselves.
    std::sort(items.begin(), items.end(), [&](const Sortable& a, const Sortable& b) {
      return a.word != b.word ? a.word < b.word : rows[a.index].key() < rows[b.index].key();
    });
    return;
  }
  std::sort(items.begin(), items.end(),
            [](const Sortable& a, const Sortable& b) { return a.word < b.word; });
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && items[end].word == items[begin].word) {
      ++end;
    }
    if (end - begin > 1) {
      sort_from(items.subspan(begin, end - begin), rows, depth + 8);
    }
    begin = end;
  }
}

// Indexes [begin, rows.size()) in order of their keys.
std::vector<std::uint32_t> sorted_indexes(std::span<const OverlayRow> rows, std::size_t begin) {
  std::vector<Sortable> items(rows.size() - begin);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].index = static_cast<std::uint32_t>(begin + i);
  }
  sort_from(items, rows, 0);
  std::vector<std::uint32_t> order(items.size());
  std::transform(items.begin(), items.end(), order.begin(),
                 [](const Sortable& item) { return item.index; });
  return order;
}

std::vector<std::uint32_t> merge_runs(std::span<const OverlayRow> rows,
                                      const std::vector<std::uint32_t>& a,
                                      const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> both(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), both.begin(),
             [&](std::uint32_t x, std::uint32_t y) { return rows[x].key() < rows[y].key(); });
  return both;
}

}  // namespace

const char* Arena::keep(BytesView bytes) {
  char* kept = at_;
  if (bytes.size() > left_) {
    const std::size_t usual =
        std::clamp<std::size_t>(allocated_, first_chunk_bytes, chunk_bytes_max);
    // A long value gets a chunk of its own, and the rest of the last one is still used.
    const bool own = bytes.size() > usual / 2;
    const std::size_t size = own ? bytes.size() : usual;
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    allocated_ += size;
    kept = chunks_.back().get();
    if (own) {
      std::memcpy(kept, bytes.data(), bytes.size());
      return kept;
    }
    left_ = size;
  }
  if (!bytes.empty()) {
    std::memcpy(kept, bytes.data(), bytes.size());
  }
  at_ = kept + bytes.size();
  left_ -= bytes.size();
  return kept;
}

std::uint64_t Layer::Owner::bytes() const {
  return arena.bytes() + (older ? older->bytes() : 0) + (newer ? newer->bytes() : 0);
}

std::span<const OverlayRow> Layer::rows(Table table) const {
  return tables_[index_of(table)].sorted;
}

const OverlayRow* Layer::find(Table table, BytesView key) const {
  const Rows& rows = tables_[index_of(table)];
  if (rows.sorted.empty()) {
    return nullptr;
  }
  const std::size_t slot = find_slot(rows.slots, rows.sorted, hash_key(seed_, key), key);
  return rows.slots[slot] == 0 ? nullptr : &rows.sorted[rows.slots[slot] - 1];
}

std::size_t Layer::row_count() const {
  std::size_t count = 0;
  for (const Rows& rows : tables_) {
    count += rows.sorted.size();
  }
  return count;
}

void Layer::index_rows() {
  bytes_ = owner_->bytes();
  for (Rows& rows : tables_) {
    if (rows.sorted.empty()) {
      continue;
    }
    rows.slots.assign(slot_count_for(rows.sorted.size()), 0);
    for (std::size_t i = 0; i < rows.sorted.size(); ++i) {
      fill_slot(rows.slots, rows.sorted[i].hash, i);
    }
    bytes_ += rows.sorted.size() * sizeof(OverlayRow) + rows.slots.size() * sizeof(std::uint32_t);
  }
}

std::shared_ptr<const Layer> merge(std::shared_ptr<const Layer> older,
                                   std::shared_ptr<const Layer> newer) {
  check(newer->first_ == older->last_.next(), "only neighbouring layers merge");
  auto both = std::make_shared<Layer>(older->first_, newer->last_);
  both->seed_ = newer->seed_;
  auto owner = std::make_shared<Layer::Owner>();
  const bool copy = older->bytes_ + newer->bytes_ <= copied_bytes_max;
  if (!copy) {
    owner->older = older->owner_;
    owner->newer = newer->owner_;
  }
  const auto take = [&](std::vector<OverlayRow>& to, const OverlayRow& row) {
    OverlayRow taken = row;
    if (copy) {
      taken.key_at = owner->arena.keep(row.key());
      taken.value_at = row.erased() ? nullptr : owner->arena.keep(row.value());
    }
    taken.hash = hash_key(both->seed_, taken.key());
    to.push_back(taken);
  };
  for (std::size_t table = 0; table < table_count; ++table) {
    const std::vector<OverlayRow>& a = older->tables_[table].sorted;
    const std::vector<OverlayRow>& b = newer->tables_[table].sorted;
    std::vector<OverlayRow>& to = both->tables_[table].sorted;
    to.reserve(a.size() + b.size());
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
      const int order = j == b.size() ? -1 : i == a.size() ? 1 : a[i].key().compare(b[j].key());
      if (order < 0) {
        take(to, a[i++]);
        continue;
      }
      i += order == 0 ? 1 : 0;
      take(to, b[j++]);
    }
  }
  both->owner_ = std::move(owner);
  both->index_rows();
  return both;
}

WorkLayer::WorkLayer(std::shared_ptr<const Reader> below, std::uint64_t seed)
    : below_(std::move(below)), seed_(seed), owner_(std::make_shared<Layer::Owner>()) {}

WorkLayer::~WorkLayer() = default;

void WorkLayer::grow(Rows& rows) {
  rows.slots.assign(slot_count_for(rows.rows.size() + 1) * 2, 0);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    fill_slot(rows.slots, rows.rows[i].hash, i);
  }
}

OverlayRow& WorkLayer::slot_for(Table table, BytesView key) {
  Rows& rows = tables_[index_of(table)];
  if (rows.rows.size() * 2 >= rows.slots.size()) {
    grow(rows);
  }
  check(key.size() < UINT32_MAX, "a key is short");
  const std::uint32_t hash = hash_key(seed_, key);
  const std::size_t slot = find_slot(rows.slots, rows.rows, hash, key);
  if (rows.slots[slot] != 0) {
    return rows.rows[rows.slots[slot] - 1];
  }
  OverlayRow row;
  row.key_at = owner_->arena.keep(key);
  row.key_size = static_cast<std::uint32_t>(key.size());
  row.hash = hash;
  rows.rows.push_back(row);
  rows.slots[slot] = static_cast<std::uint32_t>(rows.rows.size());
  return rows.rows.back();
}

void WorkLayer::put(Table table, BytesView key, BytesView value) {
  check(value.size() < OverlayRow::erased_size, "a value is shorter than 4 GiB");
  OverlayRow& row = slot_for(table, key);
  row.value_at = owner_->arena.keep(value);
  row.value_size = static_cast<std::uint32_t>(value.size());
}

void WorkLayer::erase(Table table, BytesView key) {
  OverlayRow& row = slot_for(table, key);
  row.value_at = nullptr;
  row.value_size = OverlayRow::erased_size;
}

Result<std::optional<Bytes>> WorkLayer::get(Table table, BytesView key) const {
  const Rows& rows = tables_[index_of(table)];
  if (!rows.slots.empty()) {
    const std::size_t slot = find_slot(rows.slots, rows.rows, hash_key(seed_, key), key);
    if (rows.slots[slot] != 0) {
      const OverlayRow& row = rows.rows[rows.slots[slot] - 1];
      return row.erased() ? std::nullopt : std::optional<Bytes>(row.value());
    }
  }
  return table == Table::current || table == Table::body ? get_below(table, key)
                                                         : below_->get(table, key);
}

Result<std::optional<Bytes>> WorkLayer::get_below(Table table, BytesView key) const {
  Bytes name(1, static_cast<char>(table));
  name.append(key);
  const auto known = remembered_.find(name);
  if (known != remembered_.end()) {
    return known->second;
  }
  TRY(auto value, below_->get(table, key));
  const std::uint64_t bytes = name.size() + (value ? value->size() : 0);
  if (value && remembered_bytes_ + bytes <= work_remembers_max) {
    remembered_bytes_ += bytes;
    remembered_.emplace(std::move(name), *value);
  }
  return value;
}

std::optional<BytesView> WorkLayer::own(Table table, BytesView key) const {
  const Rows& rows = tables_[index_of(table)];
  if (rows.slots.empty()) {
    return std::nullopt;
  }
  const std::size_t slot = find_slot(rows.slots, rows.rows, hash_key(seed_, key), key);
  if (rows.slots[slot] == 0 || rows.rows[rows.slots[slot] - 1].erased()) {
    return std::nullopt;
  }
  return rows.rows[rows.slots[slot] - 1].value();
}

// The new rows become a run; runs of like length are merged, so that there are about log2(rows)
// of them and each row is moved about that often.
void WorkLayer::sort_tail(const Rows& rows) {
  if (rows.sorted_upto == rows.rows.size()) {
    return;
  }
  rows.runs.push_back(sorted_indexes(rows.rows, rows.sorted_upto));
  rows.sorted_upto = rows.rows.size();
  while (rows.runs.size() > 1 &&
         rows.runs[rows.runs.size() - 2].size() <= 2 * rows.runs.back().size()) {
    auto both = merge_runs(rows.rows, rows.runs[rows.runs.size() - 2], rows.runs.back());
    rows.runs.pop_back();
    rows.runs.back() = std::move(both);
  }
}

std::unique_ptr<Cursor> WorkLayer::scan(Table table, BytesView from, BytesView until,
                                        Direction direction, Within within) const {
  const Rows& rows = tables_[index_of(table)];
  sort_tail(rows);
  std::vector<std::unique_ptr<Source>> sources;
  for (const std::vector<std::uint32_t>& run : rows.runs) {
    sources.push_back(std::make_unique<RowSource<IndexedRows>>(IndexedRows{rows.rows, run}, from,
                                                               until, direction));
  }
  return merge_sources(std::move(sources), below_->scan(table, from, until, direction, within),
                       direction);
}

bool WorkLayer::empty() const { return row_count() == 0; }

std::size_t WorkLayer::row_count() const {
  std::size_t count = 0;
  for (const Rows& rows : tables_) {
    count += rows.rows.size();
  }
  return count;
}

std::uint64_t WorkLayer::bytes() const {
  return owner_->arena.bytes() + row_count() * (sizeof(OverlayRow) + 3 * sizeof(std::uint32_t));
}

std::shared_ptr<const Layer> WorkLayer::freeze(Position first, Position last) && {
  check(first <= last, "a layer has entries");
  auto layer = std::make_shared<Layer>(first, last);
  layer->seed_ = seed_;
  for (std::size_t table = 0; table < table_count; ++table) {
    Rows& rows = tables_[table];
    sort_tail(rows);
    while (rows.runs.size() > 1) {
      auto both = merge_runs(rows.rows, rows.runs[rows.runs.size() - 2], rows.runs.back());
      rows.runs.pop_back();
      rows.runs.back() = std::move(both);
    }
    if (rows.runs.empty()) {
      continue;
    }
    std::vector<OverlayRow>& sorted = layer->tables_[table].sorted;
    sorted.reserve(rows.rows.size());
    for (const std::uint32_t index : rows.runs.front()) {
      sorted.push_back(rows.rows[index]);
    }
    rows = Rows{};
  }
  layer->owner_ = std::exchange(owner_, std::make_shared<Layer::Owner>());
  layer->index_rows();
  return layer;
}

}  // namespace holdfast::views
