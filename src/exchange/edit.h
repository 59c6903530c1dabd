// exchange/edit.h: a change to one resource of a Command, whether the Command writes it already or
// not. Inside this folder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "exchange/resolve.h"
#include "fhir/json.h"
#include "fhir/member.h"
#include "fhir/type.h"

namespace holdfast::exchange {

using fhir::with_member;
/// An array with one more element.
[[nodiscard]] Bytes with_element(std::optional<fhir::JsonValue> array, BytesView element);

using Edit = std::function<Bytes(fhir::JsonValue resource)>;
/// `name` is "Patient/7", or what resolve() calls a new one. Of what the Command does not write yet
/// the current version is changed, on condition that it stays current. What the edit leaves as it
/// is is not written. Code::not_found where there is no such resource.
[[nodiscard]] Result<void> edit(Resolved& resolved, const Ground& ground, fhir::TypeId type,
                                std::string_view name, const Edit& edit);

}  // namespace holdfast::exchange
