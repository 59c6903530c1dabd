// exchange/merge.h: what a message says of a resource, put onto what the record has of it. HL7 v2
// sends snapshots of fields: what is said replaces, what is not said stays, `""` takes away.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::exchange {

/// `existing` and `said_body` are resources of one type. `said` and `removed` name elements of it
/// (hl7v2/mapping/draft.h): "maritalStatus", "telecom.where(use='home')",
/// "extension.where(url='…')"; a choice element by its name without a type ("deceased").
/// `identifier` is united by system and value: one that is said again replaces itself.
/// Members keep the order of `existing`; id and meta stay as they are there. The bytes are those of
/// `existing` exactly where nothing changes.
/// Code::unsupported for a path of another form.
[[nodiscard]] Result<Bytes> merged(fhir::JsonValue existing, fhir::JsonValue said_body,
                                   std::span<const std::string_view> said,
                                   std::span<const std::string_view> removed);

}  // namespace holdfast::exchange
