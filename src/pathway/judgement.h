// pathway/judgement.h: whether a result is normal, as clinical/judging.h has it by the tables that
// ship. Normal means that somebody judged every value so: a text, a culture, a report without
// values, and whatever nobody has judged, is somebody's to read soon.
#pragma once

#include <string_view>

#include "clinical/judging.h"
#include "fhir/json.h"

namespace holdfast::pathway {

using Judgement = clinical::Judgement;

/// Which urgency goes with it: unjudged counts as abnormal.
[[nodiscard]] std::string_view urgency_of(Judgement judgement);

/// Of an Observation and its components. One that cannot be read is unjudged.
[[nodiscard]] Judgement judge(fhir::JsonValue observation);

}  // namespace holdfast::pathway
