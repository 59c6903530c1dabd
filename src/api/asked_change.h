// api/asked_change.h: what a person asks for with $advance, $assign, $close, $reopen, $hand-over
// and what answers that, of an item (item_changes.cpp), as the elements of the Task that it
// becomes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/operation_input.h"
#include "views/item.h"

namespace holdfast::api {

/// An element of Task.output.
struct Output {
  std::string type;
  Bytes json;
};

/// Empty where it is not given.
struct AskedChange {
  Interaction interaction{};
  std::string to;   ///< state
  std::string act;  ///< by name
  Bytes reason;     ///< CodeableConcept
  Bytes owner;      ///< Reference; of $hand-over: who it is offered to
  views::Owner by;  ///< who accepts or declines
  std::vector<Output> outputs;
};

/// $hand-over, $accept, $decline, $withdraw-offer
[[nodiscard]] bool is_about_offer(Interaction interaction);
/// "CareTeam/7", "team:pathology" or "pathology", as the Reference that it is.
[[nodiscard]] Bytes owner_reference(std::string_view text);
/// "$close"
[[nodiscard]] std::string_view operation_name(Interaction interaction);

/// Code::required where an operation is given nothing to go by; value, unsupported, structure for
/// what it cannot take.
[[nodiscard]] Result<AskedChange> read_asked_change(const Parts& parts, const Call& call);

/// The same of a close of many, which always has a reason.
[[nodiscard]] Result<AskedChange> read_asked_close(const OperationInput& input);

}  // namespace holdfast::api
