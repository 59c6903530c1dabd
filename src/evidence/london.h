// evidence/london.h: a time as the clocks in London showed it, for people.
#pragma once

#include <string>

#include "base/ids.h"

namespace holdfast::evidence {

/// "Sunday 29 March 2026, 02:00:00.250 +01:00": GMT, and from the last Sunday of March to the last
/// of October, changing at 01:00 UTC, one hour ahead (The Summer Time Order 2002). A Time outside
/// of the years 0001 to 9999 is shown as the nearest inside.
[[nodiscard]] std::string london(Time time);

}  // namespace holdfast::evidence
