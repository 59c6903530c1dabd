// api/bundle_entry.h: one entry of a batch or transaction on its way into the plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/bundle_plan.h"
#include "fhir/json.h"

namespace holdfast::api {

/// The text of a member; nothing where there is none.
[[nodiscard]] std::optional<std::string> text_of(const std::optional<fhir::JsonValue>& object,
                                                 std::string_view key);

/// Reads the entry, whose structure and resource were checked. `where` of an error begins below the
/// entry: "request.url". `base` is cut off a url that begins with it.
[[nodiscard]] Result<BundleEntry> read_entry(const Parts& parts, std::string_view base,
                                             BundleKind kind, fhir::JsonValue entry);

}  // namespace holdfast::api
