// cli/tar.h: the files in a tar archive, one after the other, as a stream. Reads ustar, GNU long
// names and the pax records path and size; what it does not know it refuses, so that no file is
// passed over in silence.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/byte_source.h"

namespace holdfast::cli {

/// Path and extended headers of one member.
inline constexpr std::uint64_t tar_extension_bytes_max = 1 << 20;

class TarReader {
 public:
  /// Borrows `source`, which stands at the start of an archive.
  explicit TarReader(ByteSource& source) : source_(source) {}

  struct Member {
    std::string name;
    std::uint64_t bytes = 0;
  };
  /// The next regular file, whatever was left of the one before; nothing at the end of the archive.
  /// Code::syntax where it is no tar, or ends early; unsupported for sparse files.
  Result<std::optional<Member>> next();
  /// More bytes of the current file; 0 at its end.
  Result<std::size_t> read(std::span<char> into);

 private:
  struct Header;
  Result<std::optional<Header>> read_header();
  Result<Bytes> read_extension(std::uint64_t bytes);
  Result<void> read_pax(BytesView records);
  Result<void> skip_rest();

  ByteSource& source_;
  std::uint64_t left_ = 0;     ///< of the current member
  std::uint64_t padding_ = 0;  ///< behind it
  // Of the next member, from extended headers.
  std::string long_name_;
  std::optional<std::uint64_t> long_size_;
};

}  // namespace holdfast::cli
