// decide/prepared.h: a Command with everything about its bodies that can be found out without the
// view. Made outside the sequencer; holds nothing that the Command's bytes do not say.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/search_params.h"
#include "fhir/sites.h"
#include "fhir/type.h"
#include "model/command.h"
#include "model/outcome.h"
#include "views/extracted.h"

namespace holdfast::pathway {
class Definitions;
struct Signals;
}  // namespace holdfast::pathway

namespace holdfast::decide {

/// What the body of one Operation says about itself. Empty for a remove, but for its type.
struct PreparedOperation {
  fhir::TypeId type{};
  /// The epoch of definitions that it was prepared under; null for a remove.
  const fhir::SearchParams* params = nullptr;
  fhir::Sites sites;                 ///< relative to Operation::body
  views::PreparedPostings postings;  ///< what search will find it by
};

struct Prepared {
  Command command;
  std::vector<PreparedOperation> operations;  ///< one per command.operations, in order
  std::vector<PreparedOperation> made;        ///< one per Outcome::made, once it is decided
  /// What the bodies say to pathways, one per command.operations; null where nobody asked. Shared
  /// and incomplete here, so that who only carries a Command about need not know pathways.
  std::shared_ptr<const std::vector<pathway::Signals>> signals;
  const pathway::Definitions* signals_under = nullptr;  ///< by which definitions
};

/// Finds signals under `pathways` (null: none are wanted), unless they are there. Bodies of types
/// that no rule names are not read. From any thread.
void note_signals(Prepared& prepared, const pathway::Definitions* pathways,
                  fhir::JsonReader& reader);

/// Reads the bodies of `command` anew: for replay, and for whoever has only the Command.
/// Code::corrupt where a body is not JSON or its type is unknown: it was checked once.
[[nodiscard]] Result<Prepared> prepare(Command command, fhir::JsonReader& reader,
                                       const fhir::SearchParams& params);

/// The same for a body that has been read already: `resource` lies in a minified Json, and
/// operation.body is its raw() bytes.
[[nodiscard]] PreparedOperation prepare_operation(fhir::TypeId type, fhir::JsonValue resource,
                                                  const fhir::SearchParams& params);

/// Reads the bodies of what `outcome` makes into `prepared.made`. Code::corrupt where one is not
/// JSON or its type is unknown: decide made it.
[[nodiscard]] Result<void> prepare_made(Prepared& prepared, const Outcome& outcome,
                                        fhir::JsonReader& reader, const fhir::SearchParams& params);

/// Whether all of it was prepared under `params`; if not, prepare() does it again.
[[nodiscard]] bool is_prepared_under(const Prepared& prepared, const fhir::SearchParams& params);

}  // namespace holdfast::decide
