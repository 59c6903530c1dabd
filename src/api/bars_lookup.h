// api/bars_lookup.h: what the record holds of the resources that a BaRS message brings: found by
// business identifiers, by the record's own id, or by the id that an earlier message was kept
// under.
#pragma once

#include <optional>
#include <vector>

#include "api/bars_plan.h"
#include "api/call.h"

namespace holdfast::api::bars {

/// One for each entry, as the moment shows it; sets message.focus_key. Code::multiple_matches,
/// invariant: identifiers lead to more than one. Places count operations, as plan()'s.
[[nodiscard]] Result<std::vector<std::optional<Known>>> look_up(const Parts& parts,
                                                                const node::Moment& moment,
                                                                Message& message);

/// Whether what the message refers to without bringing it is here, and not another patient's.
/// Code::unmatched, invariant.
[[nodiscard]] Result<void> check_outside(const Parts& parts, const node::Moment& moment,
                                         const Message& message,
                                         const std::vector<Outside>& outside,
                                         const std::vector<std::optional<Known>>& known);

}  // namespace holdfast::api::bars
