// api/openapi_parts.h: the components of the OpenAPI document, and what its paths refer to them by.
// Included by openapi*.cpp only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "fhir/json_writer.h"
#include "fhir/search_params.h"
#include "search/criteria.h"

namespace holdfast::api {

inline constexpr std::string_view media_json = "application/fhir+json";
inline constexpr std::string_view media_xml = "application/fhir+xml";

void write_content(fhir::JsonWriter& json, std::initializer_list<std::string_view> types,
                   std::string_view schema);
/// Parameters of one name and kind are one component: 146 types share most of them.
[[nodiscard]] std::string component_of(const search::SearchParameter& parameter);
/// `"components":{…}`
void write_components(fhir::JsonWriter& json, const fhir::SearchParams& params);

}  // namespace holdfast::api
