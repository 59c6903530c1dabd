// apply/apply.h: folds an Outcome into rows. Decides nothing: what the Outcome says happened.
// Reads no clock, no random, no disk: replay must give the same rows.
#pragma once

#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/planted.h"
#include "base/result.h"
#include "decide/prepared.h"
#include "fhir/json.h"
#include "model/outcome.h"
#include "views/body.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::apply {

/// What the journal says of the entry being folded.
struct EntryFacts {
  Position position;
  Time time;
  Hash hash;  ///< the chain up to and with this entry
};

/// What applying needs beside the entry; borrowed, reused from entry to entry.
struct Tools {
  const views::BodyCodec& codec;
  fhir::JsonReader& reader;
  const fhir::SearchParams& params;  ///< all that is extracted now
  Bug planted = Bug::none;
};

/// The bodies that an entry stores, with their hashes. The most work of applying, and it needs no
/// view: replay does it ahead of the entry's turn, on another thread.
struct Composed {
  struct Body {
    Bytes bytes;
    Hash hash;
  };
  /// One per operation, then one per Outcome::made; empty where nothing is stored.
  std::vector<Body> bodies;
};
[[nodiscard]] Composed compose(const decide::Prepared& prepared, const Outcome& outcome, Time time);

/// Puts the entry's rows into `work` and its effect into `state` (and its row). The entry must be
/// the one after state.position (check); `composed` is of its time. Code::corrupt when the rows
/// below contradict the Outcome: then the node stops here, because a view is never repaired by
/// guessing.
Result<void> apply(views::WorkLayer& work, views::State& state, const decide::Prepared& prepared,
                   const Outcome& outcome, const Composed& composed, const EntryFacts& facts,
                   const Tools& tools);

/// The same for an entry that changes no resource: audit, dictionary.
Result<void> apply_nothing(views::WorkLayer& work, views::State& state, const EntryFacts& facts);

}  // namespace holdfast::apply
