// cli/parameters_reply.h: values of a Parameters resource that a server answered with, as text that
// a terminal may show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"

namespace holdfast::cli {

/// What somebody else wrote may hold anything, and a terminal obeys some of it.
[[nodiscard]] std::string plain(std::string text);
/// The value of a parameter or a part, whatever its type; plain.
[[nodiscard]] std::string value_in(fhir::JsonValue parameter);
/// The value of the first part of that name; empty where there is none.
[[nodiscard]] std::string part(fhir::JsonValue group, std::string_view name);
/// Of all parts of that name.
[[nodiscard]] std::vector<std::string> parts(fhir::JsonValue group, std::string_view name);

}  // namespace holdfast::cli
