// server/neighbours.h: the neighbours of the configuration file:
//
//   [[neighbour]]
//   name = "lab"
//   senders = ["WINPATH|QE2", "LAB"]     # MSH-3, or MSH-3|MSH-4
//   zone = "Europe/London"
//   overlay = "overlays/lab"             # a folder of CSV files
#pragma once

#include <string>

#include "exchange/neighbour.h"

namespace holdfast::server {

/// A neighbour, and where its overlay lies: whoever reads files reads that.
struct NeighbourSetting {
  exchange::Neighbour neighbour;
  std::string overlay_folder;  ///< empty: none
  std::string drop_folder;     ///< that it puts files of messages into; empty: none
};

}  // namespace holdfast::server
