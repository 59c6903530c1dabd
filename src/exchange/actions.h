// exchange/actions.h: what a message asks for beyond resources with elements: links, merges, moves
// and changed identifiers are kept apart, and each can be taken back; results of the wrong patient
// and requests about orders become items.
#pragma once

#include "base/result.h"
#include "exchange/resolve.h"
#include "hl7v2/mapping/map.h"

namespace holdfast::exchange {

/// Before resolve(): a resource that goes by another number from now on is looked for under the old
/// one as well.
void look_for_old_numbers(hl7v2::Mapped& mapped);

/// After resolve(): adds to its operations and items.
///   merge      the retired patient gets `replaced-by` and active false, the survivor `replaces`;
///   where
///              the retired one is not known, its numbers become old ones of the survivor
///   link       `seealso` on both; taken back: every link between the two, and active again
///   move       the encounter or account is the receiver's; of single identifiers: an item
///   number     the old one is kept, with use `old`
/// Code::mismatch for a merge against the direction of an earlier one: somebody has to look.
[[nodiscard]] Result<void> act(const hl7v2::Mapped& mapped, const Ground& ground,
                               Resolved& resolved);

}  // namespace holdfast::exchange
