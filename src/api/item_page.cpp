#include "api/item_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::api {

Result<std::uint64_t> read_items_wanted(const Call& call) {
  const auto text = parameter(call, "_count");
  if (!text) {
    return items_unless_asked;
  }
  const auto count = parse_count(*text);
  if (!count) {
    return fail(Code::value, fmt::format("_count is a number from 0, not '{}'", *text),
                "http._count");
  }
  return std::min(*count, items_of_page_max);
}

void append_place(Bytes& to, const std::optional<views::Place>& place) {
  to.push_back(place ? '\1' : '\0');
  if (place) {
    to.push_back(static_cast<char>(place->rank));
    append_little(to, place->due_ms);
    append_little(to, place->opened.ms);
    append_text(to, place->id);
  }
}

std::optional<views::Place> read_place(ByteReader& reader) {
  if (reader.little<std::uint8_t>() != 1) {
    return std::nullopt;
  }
  views::Place place;
  place.rank = reader.little<std::uint8_t>();
  place.due_ms = reader.little<std::int64_t>();
  place.opened = Time{reader.little<std::int64_t>()};
  place.id = reader.text();
  return place;
}

}  // namespace holdfast::api
