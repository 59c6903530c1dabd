// fhir/links.h: which resources a stored resource refers to, told from its bytes alone: nothing is
// read or taken apart, so it costs what a search for a word costs.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/sites.h"

namespace holdfast::fhir {

/// Calls take(LiteralReference) for each Reference.reference in `resource` that names a resource of
/// this server ("Practitioner/7", with or without a version), in order, those of contained
/// resources included; views live until take returns. Also for the three elements of type uri that
/// are called so (DetectedIssue, Expression, Immunization.education), where one is written so.
/// `resource` is minified JSON that check_resource() has passed: there the bytes `"reference":"`
/// stand nowhere but before such a text, for quotes within a text are escaped.
template <class Take>
void each_link(BytesView resource, Take&& take);

/// Where the next such text begins, at or behind `from`; npos where there is none.
[[nodiscard]] std::size_t find_link(BytesView resource, std::size_t from);
/// The text that begins there, up to its quote. In `scratch` where it has escapes.
[[nodiscard]] std::string_view link_text(BytesView resource, std::size_t& at, std::string& scratch);

template <class Take>
void each_link(BytesView resource, Take&& take) {
  std::string scratch;
  for (std::size_t at = find_link(resource, 0); at != BytesView::npos;
       at = find_link(resource, at)) {
    if (const auto link = parse_literal(link_text(resource, at, scratch))) {
      take(*link);
    }
  }
}

}  // namespace holdfast::fhir
