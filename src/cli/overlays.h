// cli/overlays.h: reads the overlays of neighbours: a folder of CSV files each.
#pragma once

#include "base/result.h"
#include "server/config.h"

namespace holdfast::cli {

/// `authorities.csv`, `coding-systems.csv`, `codes.csv`, `units.csv` and `defaults.csv` of each
/// folder that a neighbour names (hl7v2/mapping/overlay.h), as far as they are there. Code::usage
/// names the neighbour and the file: a folder that is not there, a file of another name, a line
/// that is wrong.
[[nodiscard]] Result<void> read_overlays(server::Config& config);

}  // namespace holdfast::cli
