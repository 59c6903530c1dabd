// api/openapi.h: what this server answers, as OpenAPI 3.0: written from the table of routes and
// from the search parameters, as the CapabilityStatement is, so neither can promise what the other
// lacks. https://spec.openapis.org/oas/v3.0.3
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/search_params.h"

namespace holdfast::api {

/// The document, as JSON. Types are an enumeration, each search parameter is described once; a
/// search of a type has a path of its own, which names those that it takes.
[[nodiscard]] Bytes openapi_document(std::string_view software_version,
                                     const fhir::SearchParams& params);

/// It is written when the definitions change. From any thread.
class OpenApi {
 public:
  struct Document {
    std::shared_ptr<const Bytes> text;
    std::string tag;  ///< an entity tag of these bytes
  };
  [[nodiscard]] Document of(std::string_view software_version, const fhir::SearchParams& params);

 private:
  std::mutex mutex_;
  const fhir::SearchParams* params_ = nullptr;  ///< what `document_` was written for
  Document document_;
};

}  // namespace holdfast::api
