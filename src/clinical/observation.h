// clinical/observation.h: what the tables look at in a FHIR Observation: its codes, value, flags
// and reference ranges, nothing else. Numbers stay exact; a unit counts only where it is said in
// UCUM. https://hl7.org/fhir/R4/observation.html
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/decimal.h"
#include "fhir/json.h"

namespace holdfast::clinical {

constexpr std::string_view loinc = "http://loinc.org";
constexpr std::string_view ucum = "http://unitsofmeasure.org";

struct Coding {
  std::string system;
  std::string code;
  bool operator==(const Coding&) const = default;
};

/// "http://loinc.org|8867-4" of a table; nothing for what is no system|code.
[[nodiscard]] std::optional<Coding> coding_in(std::string_view text);
class Fields;
/// The codes that a table lists under `key`. Code::value names the line of what is none.
[[nodiscard]] Result<std::vector<Coding>> read_codings(Fields& fields, std::string_view key);
/// Of the letters A to Z; others stay as they are.
[[nodiscard]] std::string in_lower_case(std::string_view text);

/// Quantity.comparator: the value is somewhere below or above the one that is written.
enum class Comparator : std::uint8_t { none, less, less_or_equal, greater_or_equal, greater };

struct Quantity {
  fhir::Decimal value;
  Comparator comparator = Comparator::none;
  /// The UCUM code; "" where nothing at all is said of a unit. Nothing where what is said is no
  /// UCUM.
  std::optional<std::string> unit = std::string();
  std::string said;  ///< the unit as it was sent, for people
};

/// Whether a value at a limit is within it. FHIR's low and high are; "<5" in words is not.
enum class Edge : std::uint8_t { within, outside };

/// Observation.referenceRange: its low and high, or without them what its text says
/// (range_text.h). A limit without a unit is in that of its value.
struct Range {
  std::optional<Quantity> low;
  std::optional<Quantity> high;
  Edge low_edge = Edge::within;
  Edge high_edge = Edge::within;
  /// Whether it is the usual range of everybody: no other type, no age, no group that it is for.
  bool is_usual = true;
};

enum class ValueKind : std::uint8_t {
  none,      ///< no value: a panel, or a reason why there is none
  quantity,  ///< a number
  coded,     ///< one of several answers
  text,      ///< words: histology, cultures, comments
  other      ///< ratios, ranges, times, waves
};

/// One thing that was measured: an Observation, or a component of one.
struct Measurement {
  std::vector<Coding> codes;
  ValueKind kind = ValueKind::none;
  std::optional<Quantity> quantity;
  std::vector<Coding> answers;  ///< of valueCodeableConcept
  /// Observation.interpretation: each as it is said in one system or another; in none, if in words.
  std::vector<std::vector<Coding>> flags;
  std::vector<Range> ranges;
};

struct Observation {
  Measurement own;
  std::vector<Measurement> components;
  bool has_members = false;  ///< hasMember: others say what it is about
};

/// An Observation that check_resource() has let pass. Code::unknown_type for another resource,
/// Code::value for a number that is none.
[[nodiscard]] Result<Observation> read_observation(fhir::JsonValue resource);

/// The value in `to`, a unit of UCUM. Nothing unless the quantity's own unit is one of `accepted`
/// and measures the same, or is a mass of a substance with that molar mass. The comparator stays
/// outside.
[[nodiscard]] std::optional<fhir::Decimal> value_in(
    const Quantity& quantity, std::span<const std::string> accepted, std::string_view to,
    const std::optional<fhir::Decimal>& grams_per_mole = std::nullopt);

/// "mmol/L", or "no unit", for sentences.
[[nodiscard]] std::string unit_text(const Quantity& quantity);

}  // namespace holdfast::clinical
