// exchange/newer_evidence.h: whether a later message of the same neighbour has spoken of a
// resource: what is taken up again must not put the older word over it. Inside this folder.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/type.h"
#include "node/node.h"

namespace holdfast::exchange {

/// What is known of the message that is taken up again.
struct Taken {
  std::string_view neighbour;
  std::string_view evidence;  ///< id of its Binary
  std::string_view occurred;  ///< when it says that it happened (EVN-2, OBR-22); may be empty
  Time came;                  ///< when it came first
};

/// By the time at which things happened, not by that at which messages came (design: a queue that
/// was stuck delivers old news late); where either says none, by when they came.
[[nodiscard]] Result<bool> has_newer_evidence(const node::Moment& moment,
                                              const views::BodyCodec& codec,
                                              fhir::JsonReader& reader, const Taken& taken,
                                              fhir::TypeId type, std::string_view id);

}  // namespace holdfast::exchange
