// base/bytes.h: bytes, and little-endian numbers in them. Nothing here allocates but Bytes itself.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace holdfast {

using Bytes = std::string;           ///< owned bytes; text where it is text
using BytesView = std::string_view;  ///< borrowed bytes

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

/// Reads a little-endian number at `from`; the caller has checked that it is there.
template <std::integral T>
[[nodiscard]] inline T load_little(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::integral T>
inline void store_little(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

/// Big-endian numbers keep their order when keys are compared as bytes.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_big(const char* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(static_cast<std::uint64_t>(value) << 8U |
                           static_cast<unsigned char>(from[i]));
  }
  return value;
}

template <std::unsigned_integral T>
inline void store_big(char* to, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    to[i] = static_cast<char>(value & 0xffU);
    value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8U);
  }
}

template <std::unsigned_integral T>
inline void append_big(Bytes& to, T value) {
  char raw[sizeof(T)];
  store_big(raw, value);
  to.append(raw, sizeof raw);
}

template <std::integral T>
inline void append_little(Bytes& to, T value) {
  char raw[sizeof(T)];
  store_little(raw, value);
  to.append(raw, sizeof raw);
}

/// Unsigned LEB128: seven bits a byte, least significant first. At most ten bytes.
inline void append_varint(Bytes& to, std::uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>(value | 0x80U));
    value >>= 7U;
  }
  to.push_back(static_cast<char>(value));
}

/// Reads numbers and strings from bytes that may lie. After the first thing that is not there
/// everything reads as zero or empty and `failed()` stays true: ask once, at the end.
class ByteReader {
 public:
  explicit ByteReader(BytesView bytes) : rest_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] BytesView rest() const { return rest_; }

  BytesView bytes(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const BytesView taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <std::integral T>
  T little() {
    const BytesView raw = bytes(sizeof(T));
    return failed_ ? T{} : load_little<T>(raw.data());
  }

  template <std::unsigned_integral T>
  T big() {
    const BytesView raw = bytes(sizeof(T));
    return failed_ ? T{} : load_big<T>(raw.data());
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const BytesView raw = bytes(1);
      if (failed_) {
        return 0;
      }
      const auto byte = static_cast<unsigned char>(raw[0]);
      if ((shift == 63 && byte > 1) || (shift != 0 && byte == 0)) {
        break;  // more than 64 bits, or longer than append_varint() writes it
      }
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    failed_ = true;
    rest_ = {};
    return 0;
  }

  /// A string written by append_text: its length as a varint, then its bytes.
  BytesView text() { return bytes(varint()); }

 private:
  BytesView rest_;
  bool failed_ = false;
};

inline void append_text(Bytes& to, BytesView text) {
  append_varint(to, text.size());
  to.append(text);
}

}  // namespace holdfast
