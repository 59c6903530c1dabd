// node/replay.h: folds the entries that a Kv does not have yet into it, in layers of bounded size.
// A start after a crash and `holdfast rebuild` come this way alike.
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

namespace holdfast::node {

class Replay {
 public:
  struct Parts {
    views::Kv& kv;
    views::BodyCodec& codec;  ///< told of the dictionaries on the way
    Bug planted = Bug::none;
    /// Told after each layer how far the fold is; may be empty.
    std::function<void(Position)> progress;
  };
  /// Goes on from `folded`, which is what the Kv holds.
  Replay(Parts parts, Folded folded) : parts_(std::move(parts)), folded_(std::move(folded)) {}

  /// Folds all that is durable, each layer with one write(); does not flush. The number of entries
  /// folded. Errors of reading the journal (Code::corrupt if its chain does not continue what the
  /// Kv was made from), of folding, and of the Kv.
  Result<std::uint64_t> run(journal::Reader& reader);

  /// The end of the fold, after run().
  [[nodiscard]] Folded take() { return std::move(folded_); }

 private:
  /// The planted bug: counts the facts of the last entry a second time.
  Result<void> repeat_last(journal::Reader& reader);

  Parts parts_;
  fhir::JsonReader json_reader_;
  Folded folded_;
};

}  // namespace holdfast::node
