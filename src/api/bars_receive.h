// api/bars_receive.h: a request that brings a BaRS message, up to where its sender can be answered
// by a message.
#pragma once

#include "api/bars_message.h"
#include "api/call.h"
#include "fhir/json.h"
#include "model/command.h"

namespace holdfast::api::bars {

/// A message whose head was understood: from here on its sender is answered by a message.
struct Received {
  fhir::Json json;
  Format format = Format::json;
  Head head;
  Command command;  ///< without operations
};

/// Reads and checks the body; `command` becomes one with the key of the message. Failures are of
/// the content.
[[nodiscard]] Result<Received> receive(const Parts& parts, const Call& call, Command command);

/// As the channel judges whatever is written (api/judging.h).
[[nodiscard]] Result<void> judge(const Parts& parts, const Call& call, const Received& received);

}  // namespace holdfast::api::bars
