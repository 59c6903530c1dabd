// hl7v2/rendering/probe.h: a message that tests a way out from end to end and says so itself:
// NMD^N02, application management data, unsolicited (HL7 v2.4 chapter 14).
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "hl7v2/rendering/render.h"

namespace holdfast::hl7v2 {

/// The MSH of such a message, in UTF-8, as the envelope says, but for its time and control id: one
/// line of text that can be kept and shown. Code::value for an envelope that no message can have.
[[nodiscard]] Result<Bytes> probe_header(const Envelope& envelope);

/// MSH, NCK with `now` as the system's time, NTE with `note`; in the character set that the header
/// names. `header` is what probe_header() gave: Code::syntax or value for anything else.
[[nodiscard]] Result<Bytes> probe_message(BytesView header, Time now, std::string_view control_id,
                                          std::string_view note);
inline constexpr std::string_view probe_type = "NMD^N02";

}  // namespace holdfast::hl7v2
