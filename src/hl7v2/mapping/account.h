// hl7v2/mapping/account.h: what became of each value of the message, once all rules have run.
// Inside src/hl7v2/mapping only.
#pragma once

#include "hl7v2/mapping/groups.h"
#include "hl7v2/mapping/reading.h"
#include "hl7v2/mapping/report.h"

namespace holdfast::hl7v2 {

/// Findings in the order of the message. MSH-1 and MSH-2 divide the message and are no values of
/// it.
[[nodiscard]] Report account_for(const Reading& reading, const Groups& groups,
                                 std::string_view structure);

}  // namespace holdfast::hl7v2
