// http/gzip.h: compresses replies for clients that ask. The only zlib.
#pragma once

#include <string_view>

#include "api/message.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "world/executor.h"

namespace holdfast::http {

/// Whether gzip has a weight above zero in the request's Accept-Encoding (RFC 9110 section 12.5.3).
[[nodiscard]] bool accepts_gzip(const api::Headers& request);

/// Text compresses; what is encoded already, or is no text, is left alone.
[[nodiscard]] bool is_worth_gzip(const api::Headers& reply);

/// RFC 1952. Gives `on` a turn after each gzip_slice_bytes, so that a large reply does not hold up
/// the other sessions. `level` 1 to 9. Code::unavailable if zlib has no memory.
[[nodiscard]] Task<Result<Bytes>> gzip(const api::Body& body, int level, Executor& on);

}  // namespace holdfast::http
