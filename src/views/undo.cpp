#include "views/undo.h"

#include <algorithm>

#include "views/keys.h"

namespace holdfast::views {
namespace {

// The queue: undo_queue, position, row -> time, then the keys that to erase.
Bytes queue_key(Position position, RowId row) {
  Bytes key;
  append_big(key, index_number::undo_queue.value);
  append_big(key, position.value);
  append_row(key, row);
  return key;
}

Position position_in(BytesView key) {
  return {load_big<std::uint64_t>(key.data() + sizeof(std::uint16_t))};
}

}  // namespace

Bytes encode_undo(Position removed) {
  Bytes value;
  append_big(value, removed.value);
  return value;
}

Result<Position> decode_undo(BytesView value) {
  if (value.size() != sizeof(std::uint64_t)) {
    return fail(Code::corrupt, "undo: a row without position");
  }
  return Position{load_big<std::uint64_t>(value.data())};
}

void supersede(WorkLayer& layer, State& state, RowId row, const Postings& postings, Bug bug) {
  Bytes queued;
  append_little(queued, state.time.ms);
  postings.each_row(row, [&](BytesView key) {
    layer.erase(Table::posting, key);
    if (bug != Bug::lose_undo_row) {
      layer.put(Table::undo, key, encode_undo(state.position));
      append_text(queued, key);
    }
  });
  layer.put(Table::undo, queue_key(state.position, row), queued);
  state.undo_oldest = std::min(state.undo_oldest, state.time);
}

Result<void> prune_undo(WorkLayer& layer, State& state, Time now) {
  if (state.undo_oldest.ms > now.ms - undo_kept_ms) {
    return ok();  // of nearly every entry: it looks at no row
  }
  state.undo_oldest = State{}.undo_oldest;
  std::vector<Bytes> erased;
  {
    // What was pruned lies behind as tombstones: begin where the last pruning ended.
    const Bytes from = queue_key(Position{state.undo_pruned}, RowId{0});
    Bytes until;
    append_big(until, static_cast<std::uint16_t>(index_number::undo_queue.value + 1U));
    const auto cursor = layer.scan(Table::undo, from, until, Direction::forward);
    std::size_t versions = 0;
    for (; cursor->valid(); cursor->next(), ++versions) {
      ByteReader reader(cursor->value());
      const Time superseded{reader.little<std::int64_t>()};
      if (!reader.failed() &&
          (superseded.ms > now.ms - undo_kept_ms || versions == undo_versions_pruned_max)) {
        state.undo_oldest = superseded;
        break;
      }
      while (!reader.failed() && !reader.at_end()) {
        erased.emplace_back(reader.text());
      }
      if (reader.failed()) {
        return fail(Code::corrupt, "undo: a queue row that cannot be read");
      }
      state.undo_pruned = std::max(state.undo_pruned, position_in(cursor->key()).value);
      erased.emplace_back(cursor->key());
    }
    TRY_OK(cursor->status());
  }
  for (const Bytes& key : erased) {
    layer.erase(Table::undo, key);
  }
  return ok();
}

}  // namespace holdfast::views
