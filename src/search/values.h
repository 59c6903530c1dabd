// search/values.h: one value of a parameter as the key it is found under. One function for each
// kind of parameter. Inside search/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/definitions.h"
#include "fhir/type.h"
#include "views/postings.h"

namespace holdfast::search {

/// "[system]|[code]", "|[code]", "[code]", "[system]|"; escapes still in it.
/// https://hl7.org/fhir/R4/search.html#token
[[nodiscard]] Result<views::PostingPrefix> token_value(fhir::TypeId type, fhir::ParamId param,
                                                       std::string_view text);

/// Adds what "[id]", "[type]/[id]" or "[url]" may mean, unescaped; `named` is the type in the
/// modifier :[type]. https://hl7.org/fhir/R4/search.html#reference
Result<void> add_reference_values(fhir::TypeId type, const fhir::ParamRow& row,
                                  std::optional<fhir::TypeId> named, const std::string& value,
                                  std::vector<views::PostingPrefix>& any);

}  // namespace holdfast::search
