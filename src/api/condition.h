// api/condition.h: the query of an address as the condition that says which resource is meant.
// https://hl7.org/fhir/R4/http.html#cond-update
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "base/result.h"
#include "fhir/type.h"

namespace holdfast::api {

/// `query` as it was sent, once search takes it as a condition on resources of `type`; what it
/// selects is decided later, in order with all other writes. Never lenient: a parameter that is not
/// known would make it select more. Code::required where nothing would be selected by.
[[nodiscard]] Result<std::string> address_condition(const Parts& parts, fhir::TypeId type,
                                                    std::string_view query);

}  // namespace holdfast::api
