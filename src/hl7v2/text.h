// hl7v2/text.h: what a value says, and how it is written: escape sequences (HL7 v2.8 section 2.7).
#pragma once

#include <string>

#include "base/bytes.h"
#include "hl7v2/delimiters.h"

namespace holdfast::hl7v2 {

/// \F\ \S\ \T\ \R\ \E\ \P\ become the delimiters of this message, \Xhh…\ the bytes, \.br\ and
/// \.sp\ line ends, \.sp<n>\ n of them, \.sk<n>\ n blanks (n at most 99); \H\ and \N\ (emphasis)
/// and other commands of formatted text (\.in\ \.ti\ \.fi\ \.nf\ \.ce\) are left out, the last with
/// a line end. What is no known sequence stays as it is written: \Zxx\ is the sender's own, \C and
/// \M change a character set, and many senders write a lone backslash.
[[nodiscard]] std::string unescaped(BytesView raw, const Delimiters& by);

/// The same text as a value between these delimiters; LF, CR and CRLF become \.br\, other control
/// characters \Xhh\. Of a delimiter without an escape sequence ('\0' as escape character) nothing
/// can be written: it becomes a blank.
void append_escaped(std::string& to, std::string_view text, const Delimiters& by);
[[nodiscard]] std::string escaped(std::string_view text, const Delimiters& by);

/// LF and CRLF as CR: lines as people write them, as they must be on the wire.
[[nodiscard]] Bytes with_returns(BytesView text);

}  // namespace holdfast::hl7v2
