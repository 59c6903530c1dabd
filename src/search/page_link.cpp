#include "search/page_link.h"

#include "base/signed_text.h"

namespace holdfast::search {
namespace {

constexpr std::string_view purpose_of(LinkOf of) {
  return of == LinkOf::search ? "search page" : "everything page";
}
constexpr std::uint8_t link_format = 3;
constexpr std::uint8_t no_type = 0xff;
static_assert(fhir::type_count <= no_type);

void append_cursor(Bytes& to, const PageCursor& cursor) {
  to.push_back(static_cast<char>(cursor.order));
  append_varint(to, cursor.criterion);
  append_text(to, cursor.key);
  append_varint(to, cursor.row.value);
}

// Nothing of an order that is not known.
std::optional<PageCursor> read_cursor(ByteReader& reader) {
  PageCursor cursor;
  const auto order = reader.little<std::uint8_t>();
  cursor.order = static_cast<PageCursor::Order>(order);
  cursor.criterion = static_cast<std::uint32_t>(reader.varint());
  cursor.key = reader.text();
  cursor.row = RowId{reader.varint()};
  return order <= static_cast<std::uint8_t>(PageCursor::Order::sorted) ? std::optional(cursor)
                                                                       : std::nullopt;
}

}  // namespace

std::string seal(const PageLink& link, BytesView secret, LinkOf of) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(link_format));
  bytes.push_back(static_cast<char>(link.scope.type ? link.scope.type->value : no_type));
  append_text(bytes, link.scope.patient);
  append_text(bytes, link.query);
  bytes.push_back(static_cast<char>(link.handling));
  append_varint(bytes, link.snapshot.position.value);
  append_varint(bytes, link.snapshot.row.value);
  append_little(bytes, link.snapshot.time.ms);
  append_varint(bytes, link.definitions.value);
  append_cursor(bytes, link.after);
  append_varint(bytes, link.shown);
  append_varint(bytes, link.total ? *link.total + 1 : 0);
  return sign_text(purpose_of(of), bytes, secret);
}

Result<PageLink> open_link(std::string_view text, BytesView secret, LinkOf of) {
  const auto bytes = open_signed_text(purpose_of(of), text, secret);
  if (!bytes) {
    return fail(Code::value,
                "this page link is not one that this server gave; take the 'next' "
                "link of a search as it is");
  }
  ByteReader reader(*bytes);
  PageLink link;
  const auto format = reader.little<std::uint8_t>();
  const auto type = reader.little<std::uint8_t>();
  link.scope.patient = reader.text();
  link.query = reader.text();
  const auto handling = reader.little<std::uint8_t>();
  link.snapshot.position = Position{reader.varint()};
  link.snapshot.row = RowId{reader.varint()};
  link.snapshot.time = Time{reader.little<std::int64_t>()};
  link.definitions = Position{reader.varint()};
  const auto after = read_cursor(reader);
  link.shown = reader.varint();
  const std::uint64_t total = reader.varint();
  if (reader.failed() || !reader.at_end() || format != link_format || handling > 1 || !after ||
      (type != no_type && type >= fhir::type_count)) {
    // Signed by us, so it is from another version of the server.
    return fail(Code::expired,
                "this page link is from another version of the server; search "
                "again from the first page");
  }
  if (type != no_type) {
    link.scope.type = fhir::TypeId{type};
  }
  link.after = *after;
  link.handling = static_cast<Handling>(handling);
  if (total > 0) {
    link.total = total - 1;
  }
  return link;
}

}  // namespace holdfast::search
