// cli/hl7_kept.h: the messages that a running server has kept, read over HTTP: for commands that
// look at what has come.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/remote.h"
#include "server/config.h"

namespace holdfast::cli {

/// Which messages.
struct KeptQuestion {
  std::string neighbour;
  std::string since;             ///< from then on, as a search writes it: "2026-11-01"; empty: any
  std::uint64_t count = 10'000;  ///< the newest so many
};

/// A message that was kept.
struct KeptMessage {
  std::string binary;  ///< its id
  Bytes bytes;         ///< as they came
};

/// Asks that server for them, the newest first, and gives each to `take`. How many. Stops at the
/// first error: of the server, or of `take`.
[[nodiscard]] Result<std::uint64_t> each_kept(
    const ServerAddress& server, const KeptQuestion& question,
    const std::function<Result<void>(const KeptMessage&)>& take);

/// A configuration file with the overlays that it names. Code::usage names what is wrong.
[[nodiscard]] Result<server::Config> read_neighbours(const std::string& path);

}  // namespace holdfast::cli
