// hl7v2/mapping/actions.h: what a message asks for beside its resources: from its trigger, its
// order controls and its result statuses. Inside src/hl7v2/mapping only.
#pragma once

#include "base/result.h"
#include "hl7v2/mapping/finish.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/mapping/mapper.h"

namespace holdfast::hl7v2 {

/// Code::conflict where somebody is merged, moved or linked with themselves.
[[nodiscard]] Result<void> add_actions(Mapper& mapper, const Finish& finish,
                                       const tables::TriggerRow& trigger, Mapped& into);

}  // namespace holdfast::hl7v2
