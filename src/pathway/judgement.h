// pathway/judgement.h: whether a result is normal. Normal means that every value was judged normal:
// a text, a culture, a report without values, and whatever nobody has judged, is somebody's to read
// soon.
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir/json.h"

namespace holdfast::pathway {

/// The worse, the later.
enum class Judgement : std::uint8_t { normal, unjudged, abnormal, critical };

/// Which urgency goes with it: unjudged counts as abnormal.
[[nodiscard]] std::string_view urgency_of(Judgement judgement);

/// What an Observation says of itself by interpretation, its own and its components'
/// (https://hl7.org/fhir/R4/valueset-observation-interpretation.html): HH, LL, AA, HU and LU are
/// critical; N is normal; any other code is abnormal; without one it is unjudged.
[[nodiscard]] Judgement judge(fhir::JsonValue observation);

}  // namespace holdfast::pathway
