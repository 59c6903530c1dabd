#include "node/replay.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "views/facts.h"
#include "views/view.h"
#include "world/ahead.h"

namespace holdfast::node {
namespace {

/// Some entries, read and ready to be folded.
struct Chunk {
  std::vector<Ready> entries;
  bool last = false;           ///< nothing follows
  std::optional<Error> error;  ///< why the entry after these cannot be read
};

/// Reads the entries in order, some ahead of the fold.
class Entries {
 public:
  Entries(journal::Cursor cursor, const Replay::Parts& parts)
      : cursor_(std::move(cursor)),
        epochs_(parts.epochs),
        on_(parts.helpers.reading),
        chunk_bytes_(parts.chunk_bytes) {}
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;

  /// The next entry; null after the last. It lives until the next call. After an error, no more.
  Result<const Ready*> next() {
    while (at_ == chunk_.entries.size()) {
      if (chunk_.error) {
        return fail(*chunk_.error);
      }
      if (chunk_.last) {
        return nullptr;
      }
      const std::size_t ahead = on_ == nullptr ? 1 : Replay::chunks_ahead_max;
      while (coming_.size() < ahead) {
        coming_.emplace_back(on_, [this] { return read(); });
      }
      at_ = 0;
      chunk_ = Chunk();
      chunk_ = coming_.front().take();
      coming_.pop_front();
    }
    return &chunk_.entries[at_++];
  }

 private:
  Chunk read() {
    Chunk chunk;
    std::uint64_t bytes = 0;
    while (bytes < chunk_bytes_ && !chunk.last && !chunk.error) {
      if (const auto read = read_into(chunk); read) {
        bytes += *read;
      } else {
        chunk.error = read.error();
      }
    }
    return chunk;
  }
  Result<std::uint64_t> read_into(Chunk& chunk) {
    TRY(const auto record, cursor_.next());
    if (!record) {
      chunk.last = true;
      return 0;
    }
    TRY(Ready ready, prepare_record(*record, json_reader_, epochs_));
    const std::uint64_t bytes = ready.bytes;
    chunk.entries.push_back(std::move(ready));
    return bytes;
  }

  // The reading executor's, while anything is coming.
  journal::Cursor cursor_;
  fhir::JsonReader json_reader_;
  Epochs& epochs_;

  Executor* const on_;
  const std::uint64_t chunk_bytes_;
  Chunk chunk_;
  std::size_t at_ = 0;
  std::deque<Ahead<Chunk>> coming_;  // goes first: what is coming uses the cursor
};

/// Writes layers in order, each while the next one is made.
class Layers {
 public:
  explicit Layers(const Replay::Parts& parts) : parts_(parts) {}

  /// What the next layer lies on.
  [[nodiscard]] std::shared_ptr<const views::Reader> below() const { return below_; }

  /// Waits for the layer before.
  Result<void> write(std::shared_ptr<const views::Layer> layer) {
    TRY_OK(finish());
    if (parts_.helpers.writing == nullptr) {
      TRY_OK(views::write_layer(parts_.kv, *layer, parts_.codec));
      below_ = parts_.kv.snapshot();
      return ok();
    }
    below_ = views::View(parts_.kv.snapshot()).with(layer);
    writing_.emplace(parts_.helpers.writing, [this, layer = std::move(layer)]() mutable {
      auto written = views::write_layer(parts_.kv, *layer, parts_.codec);
      layer.reset();
      return written;
    });
    return ok();
  }
  Result<void> finish() {
    if (!writing_) {
      return ok();
    }
    auto written = writing_->take();
    writing_.reset();
    return written;
  }

 private:
  const Replay::Parts& parts_;
  std::shared_ptr<const views::Reader> below_ = parts_.kv.snapshot();
  std::optional<Ahead<Result<void>>> writing_;
};

}  // namespace

Result<std::uint64_t> Replay::run(journal::Reader& reader) {
  if (parts_.planted == Bug::apply_twice) {
    TRY_OK(repeat_last(reader));
  }
  Entries entries(
      reader.from(folded_.state.position.next(), folded_.state.position.value == 0
                                                     ? std::nullopt
                                                     : std::optional(folded_.state.chain)),
      parts_);
  Layers layers(parts_);
  const Known known{parts_.codec, parts_.epochs};
  std::uint64_t replayed = 0;
  Result<void> readable = ok();
  for (bool more = true; more;) {
    views::WorkLayer work(layers.below());
    const Position first = folded_.state.position.next();
    while (work.bytes() < parts_.layer_bytes) {
      const auto entry = entries.next();
      if (!entry || *entry == nullptr) {
        readable = entry ? ok() : fail(entry.error());
        more = false;
        break;
      }
      TRY_OK(fold_ready(work, folded_, **entry, known, json_reader_, parts_.planted));
      ++replayed;
    }
    if (!work.empty()) {
      TRY_OK(layers.write(std::move(work).freeze(first, folded_.state.position)));
    }
    if (parts_.progress) {
      parts_.progress(folded_.state.position);
    }
  }
  TRY_OK(layers.finish());
  unreadable_ = !readable;
  TRY_OK(readable);
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
