// api/item_bundle.h: what Bundles of items share: Tasks as entries, links, and the issues of the
// OperationOutcome that is their first entry.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "fhir/json_writer.h"
#include "node/node.h"
#include "views/items.h"

namespace holdfast::api {

void write_issue(fhir::JsonWriter& json, std::string_view severity, std::string_view code,
                 std::string_view text);
/// Ends early rather than grow past 16 MiB. How many of the places found room.
[[nodiscard]] Result<std::size_t> write_tasks(const Parts& parts, const Call& call,
                                              const node::Moment& moment,
                                              const std::vector<views::Place>& places,
                                              fhir::JsonWriter& json);
void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view url);
/// The query that was sent, as it is written; empty where there is none.
[[nodiscard]] std::string self_query(const Call& call);

}  // namespace holdfast::api
