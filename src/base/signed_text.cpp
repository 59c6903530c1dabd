#include "base/signed_text.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

namespace holdfast {
namespace {

constexpr std::size_t tag_bytes = 16;

Bytes tag_of(std::string_view purpose, BytesView content, BytesView secret) {
  check(secret.size() >= signing_secret_bytes_min, "the secret for links is long enough");
  Bytes signed_bytes;
  append_text(signed_bytes, purpose);
  signed_bytes.append(content);
  return Bytes(hmac_sha256(secret, signed_bytes).view().substr(0, tag_bytes));
}

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

std::string sign_text(std::string_view purpose, BytesView content, BytesView secret) {
  return to_base64url(Bytes(content) + tag_of(purpose, content, secret));
}

std::optional<Bytes> open_signed_text(std::string_view purpose, std::string_view text,
                                      BytesView secret) {
  std::optional<Bytes> bytes = from_base64url(text);
  if (!bytes || bytes->size() < tag_bytes) {
    return std::nullopt;
  }
  const Bytes tag = bytes->substr(bytes->size() - tag_bytes);
  bytes->resize(bytes->size() - tag_bytes);
  if (!equal_in_constant_time(tag, tag_of(purpose, *bytes, secret))) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace holdfast
