// hl7v2/delimiters.h: the characters that divide a message, as its own MSH-1 and MSH-2 name them.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::hl7v2 {

/// HL7 v2.8 section 2.5.4. '\0' stands for one that the message does not name: nothing is divided
/// by it then. As long as a segment without encoding characters is one piece a field.
struct Delimiters {
  char field = '|';
  char component = '^';
  char repetition = '~';
  char escape = '\\';
  char subcomponent = '&';
  char truncation = '\0';
  bool operator==(const Delimiters&) const = default;
};

/// From a segment that names them (MSH, FHS, BHS): its fourth byte, and the field behind that.
/// An escape character that was itself escaped (`^~\\&`) counts once: senders that make their
/// messages with a program's string literals send it.
/// Code::syntax where a character cannot divide anything (a letter, a digit, a control character,
/// a blank) or divides in two ways.
[[nodiscard]] Result<Delimiters> read_delimiters(BytesView segment);

}  // namespace holdfast::hl7v2
