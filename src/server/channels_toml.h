// server/channels_toml.h: reads the [[channel]] tables of the configuration file:
//
//   [[channel]]
//   name = "gp-results"
//   neighbour = "gp"
//   to = "127.0.0.1:2576"
//   sender = "HOLDFAST|RXH"
//   receiver = "GPSYS|G12"
//
//   [[channel.route]]
//   type = "DiagnosticReport"
//   when = "status = 'final' or status = 'corrected' or status = 'amended'"
#pragma once

#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"
#include "exchange/channel.h"

namespace holdfast::server {

/// The keys of one [[channel]], for --help and for messages.
[[nodiscard]] std::string_view channel_help();

/// All tables of the array, each by itself; Channels::of() says whether they fit together.
/// Code::usage names the channel, the key and what is wrong with it.
[[nodiscard]] Result<std::vector<exchange::Channel>> read_channels(const toml::node& node,
                                                                   std::string_view file);

}  // namespace holdfast::server
