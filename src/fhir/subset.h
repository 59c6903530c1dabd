// fhir/subset.h: the part of a resource that `_summary` or `_elements` asks for, as bytes: what is
// kept stands as it is stored, in its order, and meta.tag says SUBSETTED.
// https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/search.html#elements
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// Names in one `_elements`.
constexpr std::size_t subset_elements_max = 256;

/// The values of `_summary`. `whole` is false, or that it was not there.
enum class SummaryKind : std::uint8_t { whole, summary, text, data, count };

struct Subset {
  SummaryKind summary = SummaryKind::whole;
  std::vector<std::string> elements;  ///< base names; of a choice "value" or "valueQuantity"
  /// Whether resources are shown as they are.
  [[nodiscard]] bool whole() const { return summary == SummaryKind::whole && elements.empty(); }
};

/// Reads the values of the two parameters, as far as they are there. An element may be written
/// "Patient.name"; then it counts for that type only. Code::value for what is no summary or no
/// element's name, and for both parameters together unless `_summary` is false or count.
[[nodiscard]] Result<Subset> parse_subset(std::optional<std::string_view> summary,
                                          std::optional<std::string_view> elements);

/// Code::value, naming the first, if `_elements` names what resources of the type do not have.
[[nodiscard]] Result<void> check_elements(const Subset& what, TypeId type);

/// Appends that part of a resource. Kept in any case: resourceType, id, meta, mandatory elements,
/// and what changes the meaning of all others (implicitRules, modifierExtension); of `summary`
/// also inside of elements, but extensions are kept or left out as one. A whole() subset appends
/// the bytes as they are. Code::structure for what is no resource of R4.
[[nodiscard]] Result<void> append_subset(Bytes& to, JsonValue resource, const Subset& what);

/// Refuses a resource that says of itself that it is such a part: stored, it would take the place
/// of the whole. Code::value.
[[nodiscard]] Result<void> check_whole(JsonValue resource);

}  // namespace holdfast::fhir
