#include "search/row_ids.h"

#include <cstring>

namespace holdfast::search {

std::optional<Bytes> RowIds::find(RowId row) {
  const std::size_t place = place_of(row);
  const std::scoped_lock lock(locks_[place % lock_count]);
  const Slot& slot = slots_[place];
  return slot.row == row.value && slot.size > 0
             ? std::optional(Bytes(slot.target.data(), slot.size))
             : std::nullopt;
}

void RowIds::keep(RowId row, BytesView target) {
  if (target.size() > sizeof(Slot::target)) {
    return;
  }
  const std::size_t place = place_of(row);
  const std::scoped_lock lock(locks_[place % lock_count]);
  Slot& slot = slots_[place];
  slot.row = row.value;
  slot.size = static_cast<std::uint8_t>(target.size());
  std::memcpy(slot.target.data(), target.data(), target.size());
}

}  // namespace holdfast::search
