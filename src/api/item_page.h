// api/item_page.h: what the pages of each list of items have in common: how many items one shows,
// and behind which place it begins.
#pragma once

#include <cstdint>
#include <optional>

#include "api/call.h"
#include "base/bytes.h"
#include "base/result.h"
#include "views/items.h"

namespace holdfast::api {

/// Parameter of a `next` link.
inline constexpr std::string_view item_page = "_page";
inline constexpr std::uint64_t items_unless_asked = 50;
inline constexpr std::uint64_t items_of_page_max = 500;

/// `_count`: how many items a page shows, from 0 to items_of_page_max; what asks for more gets that
/// many. Code::value for what is no such number.
[[nodiscard]] Result<std::uint64_t> read_items_wanted(const Call& call);

/// The place behind which a page begins, as a link carries it; nothing: the first page.
void append_place(Bytes& to, const std::optional<views::Place>& place);
/// As append_place() wrote it; what it did not write makes the reader fail.
[[nodiscard]] std::optional<views::Place> read_place(ByteReader& reader);

}  // namespace holdfast::api
