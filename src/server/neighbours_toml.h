// server/neighbours_toml.h: reads the [[neighbour]] tables of the configuration file
// (neighbours.h).
#pragma once

#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"
#include "server/neighbours.h"

namespace holdfast::server {

/// The keys of one [[neighbour]], for --help and for messages.
[[nodiscard]] std::string_view neighbour_help();

/// All tables of the array. Code::usage names the neighbour, the key and what is wrong with it.
[[nodiscard]] Result<std::vector<NeighbourSetting>> read_neighbours(const toml::node& node,
                                                                    std::string_view file);

}  // namespace holdfast::server
