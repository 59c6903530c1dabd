#include "world/sim/sim_file.h"

#include <algorithm>
#include <cstring>

namespace holdfast {

void SimImage::read(std::uint64_t offset, std::span<char> into) const {
  while (!into.empty()) {
    const std::uint64_t page = offset / page_bytes;
    const std::uint64_t within = offset % page_bytes;
    const std::size_t count = std::min<std::size_t>(into.size(), page_bytes - within);
    if (page < pages_.size() && pages_[page] != nullptr) {
      std::memcpy(into.data(), pages_[page]->data() + within, count);
    } else {
      std::memset(into.data(), 0, count);
    }
    into = into.subspan(count);
    offset += count;
  }
}

void SimImage::write(std::uint64_t offset, BytesView bytes) {
  while (!bytes.empty()) {
    const std::uint64_t page = offset / page_bytes;
    const std::uint64_t within = offset % page_bytes;
    const std::size_t count = std::min<std::size_t>(bytes.size(), page_bytes - within);
    if (page >= pages_.size()) {
      pages_.resize(page + 1);
    }
    if (pages_[page] == nullptr) {
      pages_[page] = std::make_unique<Page>();
      ++pages_held_;
    }
    std::memcpy(pages_[page]->data() + within, bytes.data(), count);
    bytes.remove_prefix(count);
    offset += count;
  }
}

void SimImage::clear_from(std::uint64_t offset) {
  const std::uint64_t whole_from = (offset + page_bytes - 1) / page_bytes;
  for (std::uint64_t page = whole_from; page < pages_.size(); ++page) {
    pages_held_ -= pages_[page] != nullptr ? 1U : 0U;
  }
  if (whole_from < pages_.size()) {
    pages_.resize(whole_from);
  }
  const std::uint64_t page = offset / page_bytes;
  if (offset % page_bytes != 0 && page < pages_.size() && pages_[page] != nullptr) {
    std::fill(pages_[page]->begin() + static_cast<std::ptrdiff_t>(offset % page_bytes),
              pages_[page]->end(), '\0');
  }
}

std::uint64_t SimImage::pages_missing(std::uint64_t offset, std::uint64_t count) const {
  if (count == 0) {
    return 0;
  }
  std::uint64_t missing = 0;
  for (std::uint64_t page = offset / page_bytes; page <= (offset + count - 1) / page_bytes;
       ++page) {
    missing += page >= pages_.size() || pages_[page] == nullptr ? 1U : 0U;
  }
  return missing;
}

SimImage& SimImage::operator=(const SimImage& other) {
  if (this != &other) {
    pages_.clear();
    pages_.resize(other.pages_.size());
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      if (other.pages_[i] != nullptr) {
        pages_[i] = std::make_unique<Page>(*other.pages_[i]);
      }
    }
    pages_held_ = other.pages_held_;
  }
  return *this;
}

Fate draw_fate(Random& random) { return static_cast<Fate>(random.below(5)); }

std::size_t SimFileData::read(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) {
    return 0;
  }
  const std::size_t count = std::min<std::uint64_t>(into.size(), size_ - offset);
  cached_.read(offset, into.first(count));
  return count;
}

void SimFileData::write(std::uint64_t offset, BytesView bytes) {
  if (bytes.empty()) {
    return;
  }
  cached_.write(offset, bytes);
  size_ = std::max(size_, offset + bytes.size());
  const std::uint64_t from = offset / sector_bytes * sector_bytes;
  const std::uint64_t until =
      (offset + bytes.size() + sector_bytes - 1) / sector_bytes * sector_bytes;
  Bytes sectors(until - from, '\0');
  cached_.read(from, sectors);
  unsynced_.push_back({++last_change_, from, std::move(sectors), size_});
}

void SimFileData::truncate(std::uint64_t size) {
  if (size == size_) {
    return;
  }
  cached_.clear_from(size);
  size_ = size;
  unsynced_.push_back({++last_change_, size, {}, size});
}

