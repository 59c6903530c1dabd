// sim/definitions.h: search parameters that the simulated hospital thinks of.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "world/sim/sim_random.h"

namespace holdfast::sim {

/// Some of a few SearchParameter resources: paths that are indexed already, and new ones.
[[nodiscard]] std::vector<Bytes> draw_definitions(SimRandom& random);

}  // namespace holdfast::sim
