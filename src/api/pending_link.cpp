#include "api/pending_link.h"

#include <fmt/format.h>

#include "api/item_page.h"
#include "base/signed_text.h"

namespace holdfast::api {
namespace {

constexpr std::string_view page_purpose = "pending page";
constexpr std::uint8_t link_format = 1;

}  // namespace

std::string seal(const PendingLink& link, BytesView secret) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(link_format));
  append_text(bytes, link.of);
  append_varint(bytes, link.count);
  append_place(bytes, link.after);
  return sign_text(page_purpose, bytes, secret);
}

Result<PendingLink> open_pending_link(std::string_view text, BytesView secret) {
  const auto bytes = open_signed_text(page_purpose, text, secret);
  if (!bytes) {
    return fail(Code::value,
                "this page link is not one that this server gave; take the 'next' link of "
                "$pending as it is",
                "http._page");
  }
  ByteReader reader(*bytes);
  PendingLink link;
  const auto format = reader.little<std::uint8_t>();
  link.of = reader.text();
  link.count = reader.varint();
  link.after = read_place(reader);
  if (reader.failed() || !reader.at_end() || format != link_format) {
    // Signed by us, so it is from another version of the server.
    return fail(Code::expired,
                "this page link is from another version of the server; ask again from the first "
                "page",
                "http._page");
  }
  return link;
}

Result<PendingLink> read_pending_link(const Parts& parts, const Call& call) {
  const std::string of = fmt::format("{}/{}", fhir::name(call.match.type), call.match.id);
  if (const auto token = parameter(call, item_page)) {
    TRY_OK(check_parameters(call, {item_page}));
    TRY(PendingLink link, open_pending_link(*token, parts.node.link_secret()));
    if (link.of != of) {
      return fail(Code::value,
                  fmt::format("this page link is of {}/$pending, not of {}/$pending", link.of, of),
                  "http._page");
    }
    return link;
  }
  TRY_OK(check_parameters(call, {"_count"}));
  PendingLink asked;
  asked.of = of;
  TRY(asked.count, read_items_wanted(call));
  return asked;
}

}  // namespace holdfast::api