std::uint64_t SimFileData::unsynced_bytes() const {
  std::uint64_t bytes = 0;
  for (const Change& change : unsynced_) {
    bytes += change.sectors.size();
  }
  return bytes;
}

void SimFileData::keep(const Change& change) {
  if (change.sectors.empty()) {
    durable_.clear_from(change.offset);
  } else {
    durable_.write(change.offset, change.sectors);
  }
}

void SimFileData::keep_some_sectors(const Change& change, Random& random) {
  for (std::size_t at = 0; at < change.sectors.size(); at += sector_bytes) {
    if (random.chance(1, 2)) {
      durable_.write(change.offset + at, BytesView(change.sectors).substr(at, sector_bytes));
    }
  }
}

void SimFileData::make_durable(std::uint64_t last) {
  while (!unsynced_.empty() && unsynced_.front().number <= last) {
    keep(unsynced_.front());
    durable_size_ = unsynced_.front().size_after;
    unsynced_.pop_front();
  }
}

// The size is one that the file had between its last sync and now. Truncations take effect with
// their size; contents each have their own fate, and show only as far as the size reaches.
void SimFileData::settle(std::uint64_t last, Fate fate, Random& random) {
  std::size_t count = 0;
  while (count < unsynced_.size() && unsynced_[count].number <= last) {
    ++count;
  }
  std::size_t sizes = random.below(count + 1);  // how many of the changes of size took effect
  std::size_t turning = random.below(count + 1);
  if (fate == Fate::all_lost) {
    sizes = 0;
    turning = 0;
  } else if (fate == Fate::all_kept) {
    sizes = count;
    turning = count;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = unsynced_.front();
    const bool ordered = fate == Fate::prefix || fate == Fate::all_lost || fate == Fate::all_kept;
    if (change.sectors.empty()) {
      if (i < sizes) {
        keep(change);
      }
    } else if (ordered) {
      if (i < turning) {
        keep(change);
      } else if (i == turning && fate == Fate::prefix) {
        keep_some_sectors(change, random);
      }
    } else {
      const std::uint64_t drawn = fate == Fate::each_sector ? 2 : random.below(3);
      if (drawn == 1) {
        keep(change);
      } else if (drawn == 2) {
        keep_some_sectors(change, random);
      }
    }
    if (i < sizes) {
      durable_size_ = change.size_after;
    }
    unsynced_.pop_front();
  }
  durable_.clear_from(durable_size_);
}

void SimFileData::lose(std::uint64_t last, Random& random) {
  settle(last, draw_fate(random), random);
}

void SimFileData::cut_power(Random& random) {
  settle(last_change_, draw_fate(random), random);
  cached_ = durable_;
  size_ = durable_size_;
}

void SimFileData::forget_clean_pages() {
  SimImage fetched = durable_;
  std::uint64_t size = durable_size_;
  for (const Change& change : unsynced_) {
    if (change.sectors.empty()) {
      fetched.clear_from(change.offset);
    } else {
      fetched.write(change.offset, change.sectors);
    }
    size = change.size_after;
  }
  cached_ = fetched;
  size_ = size;
}

bool SimFileData::flip_bit(std::uint64_t offset, unsigned bit) {
  if (offset >= durable_size_) {
    return false;
  }
  const auto flip = [&](SimImage& image) {
    char byte = 0;
    image.read(offset, {&byte, 1});
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
    image.write(offset, {&byte, 1});
  };
  flip(durable_);
  const bool dirty = std::ranges::any_of(unsynced_, [&](const Change& change) {
    return change.sectors.empty()
               ? offset >= change.offset
               : offset >= change.offset && offset < change.offset + change.sectors.size();
  });
  if (!dirty && offset < size_) {
    flip(cached_);
  }
  return true;
}

Bytes SimFileData::durable_bytes() const {
  Bytes bytes(durable_size_, '\0');
  durable_.read(0, bytes);
  return bytes;
}

}  // namespace holdfast
