// http/chunked.h: takes a chunked body apart (RFC 9112 section 7.1), strictly: CRLF only, sizes of
// at most 16 digits, bounded extensions and trailers, which are checked and dropped.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace holdfast::http {

class ChunkedDecoder {
 public:
  enum class Progress : std::uint8_t {
    more,       ///< all of the input is used up, the body is not
    complete,   ///< the body has ended; the rest of the input is the next message's
    malformed,  ///< it is not chunked coding
    too_large,  ///< the body passes the room given
  };
  struct Step {
    Progress progress = Progress::more;
    std::size_t used = 0;  ///< bytes of the input that belong to this body
  };

  /// Appends what it finds to `body`, which may grow to `body_bytes_max` and not beyond. Input may
  /// come in any pieces. Nothing is appended of a chunk that would pass the bound: feed the rest
  /// again with more room, or give up.
  Step feed(BytesView input, Bytes& body, std::uint64_t body_bytes_max);

  /// Bytes of the chunk that is being read which have not come yet.
  [[nodiscard]] std::uint64_t chunk_rest() const { return chunk_rest_; }

 private:
  enum class State : std::uint8_t { size_line, data, data_end, trailer, done };
  enum class Line : std::uint8_t { incomplete, whole, malformed };
  [[nodiscard]] Line take_line(BytesView input, std::size_t& used, std::size_t bytes_max);
  [[nodiscard]] bool take_size(BytesView line);

  State state_ = State::size_line;
  std::uint64_t chunk_rest_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_fields_ = 0;
  Bytes line_;  ///< the line so far, with its CRLF once whole
};

}  // namespace holdfast::http
