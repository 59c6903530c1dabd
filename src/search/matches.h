// search/matches.h: which resources a condition selects: ifNoneExist, conditional references and
// conditional update. decide() calls it in the sequencer, so it costs microseconds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "fhir/search_params.h"
#include "fhir/type.h"
#include "search/criteria.h"
#include "search/page.h"
#include "views/postings.h"

namespace holdfast::search {

/// Two are enough to know that it is not one.
inline constexpr std::size_t matches_wanted = 2;

/// Ids of the current resources of `type` that `query` selects, as the standard says of
/// https://hl7.org/fhir/R4/http.html#ccreate; at most `limit` of them, oldest version first.
/// `query` is "identifier=urn:x|1&_lastUpdated=gt2020", percent-encoded or not; a leading '?' or
/// "Patient?" of the same type is taken. What search cannot answer exactly it refuses: a query
/// without any criterion (it would select everything), an unknown parameter, result parameters like
/// _count.
[[nodiscard]] Result<std::vector<std::string>> matches(const Source& source, fhir::TypeId type,
                                                       std::string_view query,
                                                       std::size_t limit = matches_wanted);

/// A text as a value of a query means it, before percent-encoding.
/// https://hl7.org/fhir/R4/search.html#escaping
[[nodiscard]] std::string escaped_value(std::string_view text);
/// The query that selects what has that business identifier, percent-encoded; an empty system: one
/// without.
[[nodiscard]] std::string identifier_condition(std::string_view system, std::string_view value);
/// The same by another parameter: "based-on:identifier".
[[nodiscard]] std::string condition_of(std::string_view parameter, std::string_view system,
                                       std::string_view value);

/// The same condition asked of a resource that is not in the view yet. Code::unsupported for what
/// its postings do not say.
[[nodiscard]] Result<Criteria> parse_condition(const fhir::SearchParams& params, fhir::TypeId type,
                                               std::string_view query, Time now);
[[nodiscard]] Result<bool> holds_of(const Criteria& condition, std::string_view id,
                                    const views::Postings& postings);

}  // namespace holdfast::search
