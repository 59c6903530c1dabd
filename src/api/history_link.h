// api/history_link.h: what a `next` link of a history carries: query, moment and cursor, signed.
// The server keeps nothing for it, so a link survives a restart; nobody else can make one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/timeline.h"

namespace holdfast::api {

struct HistoryLink {
  views::TimelineScope scope;
  std::string query;  ///< as it was understood
  RowId newest;       ///< the last row there was at the first page
  std::optional<RowId> after;
  std::uint64_t shown = 0;  ///< on the pages before
  std::optional<std::uint64_t> total;
};

[[nodiscard]] std::string seal(const HistoryLink& link, BytesView secret);
/// Code::value for anything that seal() did not make under this secret; expired for what another
/// version of the server made.
[[nodiscard]] Result<HistoryLink> open_history_link(std::string_view text, BytesView secret);

}  // namespace holdfast::api
