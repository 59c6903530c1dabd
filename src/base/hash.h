// base/hash.h: SHA-256 for what must be provable, CRC32C for what may rot, hex and base64 to show.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace holdfast {

/// 32 bytes of SHA-256. The zero hash stands for "nothing before".
struct Hash {
  std::array<unsigned char, 32> bytes{};
  auto operator<=>(const Hash&) const = default;
  [[nodiscard]] BytesView view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Takes exactly 32 bytes.
  static Hash from(BytesView raw);
};

/// SHA-256 of the concatenation of the parts (FIPS 180-4).
[[nodiscard]] Hash sha256(BytesView bytes);
[[nodiscard]] Hash sha256(std::initializer_list<BytesView> parts);
/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Hash hmac_sha256(BytesView key, BytesView text);

/// SHA-256 of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(BytesView bytes);
  /// Ends it; add() may not be called afterwards.
  [[nodiscard]] Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), continuing from `before`: crc32c(b, crc32c(a))
/// equals crc32c(ab). Hardware instruction where the processor has it.
[[nodiscard]] std::uint32_t crc32c(BytesView bytes, std::uint32_t before = 0);
/// The same without that instruction: what a processor that lacks it uses.
[[nodiscard]] std::uint32_t crc32c_portable(BytesView bytes, std::uint32_t before = 0);

[[nodiscard]] std::string to_hex(BytesView bytes);
/// Either case; nothing if the length is odd or a character is no digit.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
/// RFC 4648 section 4, with padding. Reading takes only what writing gives: no line breaks, no
/// missing padding, no stray bits (section 3.5).
[[nodiscard]] std::string to_base64(BytesView bytes);
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);
/// RFC 4648 section 5, without padding: for links.
[[nodiscard]] std::string to_base64url(BytesView bytes);
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace holdfast
