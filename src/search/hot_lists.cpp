#include "search/hot_lists.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace holdfast::search {

// ---- one set ----------------------------------------------------------------------------------

bool ListSet::Chunk::has(std::uint64_t row) const {
  if (!bits_.empty()) {
    return (bits_[row / 64] >> (row % 64) & 1U) != 0;
  }
  return std::ranges::binary_search(few_, static_cast<std::uint16_t>(row));
}

void ListSet::Chunk::add(std::uint64_t row) {
  if (bits_.empty() && few_.size() == few_max) {
    bits_.resize(chunk_rows / 64);
    for (const std::uint16_t one : std::exchange(few_, {})) {
      bits_[one / 64] |= std::uint64_t{1} << (one % 64U);
    }
  }
  if (bits_.empty()) {
    few_.push_back(static_cast<std::uint16_t>(row));
  } else {
    bits_[row / 64] |= std::uint64_t{1} << (row % 64);
  }
}

std::size_t ListSet::Chunk::bytes() const {
  return sizeof(Chunk) + few_.capacity() * sizeof(few_[0]) + bits_.capacity() * sizeof(bits_[0]);
}

ListSetPtr ListSet::continued(const std::vector<RowId>& rows, RowId covered, Position since) const {
  auto next = std::make_shared<ListSet>(*this);
  check(
      covered_ <= covered && (rows.empty() || (covered_ < rows.front() && rows.back() <= covered)),
      "a set goes on behind what it covers");
  next->covered_ = covered;
  next->since_ = std::max(since_, since);
  for (auto row = rows.begin(); row != rows.end();) {
    const std::uint64_t at = row->value / chunk_rows;
    if (next->chunks_.size() <= at) {
      next->chunks_.resize(at + 1);
    }
    std::shared_ptr<const Chunk>& kept = next->chunks_[at];
    auto chunk = kept ? std::make_shared<Chunk>(*kept) : std::make_shared<Chunk>();
    for (; row != rows.end() && row->value / chunk_rows == at; ++row) {
      chunk->add(row->value % chunk_rows);
    }
    kept = std::move(chunk);
  }
  next->bytes_ = sizeof(ListSet) + next->chunks_.capacity() * sizeof(next->chunks_[0]);
  for (const auto& chunk : next->chunks_) {
    next->bytes_ += chunk ? chunk->bytes() : 0;
  }
  return next;
}

// ---- all of them ------------------------------------------------------------------------------

ListSetPtr HotLists::find(BytesView prefix) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_prefix_.find(prefix);
  if (found == by_prefix_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->set;
}

std::size_t HotLists::note_misses(BytesView prefix, std::size_t count) {
  std::vector<Entry> forgotten;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  Entry& entry = touch(prefix);
  entry.misses += count;
  const bool is_long = entry.set && entry.set->bytes() > limits_.bytes_max / share;
  const std::size_t misses =
      entry.misses < limits_.misses_a_reading || is_long ? 0 : std::exchange(entry.misses, 0);
  forget_oldest(forgotten);
  return misses * limits_.keys_a_miss;
}

void HotLists::offer(BytesView prefix, ListSetPtr set) {
  std::vector<Entry> forgotten;
  const std::scoped_lock lock(mutex_);
  Entry& entry = touch(prefix);
  if (entry.set && entry.set->covered() >= set->covered()) {
    return;
  }
  bytes_ -= bytes_of(entry);
  std::swap(entry.set, set);  // what was there goes after the lock, with the parameter
  bytes_ += bytes_of(entry);
  forget_oldest(forgotten);
}

std::size_t HotLists::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

std::size_t HotLists::sets() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const Entry& entry) { return entry.set != nullptr; }));
}

// With what the list, the map and the pointer take.
std::size_t HotLists::bytes_of(const Entry& entry) {
  constexpr std::size_t beside = 128;
  return beside + sizeof(Entry) + entry.prefix.capacity() + (entry.set ? entry.set->bytes() : 0);
}

HotLists::Entry& HotLists::touch(BytesView prefix) {
  const auto found = by_prefix_.find(prefix);
  if (found != by_prefix_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  entries_.push_front({Bytes(prefix), nullptr, 0});
  by_prefix_.emplace(entries_.front().prefix, entries_.begin());
  bytes_ += bytes_of(entries_.front());
  return entries_.front();
}

void HotLists::forget_oldest(std::vector<Entry>& forgotten) {
  while (bytes_ > limits_.bytes_max && !entries_.empty()) {
    Entry& oldest = entries_.back();
    bytes_ -= bytes_of(oldest);
    by_prefix_.erase(oldest.prefix);
    forgotten.push_back(std::move(oldest));
    entries_.pop_back();
  }
}

}  // namespace holdfast::search
