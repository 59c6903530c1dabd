// api/outcome.h: a failure as FHIR tells it: an HTTP status and an OperationOutcome. The only place
// that knows both; README.md has the same table for people.
#pragma once

#include <string_view>

#include "api/judging.h"
#include "api/message.h"
#include "base/result.h"

namespace holdfast::api {

/// What was at fault: the request itself (address, parameters, headers), or the content it brought.
/// The same Code answers differently: a bad date in a query is 400, in a resource 422; a media type
/// that we do not read is 415, one that we do not write 406.
enum class Origin : std::uint8_t { request, content };

struct Meaning {
  int status;              ///< HTTP
  std::string_view issue;  ///< https://hl7.org/fhir/R4/valueset-issue-type.html
};
[[nodiscard]] Meaning meaning(Code code, Origin origin);

/// "404 Not Found", as Bundle.entry.response.status wants it; "" after the number where we never
/// answer with it.
[[nodiscard]] std::string status_line(int status);

/// Issues of one outcome; more than that are counted in a last one.
constexpr std::size_t issues_max = 100;

/// An OperationOutcome with an issue for the error and for each of `more`. Each has a severity, a
/// code, the sentence as diagnostics, and, as far as they are known, a FHIRPath expression and
/// "line 3, column 17" as location.
[[nodiscard]] Bytes operation_outcome(const Error& error, Origin origin);
/// An OperationOutcome that says that all went well. https://hl7.org/fhir/R4/http.html#ops
/// `issues`: what validation found in spite of it.
[[nodiscard]] Bytes success_outcome(std::string_view diagnostics, const Issues& issues = {});
/// What validation found; there is something.
[[nodiscard]] Bytes issues_outcome(const Issues& issues);

/// The whole reply, with Retry-After where trying again makes sense.
[[nodiscard]] Reply refusal(const Error& error, Origin origin);

/// What FHIR JSON and XML are called on the wire.
inline constexpr std::string_view fhir_json = "application/fhir+json;charset=utf-8";
inline constexpr std::string_view fhir_xml = "application/fhir+xml;charset=utf-8";

}  // namespace holdfast::api
