// server/neighbours.h: the neighbours of the configuration file:
//
//   [[neighbour]]
//   name = "lab"
//   senders = ["WINPATH|QE2", "LAB"]     # MSH-3, or MSH-3|MSH-4
//   zone = "Europe/London"
//   overlay = "overlays/lab"             # a folder of CSV files
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"
#include "exchange/neighbour.h"

namespace holdfast::server {

/// A neighbour, and where its overlay lies: whoever reads files reads that.
struct NeighbourSetting {
  exchange::Neighbour neighbour;
  std::string overlay_folder;  ///< empty: none
};

/// The keys of one [[neighbour]], for --help and for messages.
[[nodiscard]] std::string_view neighbour_help();

/// All tables of the array. Code::usage names the neighbour, the key and what is wrong with it.
[[nodiscard]] Result<std::vector<NeighbourSetting>> read_neighbours(const toml::node& node,
                                                                    std::string_view file);

}  // namespace holdfast::server
