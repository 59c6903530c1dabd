// base/signed_text.h: bytes that leave the server and come back, such as the cursor in a page link:
// nothing is kept for them here, and nobody else can make one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast {

inline constexpr std::size_t signing_secret_bytes_min = 16;

/// Text for a URL: base64url of `content` and its HMAC-SHA-256 (RFC 2104) under `secret`, cut to 16
/// bytes (section 5 allows half). What is signed for one purpose is not good for another.
[[nodiscard]] std::string sign_text(std::string_view purpose, BytesView content, BytesView secret);
/// The content; nothing for anything that sign_text() did not make for this purpose under this
/// secret.
[[nodiscard]] std::optional<Bytes> open_signed_text(std::string_view purpose, std::string_view text,
                                                    BytesView secret);

}  // namespace holdfast
