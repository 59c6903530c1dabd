#include "node/replay.h"

#include "views/facts.h"
#include "views/view.h"

namespace holdfast::node {
namespace {

constexpr std::uint64_t layer_bytes_max = 16 << 20;

}  // namespace

Result<std::uint64_t> Replay::run(journal::Reader& reader) {
  if (parts_.planted == Bug::apply_twice) {
    TRY_OK(repeat_last(reader));
  }
  auto cursor = reader.from(
      folded_.state.position.next(),
      folded_.state.position.value == 0 ? std::nullopt : std::optional(folded_.state.chain));
  std::uint64_t replayed = 0;
  for (bool more = true; more;) {
    views::WorkLayer work(parts_.kv.snapshot());
    const Position first = folded_.state.position.next();
    while (work.bytes() < layer_bytes_max) {
      TRY(const auto record, cursor.next());
      if (!record) {
        more = false;
        break;
      }
      TRY_OK(fold_record(work, folded_, *record, {parts_.codec, json_reader_, parts_.planted},
                         parts_.codec));
      ++replayed;
    }
    if (!work.empty()) {
      const auto layer = std::move(work).freeze(first, folded_.state.position);
      TRY_OK(views::write_layer(parts_.kv, *layer, parts_.codec));
    }
    if (parts_.progress) {
      parts_.progress(folded_.state.position);
    }
  }
  return replayed;
}

Result<void> Replay::repeat_last(journal::Reader& reader) {
  if (folded_.state.position.value == 0) {
    return ok();
  }
  TRY(const auto record, reader.read(folded_.state.position));
  if (static_cast<EntryKind>(record.header.kind) != EntryKind::command) {
    return ok();
  }
  TRY(const auto entry, decode_entry(record));
  for (std::size_t i = 0; i < entry.second.results.size(); ++i) {
    const OperationResult& result = entry.second.results[i];
    folded_.state.digest.add(
        views::version_fact(entry.first.operations[i].type, result.id, result.version, Hash{}));
  }
  return ok();
}

}  // namespace holdfast::node
