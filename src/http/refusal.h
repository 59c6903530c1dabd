// http/refusal.h: how the edge says no: a status, a reason to count and a sentence.
#pragma once

#include <string_view>

#include "api/message.h"
#include "http/counts.h"
#include "http/limits.h"

namespace holdfast::http {

struct Refusal {
  int status = 400;
  Refused reason = Refused::syntax;
  std::string_view why;  ///< a sentence for a person; always a literal of ours, never input
};

/// The reply that carries it: an OperationOutcome in JSON, and the connection ends after it.
/// https://hl7.org/fhir/R4/operationoutcome.html
[[nodiscard]] api::Reply refusal_reply(const Refusal& refusal, const Limits& limits);

}  // namespace holdfast::http
