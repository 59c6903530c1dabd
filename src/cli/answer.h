// cli/answer.h: what a server said about a document, counted. A refusal that only asks for
// something to be sent first is told from all others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "cli/outbound.h"
#include "http/client.h"

namespace holdfast::cli {

struct Verdict {
  std::uint64_t created = 0;  ///< or updated
  std::uint64_t matched = 0;
  std::uint64_t refused_entries = 0;
  std::uint64_t position = 0;        ///< Holdfast-Position; 0: not said
  bool refused = false;              ///< the whole, or an entry
  bool unmatched_only = false;       ///< …and each time because a reference selects nothing yet
  std::vector<std::string> reasons;  ///< at most reasons_max, then a count
  static constexpr std::size_t reasons_max = 20;
};

[[nodiscard]] Verdict judge(const Outbound& sent, const http::Incoming& reply);

}  // namespace holdfast::cli
