// http/limits.h: every bound of the edge, with its unit. What is not bounded here is bounded by the
// Budget. The values are defaults; a configuration may change those in Limits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api/message.h"
#include "base/ids.h"

namespace holdfast::http {

/// Request or status line, all fields and the empty line together. Over it: 431.
constexpr std::size_t head_bytes_max = 32 << 10;
/// A request target alone. Over it: 414. Long enough for a search with hundreds of ORed values.
constexpr std::size_t target_bytes_max = 16 << 10;
/// Fields in a head, and in a trailer section. Over it: 431.
constexpr std::size_t header_fields_max = 100;
constexpr std::size_t method_bytes_max = 32;
/// One chunk-size line with its extensions (RFC 9112 section 7.1.1). Over it: 400.
constexpr std::size_t chunk_line_bytes_max = 256;
/// All chunk extensions of one body together: nobody needs them, and they are unpaid work.
constexpr std::size_t chunk_extension_bytes_max = 4 << 10;
/// The trailer section of a chunked body; it is checked and dropped (RFC 9110 section 6.5.1).
constexpr std::size_t trailer_bytes_max = 8 << 10;
/// A client's X-Request-Id that is longer, or no token, is replaced by one of ours.
constexpr std::size_t request_id_bytes_max = 64;

/// What a connection holds while it waits for a request: one read of a usual GET.
constexpr std::size_t idle_buffer_bytes = 1 << 10;
/// What it holds while it reads a chunked body.
constexpr std::size_t chunked_buffer_bytes = 16 << 10;
/// A chunked body is admitted in steps that double, from this one.
constexpr std::uint64_t chunked_step_bytes = 64 << 10;
/// A reply up to this size leaves in one write with its head; a larger one is not copied.
constexpr std::size_t joined_reply_bytes_max = 16 << 10;
/// A larger reply is written in pieces, each with a deadline of its own.
constexpr std::size_t reply_piece_bytes = 256 << 10;
/// Compression gives the other sessions of this executor a turn after so many bytes.
constexpr std::size_t gzip_slice_bytes = 128 << 10;
/// After a reply that ends the connection, bytes that are still coming are read and dropped up to
/// here, so that the reply is not lost to a TCP reset.
constexpr std::size_t linger_bytes_max = 64 << 20;
/// Beyond the connection limit, so many at once are told so; the rest are closed without a word.
constexpr std::size_t refusals_open_max = 64;

struct Limits {
  std::size_t connections_max = 20'000;
  /// Never above api::request_body_bytes_max.
  std::uint64_t body_bytes_max = api::request_body_bytes_max;
  /// From the first byte of a request (or from the start of the connection) to the end of its head.
  Duration head_time_max = seconds(10);
  /// A connection without a request is closed after this.
  Duration idle_time_max = seconds(60);
  /// A body has this long, plus its bytes at body_bytes_per_second_min.
  Duration body_time_grace = seconds(10);
  std::uint64_t body_bytes_per_second_min = 16 << 10;
  /// For each piece of a reply.
  Duration write_time_max = seconds(20);
  /// For the other side to end, after a reply that ends the connection.
  Duration linger_time_max = seconds(2);
  /// Replies of at least this size are compressed for clients that ask; 0 never compresses.
  std::size_t gzip_bytes_min = 64 << 10;
  int gzip_level = 1;
  /// What Retry-After says when admission is full.
  unsigned retry_after_seconds = 1;
};

}  // namespace holdfast::http
