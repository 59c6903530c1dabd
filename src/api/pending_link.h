// api/pending_link.h: which page of $pending is asked for. A `next` link carries just that, signed:
// the server keeps nothing for it, so it survives a restart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/bytes.h"
#include "base/result.h"
#include "views/items.h"

namespace holdfast::api {

/// One list, and where a page of it begins.
struct PendingLink {
  std::string of;  ///< "Patient/7" or "Encounter/7"
  std::uint64_t count = 0;
  std::optional<views::Place> after;  ///< nothing: the first page

  bool operator==(const PendingLink&) const = default;
};

/// As the address says it. Code::value for a link that is of another list than the address.
[[nodiscard]] Result<PendingLink> read_pending_link(const Parts& parts, const Call& call);

[[nodiscard]] std::string seal(const PendingLink& link, BytesView secret);
/// Code::value for anything that seal() did not make under this secret; expired for what another
/// version of the server made.
[[nodiscard]] Result<PendingLink> open_pending_link(std::string_view text, BytesView secret);

}  // namespace holdfast::api
