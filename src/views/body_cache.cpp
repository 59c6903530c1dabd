#include "views/body_cache.h"

#include <utility>

namespace holdfast::views {
namespace {

constexpr std::uint64_t planted_places = 8;

}  // namespace

RowId BodyCache::place_of(RowId row) const {
  return planted_ == Bug::confuse_bodies ? RowId{row.value % planted_places} : row;
}

BytesView BodyCache::Shard::value(RowId row) {
  const auto found = group_of.find(row.value / group_rows);
  if (found == group_of.end()) {
    return {};
  }
  Group& group = *found->second;
  group.asked_for = true;
  return group.values[row.value % group_rows];
}

void BodyCache::keep(RowId row, const BodyHeader& header, BytesView body) {
  if (shard_bytes_max_ == 0 || body.size() > body_bytes_max) {
    return;
  }
  Bytes value = BodyCodec::encode_raw(header, body);
  value.shrink_to_fit();
  const std::uint64_t most = value.size() + group_bytes;
  if (most > shard_bytes_max_) {
    return;
  }
  const RowId kept = place_of(row);
  Shard& shard = shard_of(kept);
  const std::scoped_lock lock(shard.mutex);
  while (shard.bytes + most > shard_bytes_max_) {
    shard.give_up_one();
  }
  Group*& group = shard.group_of[kept.value / group_rows];
  if (group == nullptr) {
    group = &*shard.clock.emplace(shard.hand);
    group->number = kept.value / group_rows;
    shard.bytes += group_bytes;
  }
  Bytes& place = group->values[kept.value % group_rows];
  if (place.empty()) {
    group->bytes += value.size();
    shard.bytes += value.size();
    place = std::move(value);
  }
}

// Something is kept, or there would be room; the second time around nothing counts as asked for.
void BodyCache::Shard::give_up_one() {
  for (;; ++hand) {
    hand = hand == clock.end() ? clock.begin() : hand;
    if (!std::exchange(hand->asked_for, false)) {
      break;
    }
  }
  bytes -= hand->bytes;
  group_of.erase(hand->number);
  hand = clock.erase(hand);
}

std::uint64_t BodyCache::bytes() const {
  std::uint64_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    sum += shard.bytes;
  }
  return sum;
}

}  // namespace holdfast::views
