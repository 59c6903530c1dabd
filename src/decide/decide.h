// decide/decide.h: what becomes of a Command, given what the record says now. Pure: reads the view
// and the Command, never a clock, random source, disk, environment or thread, so that deciding
// again gives the same Outcome.
#pragma once

#include "base/planted.h"
#include "base/result.h"
#include "decide/prepared.h"
#include "model/outcome.h"
#include "views/body.h"
#include "views/kv.h"

namespace holdfast::decide {

/// What pathways are decided by.
struct Rules {
  const pathway::Definitions* pathways = nullptr;  ///< in force; null: nothing is followed
  Time now;                                        ///< of the entry that is being decided
};

/// The Outcome, or why the Command is refused as a whole; then nothing happens and nothing is
/// journaled. `where` of a refusal names the operation: "entry[3]" of several, else nothing.
///   not_found             what is to be sent again is not there; never of an operation: updating
///                         what is not there creates it, removing it is `absent`
///   precondition          If-Match names a resource that is not there
///   conflict              If-Match names another version; a drawn id is taken; a patch was made
///                         from what is no longer current; the message it carries out has been
///                         taken up meanwhile, or another with its sender and id has come; what it
///                         settles is not owed, or not held, any more
///   mismatch              the content names another id than its condition selects
///   multiple_matches      a condition selects more than one resource
///   unmatched             a conditional or urn reference selects none
///   structure             two operations of the Command mean the same resource; a delivery of an
///                         operation that it does not have
///   unsupported           a condition that cannot be answered from the indexes there are
///   invariant             an item is changed in a way that its pathway does not know, or something
///                         is removed that an open item rests on
/// `codec` reads the bodies of the view; conditions mean what `params` says.
/// `prepared.signals` were found under `rules.pathways` (check).
[[nodiscard]] Result<Outcome> decide(const views::Reader& view, const views::BodyCodec& codec,
                                     const fhir::SearchParams& params, const Prepared& prepared,
                                     const Rules& rules = {}, Bug planted = Bug::none);

}  // namespace holdfast::decide
