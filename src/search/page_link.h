// search/page_link.h: what a `next` link carries: query, moment and cursor, signed. The server
// keeps nothing for it, so a link survives a restart; nobody else can make one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "search/criteria.h"
#include "search/page.h"

namespace holdfast::search {

struct PageLink {
  Scope scope;
  std::string query;  ///< as the client wrote it
  Handling handling = Handling::strict;
  Snapshot snapshot;
  Position definitions;  ///< the epoch by which the first page was searched
  PageCursor after;
  std::uint64_t shown = 0;  ///< resources on the pages before
  std::optional<std::uint64_t> total;
};

/// What a link continues: what is sealed for one is no link of the other.
enum class LinkOf : std::uint8_t {
  search,
  everything,  ///< Scope names the subject; PageCursor: `criterion` 0 the compartment, 1 what it
               ///< refers to; `row` how many of those were shown; `key` the patient among several
};

/// Text for a URL (base/signed_text.h).
[[nodiscard]] std::string seal(const PageLink& link, BytesView secret, LinkOf of = LinkOf::search);
/// Code::value for anything that seal() did not make under this secret.
[[nodiscard]] Result<PageLink> open_link(std::string_view text, BytesView secret,
                                         LinkOf of = LinkOf::search);

}  // namespace holdfast::search
