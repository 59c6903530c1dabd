// hl7v2/mapping/convert.h: one value of HL7 v2 → an element of FHIR. A conversion either puts down
// a value of the element's type and takes what it read, or puts down nothing, reports why, and
// leaves the value to the rules behind it. Inside src/hl7v2/mapping only.
#pragma once

#include "hl7v2/mapping/reading.h"
#include "hl7v2/mapping/sketch.h"

namespace holdfast::hl7v2 {

struct Conversion {
  Reading& reading;
  Sketch& sketch;
  const tables::RuleRow& rule;
  std::uint16_t codes;  ///< the code map: of the rule, or of the rule that called its type map
  Value value;
  NodeId node;    ///< where it goes
  NodeId parent;  ///< of that; no_node where the rule's element is `$`
};

/// Whether something was put down.
[[nodiscard]] bool convert(const Conversion& one);

// Of the kinds that have files of their own.
[[nodiscard]] bool convert_code(const Conversion& one);  // convert_code.cpp
[[nodiscard]] bool convert_coding(const Conversion& one);
[[nodiscard]] bool convert_unit(const Conversion& one);
[[nodiscard]] bool convert_mime(const Conversion& one);
[[nodiscard]] bool convert_encoded(const Conversion& one);  // convert_data.cpp
[[nodiscard]] bool convert_text64(const Conversion& one);

/// Reports a value that is not of its type.
bool unconverted(const Conversion& one, const Value& value, std::string_view why);
/// A value of a whole field as lines of text, one a repetition.
[[nodiscard]] std::string lines(Reading& reading, const Value& field);

}  // namespace holdfast::hl7v2
