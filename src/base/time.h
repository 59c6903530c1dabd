// base/time.h: a Time as FHIR writes it, and back. No clock: what time it is comes from world/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace holdfast {

/// "2026-11-23T20:35:01.250Z" (FHIR instant, UTC, always milliseconds). FHIR knows the years 0001
/// to 9999: a Time outside them is shown as the nearest inside.
[[nodiscard]] std::string to_instant(Time time);
/// Appends the same 24 characters.
void append_instant(std::string& to, Time time);

/// "Mon, 23 Nov 2026 20:35:01 GMT" (RFC 9110 IMF-fixdate), for Last-Modified and Date.
[[nodiscard]] std::string to_http_date(Time time);
/// Takes IMF-fixdate only. The two obsolete forms of RFC 9110 section 5.6.7 read as nothing, which
/// for a condition on a date means that it is ignored.
[[nodiscard]] std::optional<Time> from_http_date(std::string_view text);

/// The half-open interval [from, until) that a FHIR date, dateTime or instant of any precision
/// stands for. What has no zone (years, months, days) is read as UTC. A fraction of a second
/// counts to the millisecond. A leap second (:60) is the first second of the next minute, since
/// Time has none. Days that do not exist are refused.
/// https://hl7.org/fhir/R4/datatypes.html#dateTime, https://hl7.org/fhir/R4/search.html#date
struct TimeRange {
  Time from;
  Time until;
  bool operator==(const TimeRange&) const = default;
};
/// As elements of resources are written: a time has seconds and a zone.
[[nodiscard]] std::optional<TimeRange> parse_date_time(std::string_view text);
/// As search parameters are written: seconds and zone may be missing; then it is UTC.
[[nodiscard]] std::optional<TimeRange> parse_search_date(std::string_view text);

}  // namespace holdfast
