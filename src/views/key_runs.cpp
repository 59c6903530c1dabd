#include "views/key_runs.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace holdfast::views {
namespace {

/// What an entry, its place in the map and the counts of the pointer take.
constexpr std::size_t beside = 160;
/// So many times as many looks as there are runs pass before one that none of them used may go:
/// more that is read in turns than there is room for would else push itself out before it comes
/// again.
constexpr std::uint64_t looks_a_run = 8;
/// What is written into all the time is kept only after so many looks in vain.
constexpr unsigned wanted_max = 64;
/// What is kept next may take so much.
constexpr std::size_t usual_bytes = 4096;

using Keys = std::span<const BytesView>;

/// From the first of the rising keys that is not below `least`, which most often is near.
Keys from_key_on(Keys keys, BytesView least) {
  std::size_t step = 1;
  while (step < keys.size() && keys[step] < least) {
    keys = keys.subspan(step);
    step *= 2;
  }
  const Keys near = keys.first(std::min(step + 1, keys.size()));
  return keys.subspan(
      static_cast<std::size_t>(std::ranges::lower_bound(near, least) - near.begin()));
}

}  // namespace

// ---- one run ----------------------------------------------------------------------------------

KeyRun::KeyRun(BytesView from, BytesView until, Generation since, BytesView keys,
               const std::vector<std::uint32_t>& ends)
    : from_(from), until_(until), since_(since), size_(ends.size()) {
  if (size_ == 0) {
    return;
  }
  const auto key = [&](std::size_t i) {
    const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return keys.substr(begin, ends[i] - begin);
  };
  // They are sorted: what the first and the last begin with, all do.
  const BytesView first = key(0);
  beginning_ = first.substr(
      0,
      static_cast<std::size_t>(std::ranges::mismatch(first, key(size_ - 1)).in1 - first.begin()));
  rests_.reserve(keys.size() - size_ * beginning_.size());
  bool is_even = true;
  rest_bytes_ = first.size() - beginning_.size();
  for (std::size_t i = 0; i < size_; ++i) {
    rests_.append(key(i).substr(beginning_.size()));
    is_even = is_even && key(i).size() == first.size();
  }
  if (!is_even) {
    ends_.reserve(size_);
    for (std::size_t i = 0; i < size_; ++i) {
      ends_.push_back(ends[i] - static_cast<std::uint32_t>((i + 1) * beginning_.size()));
    }
  }
}

