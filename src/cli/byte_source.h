// cli/byte_source.h: bytes of a file, as they lie there or unpacked from zstd or gzip, in order
// and in bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::cli {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// At least one byte, or 0 at the end. Code::io; Code::syntax where the bytes are not what they
  /// claim to be.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  /// Bytes of the file taken so far, packed as they lie there: how far it is.
  [[nodiscard]] virtual std::uint64_t taken() const = 0;
};

/// The file as it is. Code::usage when it cannot be opened.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file(const std::string& path);

/// A zstd window larger than this is refused: it bounds the memory (`zstd --long=27` needs it).
inline constexpr unsigned zstd_window_bits_max = 27;
/// What is inside `packed`: one zstd frame or several (RFC 8878). A frame that ends early is
/// Code::syntax, not an end.
[[nodiscard]] std::unique_ptr<ByteSource> unpack_zstd(std::unique_ptr<ByteSource> packed);

/// What is inside `packed`: one gzip member or several (RFC 1952). One that ends early is
/// Code::syntax, not an end.
[[nodiscard]] std::unique_ptr<ByteSource> unpack_gzip(std::unique_ptr<ByteSource> packed);

/// Fills `into` completely unless the source ends; the bytes read.
[[nodiscard]] Result<std::size_t> read_full(ByteSource& source, std::span<char> into);

}  // namespace holdfast::cli
