// hl7v2/rendering/moments.h: dates and times as a neighbour reads them. Inside
// src/hl7v2/rendering only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "hl7v2/time.h"

namespace holdfast::hl7v2 {

/// A FHIR date, dateTime or instant as a DTM of the same precision (a fraction of at most four
/// digits). With a zone: as its local time, without an offset but in the hour that comes twice;
/// without one: as it stands, with its offset. Nothing for what is no date.
[[nodiscard]] std::optional<std::string> to_dtm(std::string_view text,
                                                const std::optional<Zone>& zone);
/// "10:30:00" as "103000".
[[nodiscard]] std::optional<std::string> to_tm(std::string_view text);
/// The same moment to the second, in UTC where there is no zone.
[[nodiscard]] std::string to_dtm(Time time, const std::optional<Zone>& zone);

}  // namespace holdfast::hl7v2
