// fhir/path/measure.h: quantities of FHIRPath compared and converted: UCUM, calendar durations, and
// units that are only text. Inside this folder only.
// https://hl7.org/fhirpath/N1/#quantity, #time-valued-quantities
#pragma once

#include <compare>
#include <optional>

#include "fhir/path/value.h"
#include "fhir/ucum.h"

namespace holdfast::fhir::path {

/// Whether calendar years and months count as those of UCUM: for equivalence they do, otherwise
/// they measure something else.
enum class Calendar : std::uint8_t { distinct, as_ucum };

/// The unit of a quantity; nothing where it is text only.
[[nodiscard]] std::optional<Unit> unit_of(const PathQuantity& quantity, Calendar calendar);
/// Their order; nothing where they do not measure the same. Units that are text are the same if the
/// text is.
[[nodiscard]] std::optional<std::strong_ordering> compare(const PathQuantity& a,
                                                          const PathQuantity& b, Calendar calendar);
[[nodiscard]] bool are_comparable(const PathQuantity& a, const PathQuantity& b);

}  // namespace holdfast::fhir::path
