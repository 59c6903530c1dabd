// node/fold.h: one entry after the other into rows, live and at replay alike: what apply makes of
// it, the idempotency key, the Merkle tree, the state row.
#pragma once

#include <memory>
#include <utility>

#include "apply/apply.h"
#include "base/planted.h"
#include "base/result.h"
#include "decide/prepared.h"
#include "fhir/json.h"
#include "journal/merkle.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "model/command.h"
#include "model/outcome.h"
#include "node/epochs.h"
#include "pathway/definition.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::node {

/// What is known of the end of the fold. Copied before a batch, so that a batch that did not
/// become durable leaves no trace.
struct Folded {
  views::State state;
  journal::Frontier tree;
};

/// The end of the fold that `reader` holds: its state row, and the tree's right edge from its
/// stored nodes. Code::corrupt when nodes are missing.
[[nodiscard]] Result<Folded> read_folded(const views::Reader& reader);

/// Meta row of the dictionary that the entry at `position` carries.
[[nodiscard]] Bytes dictionary_key(Position position);
/// Meta row of the definitions of pathways that the entry at `position` carries.
[[nodiscard]] Bytes pathways_key(Position position);
/// Those in force, as the view has them; null where there are none.
[[nodiscard]] Result<std::shared_ptr<const pathway::Definitions>> load_pathways(
    const views::Reader& reader, const views::State& state);
/// Makes the codec know every dictionary in the view.
Result<void> load_dictionaries(const views::Reader& reader, views::BodyCodec& codec);
/// What entries teach those who fold them. Borrows.
struct Known {
  views::BodyCodec& codec;
  Epochs& epochs;
};
/// Every dictionary and all definitions in the journal: for whoever folds it anew and wants the
/// newest from the first row on. Reads all headers.
Result<void> learn_all(journal::Reader& reader, Known known);

/// A Command and its Outcome, as decided.
Result<void> fold_command(views::WorkLayer& work, Folded& folded, const decide::Prepared& prepared,
                          const Outcome& outcome, const apply::Composed& composed,
                          const apply::EntryFacts& facts, const apply::Tools& tools);
/// An entry of another kind. A dictionary's row is put; whoever knows that the entry is durable
/// tells the codec (learn()). `epoch` is that of definitions, else null.
Result<void> fold_other(views::WorkLayer& work, Folded& folded, EntryKind kind, BytesView payload,
                        const apply::EntryFacts& facts, const Epoch* epoch = nullptr);
/// Makes `codec` know the dictionary that the entry at `position` carries.
Result<void> learn(views::BodyCodec& codec, Position position, BytesView dictionary);
/// An entry of the journal with everything that can be found out without the view.
struct Ready {
  apply::EntryFacts facts;
  EntryKind kind = EntryKind::command;
  decide::Prepared prepared;  ///< of a command
  Outcome outcome;            ///< of a command
  apply::Composed composed;   ///< of a command
  Bytes payload;              ///< of any other
  std::uint64_t bytes = 0;    ///< of bodies and payload, unpacked
};
/// From one thread after the other, in the order of the journal: `epochs` is told of definitions,
/// and what follows is prepared under them. Code::corrupt if the record is not what this version
/// writes; unsupported if it was redacted.
[[nodiscard]] Result<Ready> prepare_record(const journal::Record& record, fhir::JsonReader& reader,
                                           Epochs& epochs);
/// Folds it. `known` has learnt the definitions up to there (and perhaps later ones: then what they
/// index is looked for too), and is told of dictionaries.
Result<void> fold_ready(views::WorkLayer& work, Folded& folded, const Ready& entry, Known known,
                        fhir::JsonReader& reader, Bug planted);

/// Command and Outcome of a record of kind command. Code::corrupt if it is not what we write.
[[nodiscard]] Result<std::pair<Command, Outcome>> decode_entry(const journal::Record& record);

}  // namespace holdfast::node
