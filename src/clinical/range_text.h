// clinical/range_text.h: a reference range that is said in words, where the words can mean one
// thing only. Whatever else is written of whom it is for, or when, stays words: nothing is guessed.
#pragma once

#include <optional>
#include <string_view>

#include "clinical/observation.h"

namespace holdfast::clinical {

/// "<5", "<= 5", "≤5", ">60", ">= 60", "≥60", "0-5", "3.5 - 5.1", each with or without a unit
/// behind it ("3.5 - 5.1 mmol/L"), as limits in the unit of `value`. A number is digits, with
/// digits behind a point or not, with a minus before it or not. The unit has to be that of the
/// value: as it was sent, its UCUM code, or UCUM for the same ("mg/l", "mg/L"). Nothing for any
/// other text, for limits that stand in the wrong order, and for a unit that is not the value's.
[[nodiscard]] std::optional<Range> range_in(std::string_view text, const Quantity& value);

}  // namespace holdfast::clinical