std::size_t KeyRun::first_at(BytesView key) const {
  const BytesView start = key.substr(0, beginning_.size());
  if (start != BytesView(beginning_)) {
    return start < BytesView(beginning_) ? 0 : size_;
  }
  key.remove_prefix(beginning_.size());
  std::size_t low = 0;
  std::size_t high = size_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (rest(middle) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::size_t KeyRun::bytes() const {
  return beside + sizeof(KeyRun) + from_.capacity() + until_.capacity() + beginning_.capacity() +
         rests_.capacity() + ends_.capacity() * sizeof(ends_[0]);
}

// ---- all of them ------------------------------------------------------------------------------

KeyRuns::Look KeyRuns::look(BytesView key, Generation seen) {
  const std::scoped_lock lock(mutex_);
  Look look;
  if (seen.value == 0) {
    return look;
  }
  ++looks_;
  const auto next = by_from_.upper_bound(key);
  if (next != by_from_.begin()) {
    const auto entry = std::prev(next)->second;
    if (entry->run->is_before_end(key)) {
      if (entry->run->since() <= seen || planted_ == Bug::runs_of_any_moment) {
        entry->used = looks_;
        ++entry->times;
        entries_.splice(entries_.begin(), entries_, entry);
        look.run = entry->run;
      }
      return look;
    }
  }
  if (is_writing_ || seen != generation_) {
    return look;  // what is read at an older moment is not kept
  }
  look.has_room = has_room(usual_bytes);
  look.was_asked = note_asked(key);
  if (look.has_room && next != by_from_.end()) {
    look.known_from = next->first;
  }
  return look;
}

void KeyRuns::keep(const KeyRunPtr& run) {
  std::vector<KeyRunPtr> forgotten;  // go after the lock
  const std::scoped_lock lock(mutex_);
  if (is_writing_ || run->since() != generation_ || !has_room(run->bytes())) {
    return;
  }
  const auto next = by_from_.upper_bound(run->from());
  const bool overlaps =
      (next != by_from_.end() && run->is_before_end(next->first)) ||
      (next != by_from_.begin() && std::prev(next)->second->run->is_before_end(run->from()));
  if (overlaps) {
    return;
  }
  entries_.push_front({run, looks_, 0});
  by_from_.emplace(run->from(), entries_.begin());
  bytes_ += run->bytes();
  while (bytes_ > bytes_max_) {
    forget(by_from_.find(entries_.back().run->from()), forgotten);
  }
}

bool KeyRuns::has_room(std::size_t bytes) const {
  if (bytes > bytes_max_ / 4) {
    return false;
  }
  return bytes_ + bytes <= bytes_max_ ||
         entries_.back().used + looks_a_run * entries_.size() < looks_;
}

// Marks that meet in one place push each other out: then something is read once more before it is
// kept.
KeyRuns::Asked& KeyRuns::asked_at(BytesView key) {
  const std::uint64_t hash = std::hash<BytesView>()(key);
  const std::uint32_t mark = static_cast<std::uint32_t>(hash >> 32U) | 1U;
  Asked& asked = asked_[hash % asked_.size()];
  if (asked.mark != mark) {
    asked = Asked{.mark = mark};
  }
  return asked;
}

bool KeyRuns::note_asked(BytesView key) {
  Asked& asked = asked_at(key);
  if (asked.times >= asked.wanted) {
    return true;
  }
  ++asked.times;
  return false;
}

void KeyRuns::note_taken_away(const Entry& entry) {
  Asked& asked = asked_at(entry.run->from());
  const bool was_worth_it = entry.times >= asked.wanted;
  asked.wanted = static_cast<std::uint8_t>(
      was_worth_it ? 1U : std::min(std::uint32_t{asked.wanted} * 2, std::uint32_t{wanted_max}));
  asked.times = 0;
}

void KeyRuns::forget(ByFrom::iterator place, std::vector<KeyRunPtr>& forgotten) {
  const auto entry = place->second;
  bytes_ -= entry->run->bytes();
  by_from_.erase(place);
  forgotten.push_back(std::move(entry->run));
  entries_.erase(entry);
}

// ---- beside writes ----------------------------------------------------------------------------

Generation KeyRuns::generation() const {
  const std::scoped_lock lock(mutex_);
  return is_writing_ ? Generation{} : generation_;
}

void KeyRuns::begin_write() {
  const std::scoped_lock lock(mutex_);
  is_writing_ = true;
}

void KeyRuns::end_write(std::span<const Write> writes) {
  std::vector<BytesView> written;
  if (size() > 0 && planted_ != Bug::runs_not_taken_away) {
    for (const Write& write : writes) {
      if (write.table == Table::posting) {
        written.push_back(write.key);
      }
    }
  }
  if (!std::ranges::is_sorted(written)) {
    std::ranges::sort(written);
  }
  const auto touched = touched_by(written);
  std::vector<KeyRunPtr> forgotten;  // go after the lock
  forgotten.reserve(touched.size());
  const std::scoped_lock lock(mutex_);
  for (const ByFrom::iterator place : touched) {
    note_taken_away(*place->second);
    forget(place, forgotten);
  }
  ++generation_.value;
  is_writing_ = false;
}

// While something is written nothing is kept and nothing makes room, so their order stays as it is
// and is looked through without the lock. From a key to the run that it may lie in, from there to
// the first key that is not before the next run: what lies between is not looked at.
std::vector<KeyRuns::ByFrom::iterator> KeyRuns::touched_by(std::span<const BytesView> written) {
  std::vector<ByFrom::iterator> touched;
  while (!written.empty()) {
    const BytesView key = written.front();
    const auto next = by_from_.upper_bound(key);
    if (next != by_from_.begin() && std::prev(next)->second->run->is_before_end(key)) {
      touched.push_back(std::prev(next));
    }
    if (next == by_from_.end()) {
      break;
    }
    written = from_key_on(written, next->first);
  }
  return touched;
}

void KeyRuns::end_write() {
  Entries forgotten;
  const std::scoped_lock lock(mutex_);
  forgotten.swap(entries_);
  by_from_.clear();
  bytes_ = 0;
  ++generation_.value;
  is_writing_ = false;
}

std::size_t KeyRuns::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

std::size_t KeyRuns::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace holdfast::views
