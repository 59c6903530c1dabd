#include "api/history_link.h"

#include "base/signed_text.h"

namespace holdfast::api {
namespace {

constexpr std::string_view page_purpose = "history page";
constexpr std::uint8_t link_format = 1;
constexpr std::uint8_t no_type = 0xff;

}  // namespace

std::string seal(const HistoryLink& link, BytesView secret) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(link_format));
  bytes.push_back(static_cast<char>(link.scope.type ? link.scope.type->value : no_type));
  append_text(bytes, link.scope.id);
  append_text(bytes, link.query);
  append_varint(bytes, link.newest.value);
  append_varint(bytes, link.after ? link.after->value : 0);
  append_varint(bytes, link.shown);
  append_varint(bytes, link.total ? *link.total + 1 : 0);
  return sign_text(page_purpose, bytes, secret);
}

Result<HistoryLink> open_history_link(std::string_view text, BytesView secret) {
  const auto bytes = open_signed_text(page_purpose, text, secret);
  if (!bytes) {
    return fail(Code::value,
                "this page link is not one that this server gave; take the 'next' link of a "
                "history as it is",
                "http._page");
  }
  ByteReader reader(*bytes);
  HistoryLink link;
  const auto format = reader.little<std::uint8_t>();
  const auto type = reader.little<std::uint8_t>();
  link.scope.id = reader.text();
  link.query = reader.text();
  link.newest = RowId{reader.varint()};
  const RowId after{reader.varint()};
  link.shown = reader.varint();
  const std::uint64_t total = reader.varint();
  if (reader.failed() || !reader.at_end() || format != link_format ||
      (type != no_type && type >= fhir::type_count)) {
    // Signed by us, so it is from another version of the server.
    return fail(Code::expired,
                "this page link is from another version of the server; ask again from the first "
                "page",
                "http._page");
  }
  link.scope.type = type == no_type ? std::nullopt : std::optional(fhir::TypeId{type});
  link.after = after.value == 0 ? std::nullopt : std::optional(after);
  link.total = total == 0 ? std::nullopt : std::optional(total - 1);
  return link;
}

}  // namespace holdfast::api
