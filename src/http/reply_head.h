// http/reply_head.h: the bytes of a reply's head. A header that would break the framing never
// leaves: then the whole reply is malformed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "api/message.h"
#include "base/bytes.h"
#include "base/ids.h"

namespace holdfast::http {

/// "Not Found" for 404; "Status" for a number without a name of its own.
[[nodiscard]] std::string_view reason_phrase(int status);

/// The Date of now as text; computed once a second.
class DateText {
 public:
  [[nodiscard]] BytesView at(Time now);

 private:
  std::int64_t second_ = INT64_MIN;
  char text_[29] = {};  // IMF-fixdate is always 29 characters long
};

/// What http itself says in a head.
struct ReplyFraming {
  std::size_t body_bytes = 0;
  BytesView date;
  BytesView request_id;
  api::Connection connection = api::Connection::keep;
  BytesView content_encoding;  ///< "gzip" or empty
};

/// Appends status line, fields and the empty line. False, and nothing appended, if the status or a
/// field of the reply cannot be written so that one reader sees one reply.
[[nodiscard]] bool append_reply_head(Bytes& to, int status, const api::Headers& headers,
                                     const ReplyFraming& framing);

/// A status that never has a body (RFC 9112 section 6.3 rule 1).
[[nodiscard]] constexpr bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace holdfast::http
