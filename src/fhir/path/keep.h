// fhir/path/keep.h: finds the steps of a program that give the same for every item of a loop, as
// `%resource.descendants()` in a criterion: they are evaluated once. Inside this folder only.
#pragma once

#include <cstdint>
#include <span>

#include "fhir/path/program.h"

namespace holdfast::fhir::path {

/// Gives each such step a slot, the outermost ones only, from 1; the number of slots. The steps
/// stand behind their inputs and operands, and each has one parent.
[[nodiscard]] std::uint16_t mark_kept(std::span<Step> steps, std::span<const StepId> operands);

}  // namespace holdfast::fhir::path
