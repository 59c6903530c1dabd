// http/head.h: reads a request or reply head as strictly as RFC 9112 can be read, byte by byte and
// before any library sees it. Whatever two readers could understand differently is refused, so that
// nothing can be smuggled past a proxy in front of us.
//
// Invariants once scan() has said `complete`:
// 1. Every line ends in CRLF; no line holds CR, LF, NUL or another control character but HTAB.
// 2. No field is folded, none has white space before its colon, every name is a token.
// 3. The body's length is known in exactly one way: none, one Content-Length of digits, or one
//    Transfer-Encoding that is `chunked` and nothing else, in HTTP/1.1.
// 4. A request of HTTP/1.1 has exactly one Host, one of HTTP/1.0 at most one; it is an authority.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "http/refusal.h"

namespace holdfast::http {

enum class HeadKind : std::uint8_t { request, reply };
enum class Expectation : std::uint8_t { none, hundred_continue, other };

/// What the lines of a head say about the message and the connection.
struct HeadFacts {
  unsigned minor_version = 1;  ///< of HTTP/1
  int status = 0;              ///< of a reply
  std::size_t fields = 0;
  std::size_t hosts = 0;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool connection_close = false;
  bool content_encoded = false;  ///< Content-Encoding other than identity
  Expectation expectation = Expectation::none;
};

/// Finds the end of a head in bytes that arrive in any pieces: each byte is looked at once.
class HeadScanner {
 public:
  explicit HeadScanner(HeadKind kind) : kind_(kind) {}

  enum class Progress : std::uint8_t { incomplete, complete, refused };
  /// `bytes` starts where the message starts and has only grown since the last call. An empty line
  /// before a request is skipped, once (RFC 9112 section 2.2).
  [[nodiscard]] Progress scan(BytesView bytes);

  /// After `complete`: where the head's own bytes begin and end (behind its empty line).
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return line_; }
  [[nodiscard]] const HeadFacts& facts() const { return facts_; }
  /// After `refused`.
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// Whether more than an empty line has come: a request has begun.
  [[nodiscard]] bool begun(BytesView bytes) const { return bytes.size() > begin_; }

 private:
  [[nodiscard]] bool refuse(int status, Refused reason, std::string_view why);
  [[nodiscard]] bool take_line(BytesView line);
  [[nodiscard]] bool take_request_line(BytesView line);
  [[nodiscard]] bool take_status_line(BytesView line);
  [[nodiscard]] bool take_field(BytesView line);
  [[nodiscard]] bool take_framing_field(BytesView name, BytesView value);
  [[nodiscard]] bool end_of_head();

  HeadKind kind_;
  bool started_ = false;  ///< the first line has been read
  bool transfer_coded_ = false;
  std::size_t begin_ = 0;
  std::size_t line_ = 0;      ///< start of the line that is being read
  std::size_t searched_ = 0;  ///< no LF in [line_, searched_)
  HeadFacts facts_;
  Refusal refusal_;
};

/// A field line without its CRLF: `name ":" OWS value OWS`. Nothing if it is not one.
struct FieldLine {
  BytesView name;
  BytesView value;
};
[[nodiscard]] std::optional<FieldLine> parse_field_line(BytesView line);

/// 1 to 19 digits and nothing else (RFC 9110 section 8.6).
[[nodiscard]] std::optional<std::uint64_t> parse_content_length(BytesView text);

/// host [":" port] without user information (RFC 9110 section 7.2), not empty (section 4.2.1).
[[nodiscard]] bool is_authority(BytesView text);
[[nodiscard]] bool is_token(BytesView text);
/// Nothing but what may stand in the value of a field (RFC 9110 section 5.5), blanks included.
[[nodiscard]] bool is_field_value(BytesView text);

/// A target split as RFC 9112 section 3.2 has it. `refusal` where it is none that we serve.
struct Target {
  Bytes origin;    ///< "/path?query" or "*"
  BytesView host;  ///< of an absolute form; else empty
  std::optional<Refusal> refusal;
};
[[nodiscard]] Target parse_target(BytesView target, BytesView method);

}  // namespace holdfast::http
