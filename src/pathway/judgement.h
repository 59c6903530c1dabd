// pathway/judgement.h: what the clinical tables that ship say of observations: whether a result is
// normal, by flags, ranges and the limits for telephoning; the early warning score of a set. Normal
// means that somebody judged every value so: a text, a culture, a report without values, and
// whatever nobody has judged, is somebody's to read soon.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "clinical/blood_record.h"
#include "clinical/judging.h"
#include "clinical/news2.h"
#include "fhir/json.h"

namespace holdfast::pathway {

using Judgement = clinical::Judgement;

/// Which urgency goes with it: unjudged counts as abnormal.
[[nodiscard]] std::string_view urgency_of(Judgement judgement);

/// Of an Observation and its components, of a patient of that age at the time (nothing: not known;
/// then the stricter limits count). What a table of another kind knows (a vital sign) is not
/// unmapped.
[[nodiscard]] clinical::Assessment assess(const clinical::Observation& observation,
                                          std::optional<std::int64_t> age_years);
/// "phone 1 (2026-11-30), a draft": the table that a code or unit is missing from.
[[nodiscard]] std::string edition_of_limits();

/// Which urgency goes with a score: "zero", "low", "low-medium", "medium", "high"; "other" for
/// patients of whom there is none.
[[nodiscard]] std::string_view urgency_of(const clinical::News2& score);
[[nodiscard]] const clinical::News2Table& news2_table();
[[nodiscard]] const clinical::BloodTable& blood_table();
/// Whether all that it says are vital signs and what belongs to a ward's set, by the codes of
/// clinical/news2.toml.
[[nodiscard]] bool is_vitals_only(const clinical::Observation& observation);
/// Whether any of it is one of the seven.
[[nodiscard]] bool has_vital(const clinical::Observation& observation);

}  // namespace holdfast::pathway
