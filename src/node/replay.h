// node/replay.h: folds the entries that a Kv does not have yet into it, in layers of bounded size.
// A start after a crash and `holdfast rebuild` come this way alike.
//
// Three stages, each in the order of the journal: reading (verify, unpack, parse, extract,
// compose), folding, writing (compress bodies, put rows). With helpers they run beside each other;
// without, one after the other on one thread, with the same rows. Memory is bounded, whatever the
// size of the journal: the chunk being folded and chunks_ahead_max more (each chunk_bytes_max of
// bodies, or one entry that is larger), the layer being made and the one being written
// (layer_bytes_max each, or the rows of one entry).
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/planted.h"
#include "base/result.h"
#include "fhir/json.h"
#include "journal/reader.h"
#include "node/fold.h"
#include "views/body.h"
#include "views/kv.h"
#include "world/executor.h"

namespace holdfast::node {

/// Executors that run beside the thread that folds. Null: that thread does it.
struct ReplayHelpers {
  Executor* reading = nullptr;
  Executor* writing = nullptr;
};

class Replay {
 public:
  static constexpr std::uint64_t layer_bytes_max = 32 << 20;
  static constexpr std::uint64_t chunk_bytes_max = 2 << 20;
  static constexpr std::size_t chunks_ahead_max = 3;

  struct Parts {
    views::Kv& kv;
    views::BodyCodec& codec;  ///< told of the dictionaries on the way
    Epochs& epochs;           ///< told of the definitions
    Bug planted = Bug::none;
    /// Told after each layer how far the fold is; may be empty.
    std::function<void(Position)> progress = {};
    /// Only for a Kv that counts as a whole or not at all, with dictionaries and definitions known
    /// before (learn_all): bodies are compressed while later entries are folded, so a dictionary
    /// may be used before its own row is written.
    ReplayHelpers helpers = {};
    std::uint64_t layer_bytes = layer_bytes_max;
    std::uint64_t chunk_bytes = chunk_bytes_max;
  };
  /// Goes on from `folded`, which is what the Kv holds.
  Replay(Parts parts, Folded folded) : parts_(std::move(parts)), folded_(std::move(folded)) {}

  /// Folds all that is durable, each layer with one write(); does not flush. The number of entries
  /// folded. Errors of reading the journal (Code::corrupt if its chain does not continue what the
  /// Kv was made from): then everything before that place is folded and written. Errors of folding
  /// and of the Kv. Not on one of the helpers.
  Result<std::uint64_t> run(journal::Reader& reader);

  /// After run(): whether it ended where the journal cannot be read, and not for another reason.
  [[nodiscard]] bool unreadable() const { return unreadable_; }
  /// How far the fold is.
  [[nodiscard]] Position position() const { return folded_.state.position; }
  /// The end of the fold, after run().
  [[nodiscard]] Folded take() { return std::move(folded_); }

 private:
  /// The planted bug: counts the facts of the last entry a second time.
  Result<void> repeat_last(journal::Reader& reader);

  Parts parts_;
  fhir::JsonReader json_reader_;
  Folded folded_;
  bool unreadable_ = false;
};

}  // namespace holdfast::node
