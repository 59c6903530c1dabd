// http/beast_head.h: a head that HeadScanner found complete, taken apart by Beast's parser. Two
// independent readers must agree before a request counts; Beast is seen nowhere else.
#pragma once

#include "api/message.h"
#include "base/bytes.h"
#include "base/result.h"
#include "http/head.h"

namespace holdfast::http {

/// Fills method, target as sent, and headers. `head` is exactly one head with its empty line.
/// Code::syntax where Beast refuses it or counts its fields differently.
[[nodiscard]] Result<void> parse_request_head(BytesView head, const HeadFacts& facts,
                                              api::Request& into);

/// The same for the head of a reply: its headers.
[[nodiscard]] Result<void> parse_reply_head(BytesView head, const HeadFacts& facts,
                                            api::Headers& into);

}  // namespace holdfast::http
