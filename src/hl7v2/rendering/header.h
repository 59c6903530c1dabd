// hl7v2/rendering/header.h: the envelope as MSH, and the character set of the whole message. Inside
// src/hl7v2/rendering only.
#pragma once

#include <string_view>

#include "hl7v2/rendering/render.h"
#include "hl7v2/writer.h"

namespace holdfast::hl7v2 {

/// Code::value for what no header can say.
[[nodiscard]] Result<void> check_envelope(const Envelope& envelope);
/// Fields 3 to 18 of the MSH that `writer` has begun. `type` is "ORU^R01".
void write_header(Writer& writer, const Envelope& envelope, std::string_view type,
                  std::string_view structure);
/// `message` in that character set; what it cannot carry is \Xhh…\ of its bytes in UTF-8.
[[nodiscard]] Bytes in_charset(Bytes message, Charset charset);

}  // namespace holdfast::hl7v2
