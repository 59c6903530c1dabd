// pathway/judgement.h: what the clinical tables in force say of observations: whether a result is
// normal, by flags, ranges and the limits for telephoning; the early warning score of a set. Normal
// means that somebody judged every value so: a text, a culture, a report without values, and
// whatever nobody has judged, is somebody's to read soon.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "clinical/tables.h"

namespace holdfast::pathway {

using Judgement = clinical::Judgement;

/// Whole years since a date of FHIR; of a year or month alone, since it began. Nothing for what is
/// no date, or one to come.
[[nodiscard]] std::optional<std::int64_t> age_at(std::string_view born, Time now);

/// Which urgency goes with it: unjudged counts as abnormal.
[[nodiscard]] std::string_view urgency_of(Judgement judgement);

/// Of an Observation and its components, of a patient of that age at the time (nothing: not known;
/// then the stricter limits count). What a table of another kind knows (a vital sign) is not
/// unmapped.
[[nodiscard]] clinical::Assessment assess(const clinical::Tables& tables,
                                          const clinical::Observation& observation,
                                          std::optional<std::int64_t> age_years);

/// Which urgency goes with a score: "zero", "low", "low-medium", "medium", "high"; "other" for
/// patients of whom there is none.
[[nodiscard]] std::string_view urgency_of(const clinical::News2& score);
/// Whether all that it says are vital signs and what belongs to a ward's set, by the codes of
/// the table.
[[nodiscard]] bool is_vitals_only(const clinical::News2Table& table,
                                  const clinical::Observation& observation);
/// Whether any of it is one of the seven.
[[nodiscard]] bool has_vital(const clinical::News2Table& table,
                             const clinical::Observation& observation);

}  // namespace holdfast::pathway
