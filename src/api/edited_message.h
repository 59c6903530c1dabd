// api/edited_message.h: a message of HL7 v2 that a person has edited, to be sent in the place of
// one that a neighbour did not take.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/operation_input.h"
#include "model/command.h"

namespace holdfast::api {

struct EditedMessage {
  Bytes bytes;       ///< segments ended by CR
  std::string type;  ///< "ORU^R01"; empty where it is no plain word
};
/// The parameter `message`: base64Binary, or text with whatever line ends. Code::value with the
/// parser's reason where it is no message that a neighbour can answer.
[[nodiscard]] Result<std::optional<EditedMessage>> read_edited(const OperationInput& input);

struct EditedWhy {
  std::string_view binary;  ///< id of the message's Binary
  std::string_view task;    ///< id of the item
  std::string_view of;      ///< what was to be sent: "Patient/7/_history/2"
  std::string_view reason;  ///< may be empty
};
/// Who edited it, and why: https://hl7.org/fhir/R4/provenance.html
[[nodiscard]] Bytes edited_provenance(const EditedWhy& why, const Principal& author, Time now);

}  // namespace holdfast::api
