// api/negotiation.h: what the headers of a request ask for, read once and strictly: a header that
// changes the meaning of a request and cannot be understood is refused, never ignored.
// https://hl7.org/fhir/R4/http.html#general
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/message.h"
#include "api/target.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/command.h"

namespace holdfast::api {

constexpr std::size_t idempotency_key_bytes_max = 255;

/// What the reply to a write should hold. https://hl7.org/fhir/R4/http.html#ops
enum class Return : std::uint8_t { unspecified, minimal, representation, operation_outcome };
/// What to do about search parameters that are not known.
/// https://hl7.org/fhir/R4/search.html#errors
enum class Handling : std::uint8_t { strict, lenient };
enum class Layout : std::uint8_t { compact, indented };

struct Preferences {
  Return content = Return::unspecified;
  Handling handling = Handling::strict;
};
/// RFC 7240: preferences that are not known are ignored, and so are known ones with other values.
[[nodiscard]] Preferences preferences(const Headers& headers);

/// The two forms of FHIR. https://hl7.org/fhir/R4/http.html#mime-type
enum class Format : std::uint8_t { json, xml };

/// The form that the content says it has, in UTF-8: application/fhir+json, application/json or
/// text/json, and the same three of XML, with charset=utf-8 and fhirVersion=4.0 if those are named.
/// Code::media_type otherwise.
[[nodiscard]] Result<Format> content_format(const Headers& headers);
/// What a PATCH may bring. Also for Accept-Patch (RFC 5789 section 3.1).
inline constexpr std::array<std::string_view, 4> patch_types{
    "application/json-patch+json", "application/xml-patch+xml", "application/fhir+json",
    "application/fhir+xml"};
/// "application/json-patch+json, …"
[[nodiscard]] std::string accept_patch();

/// The language of a patch and the form that it comes in.
struct PatchContent {
  PatchForm form = PatchForm::json_patch;
  Format format = Format::json;
};
/// JSON Patch and XML Patch by their own types; a FHIRPath Patch is a resource, so it comes as any
/// of those that content_format() takes. Code::media_type for anything else.
[[nodiscard]] Result<PatchContent> patch_content(const Headers& headers);
/// The same of one media type, as Binary.contentType names it; nothing where it is no patch.
[[nodiscard]] std::optional<PatchForm> patch_form_named(std::string_view media_type);
/// Code::media_type unless the content says that it is an HTML form.
[[nodiscard]] Result<void> check_form_type(const Headers& headers);

/// The form that the reply should have: `_format`, or else the one that Accept likes best (RFC 9110
/// section 12.5.1; JSON where it likes both alike and neither by name), or else, as FHIR says, that
/// of the content. Code::media_type if neither will do.
[[nodiscard]] Result<Format> reply_format(const Headers& headers,
                                          const std::vector<Parameter>& parameters);

/// What is no FHIR resource comes as a document for programs or as a page for people: as `_format`
/// says (json, html), or else as Accept likes best, a document where it likes both alike.
/// Code::media_type if neither will do.
enum class Rendering : std::uint8_t { document, page };
[[nodiscard]] Result<Rendering> rendering(const Headers& headers,
                                          const std::vector<Parameter>& parameters);

/// The one value of a header that says what must hold; nothing if it is not there. Code::syntax if
/// it is there more than once, or empty: then it would hold nothing back.
[[nodiscard]] Result<std::optional<std::string_view>> condition(const Headers& headers,
                                                                std::string_view name);
/// Code::unsupported if one of these headers is there, of which `what` would take no notice.
[[nodiscard]] Result<void> refuse_conditions(const Headers& headers,
                                             std::initializer_list<std::string_view> names,
                                             std::string_view what);

/// `_pretty=true` or false; Code::value for anything else.
[[nodiscard]] Result<Layout> layout(const std::vector<Parameter>& parameters);

/// If-Match of an update or a delete: W/"3" or "3". Code::syntax for what is no entity tag,
/// Code::unsupported for '*' and for several.
[[nodiscard]] Result<std::optional<Version>> if_match(std::string_view text);
/// W/"3"
[[nodiscard]] std::string entity_tag(Version version);

/// Whether a conditional read is answered by 304: If-None-Match names the version (weak comparison;
/// '*' names any), or, without If-None-Match, If-Modified-Since is not before `modified`.
/// A date that cannot be read is no condition (RFC 9110 section 13.1.3).
[[nodiscard]] bool is_not_modified(std::optional<std::string_view> if_none_match,
                                   std::optional<std::string_view> if_modified_since,
                                   Version version, Time modified);

/// The Idempotency-Key: 1 to idempotency_key_bytes_max printable ASCII characters, taken as they
/// are; nothing if there is none. Code::value otherwise, or if there are several.
[[nodiscard]] Result<std::optional<std::string>> given_key(const Headers& headers);

/// The Purpose-Of-Use: one word of up to purpose_bytes_max letters, digits and hyphens, as it will
/// stand in the journal; empty where there is none. Code::value otherwise. `historic-load` says
/// that what is written happened before this record was there (docs/PATHWAYS.md).
constexpr std::size_t purpose_bytes_max = 64;
[[nodiscard]] Result<std::string> given_purpose(const Headers& headers);

}  // namespace holdfast::api
