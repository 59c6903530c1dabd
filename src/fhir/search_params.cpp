#include "fhir/search_params.h"

#include <algorithm>

namespace holdfast::fhir {

const SearchParam* SearchParams::find(TypeId type, std::string_view code) const {
  const std::span<const SearchParam> all = of(type);
  const auto at = std::ranges::lower_bound(all, code, {}, &SearchParam::code);
  return at != all.end() && at->code == code ? &*at : nullptr;
}

}  // namespace holdfast::fhir
