// api/bars_answer.h: what the record keeps of a BaRS message beside what it asks for, and what its
// sender is told. https://hl7.org/fhir/R4/messaging.html, https://hl7.org/fhir/R4/provenance.html
#pragma once

#include <string>
#include <string_view>

#include "api/bars_message.h"
#include "api/message.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/time.h"
#include "model/command.h"

namespace holdfast::api::bars {

/// The message as it came, as the data of a Binary.
[[nodiscard]] Bytes evidence_body(const Head& head, std::string_view media_type, BytesView message);
/// Leads from what the message is about to that Binary. Both are named by what the Command calls
/// them.
[[nodiscard]] Bytes provenance_body(const Head& head, std::string_view focus,
                                    std::string_view evidence, Time now);

/// By which a message is known: two of the same are one.
[[nodiscard]] IdempotencyKey message_key(const Principal& principal, const Head& head);

/// What an answer says beside the head of the message. Ids come from the key: the same message has
/// the same answer.
struct Said {
  const Head& head;
  const IdempotencyKey& key;
  std::string_view base;  ///< of this server's links; may be empty
  Time time;
};
/// `focus`: "ServiceRequest/7", and the version of it that the message made.
[[nodiscard]] Bytes accepted(const Said& said, std::string_view focus, BytesView resource);
/// A refusal as it is everywhere here, as the answer of a message: its OperationOutcome becomes
/// MessageHeader.response.details. The status stays.
[[nodiscard]] Reply refused(const Said& said, Reply refusal);

}  // namespace holdfast::api::bars
