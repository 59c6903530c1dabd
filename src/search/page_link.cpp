#include "search/page_link.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"

namespace holdfast::search {
namespace {

constexpr std::uint8_t link_format = 1;
constexpr std::size_t block_bytes = 64;  // of SHA-256
constexpr std::size_t tag_bytes = 16;
constexpr std::uint8_t no_type = 0xff;
static_assert(fhir::type_count <= no_type);

// RFC 2104: H(K xor opad, H(K xor ipad, text)).
Hash hmac_sha256(BytesView secret, BytesView text) {
  std::array<char, block_bytes> key{};
  if (secret.size() > block_bytes) {
    const Hash hashed = sha256(secret);
    std::copy(hashed.view().begin(), hashed.view().end(), key.begin());
  } else {
    std::copy(secret.begin(), secret.end(), key.begin());
  }
  const auto padded = [&](unsigned char pad) {
    Bytes block(key.data(), key.size());
    for (char& byte : block) {
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ pad);
    }
    return block;
  };
  const Hash inner = sha256({padded(0x36), text});
  return sha256({padded(0x5c), inner.view()});
}

BytesView tag_of(const Hash& hash) { return hash.view().substr(0, tag_bytes); }

// Takes the same time wherever the first difference is.
bool equal_in_constant_time(BytesView a, BytesView b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

}  // namespace

std::string seal(const PageLink& link, BytesView secret) {
  check(secret.size() >= link_secret_bytes_min, "the secret for links is long enough");
  Bytes bytes;
  bytes.push_back(static_cast<char>(link_format));
  bytes.push_back(static_cast<char>(link.scope.type ? link.scope.type->value : no_type));
  append_text(bytes, link.scope.patient);
  append_text(bytes, link.query);
  bytes.push_back(static_cast<char>(link.handling));
  append_varint(bytes, link.snapshot.position.value);
  append_varint(bytes, link.snapshot.row.value);
  append_little(bytes, link.snapshot.time.ms);
  append_varint(bytes, link.after.value);
  append_varint(bytes, link.shown);
  append_varint(bytes, link.total ? *link.total + 1 : 0);
  bytes.append(tag_of(hmac_sha256(secret, bytes)));
  return to_base64url(bytes);
}

Result<PageLink> open_link(std::string_view text, BytesView secret) {
  check(secret.size() >= link_secret_bytes_min, "the secret for links is long enough");
  const auto not_ours = [] {
    return fail(Code::value,
                "this page link is not one that this server gave; take the 'next' "
                "link of a search as it is");
  };
  const std::optional<Bytes> bytes = from_base64url(text);
  if (!bytes || bytes->size() < tag_bytes) {
    return not_ours();
  }
  const BytesView content = BytesView(*bytes).substr(0, bytes->size() - tag_bytes);
  const BytesView tag = BytesView(*bytes).substr(content.size());
  if (!equal_in_constant_time(tag, tag_of(hmac_sha256(secret, content)))) {
    return not_ours();
  }
  ByteReader reader(content);
  PageLink link;
  const auto format = reader.little<std::uint8_t>();
  const auto type = reader.little<std::uint8_t>();
  link.scope.patient = reader.text();
  link.query = reader.text();
  const auto handling = reader.little<std::uint8_t>();
  link.snapshot.position = Position{reader.varint()};
  link.snapshot.row = RowId{reader.varint()};
  link.snapshot.time = Time{reader.little<std::int64_t>()};
  link.after = RowId{reader.varint()};
  link.shown = reader.varint();
  const std::uint64_t total = reader.varint();
  if (reader.failed() || !reader.at_end() || format != link_format || handling > 1 ||
      (type != no_type && type >= fhir::type_count)) {
    // Signed by us, so it is from another version of the server.
    return fail(Code::expired,
                "this page link is from an earlier version of the server; search "
                "again from the first page");
  }
  if (type != no_type) {
    link.scope.type = fhir::TypeId{type};
  }
  link.handling = static_cast<Handling>(handling);
  if (total > 0) {
    link.total = total - 1;
  }
  return link;
}

}  // namespace holdfast::search
