#include "api/condition.h"

#include <fmt/format.h>

#include "search/criteria.h"

namespace holdfast::api {

Result<std::string> address_condition(const Parts& parts, fhir::TypeId type,
                                      std::string_view query) {
  TRY(const auto criteria, search::parse(*parts.node.view().params, {type, {}}, query,
                                         search::Handling::strict, Time{}));
  if (!criteria.has_filter) {
    return fail(Code::required,
                fmt::format("name the resource ({}/[id]), or a condition that selects it "
                            "({}?identifier=…)",
                            fhir::name(type), fhir::name(type)));
  }
  if (criteria.has_result_parameter) {
    return fail(Code::unsupported,
                "a condition selects resources; parameters such as _count, _sort, _summary and "
                "_total mean nothing in it");
  }
  return std::string(query);
}

}  // namespace holdfast::api
