// api/offer.h: who an item is offered to, as its Task says it: $hand-over and what answers it.
#pragma once

#include "api/asked_change.h"
#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/json_writer.h"
#include "views/item.h"

namespace holdfast::api {

/// Whether there is an offer that `asked` can answer or take back; Code::invariant says what there
/// is. An offer itself is judged by decide.
[[nodiscard]] Result<void> check_offer(const views::Item& item, const AskedChange& asked);

/// Task.extension of `task`, with `asked` in the place of what it said of an offer.
void write_offer(fhir::JsonWriter& to, fhir::JsonValue task, const AskedChange& asked);

}  // namespace holdfast::api
