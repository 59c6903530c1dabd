// day/vitals.h: sets of vital signs and the early warning score of each (NEWS2), worked out by hand
// from the chart: the server's table is what they are compared with.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::day {

enum class Risk : std::uint8_t { zero, low, low_medium, medium, high };

struct VitalSet {
  Risk risk = Risk::zero;
  std::string_view respiration;
  std::string_view saturation;
  std::string_view oxygen;  ///< inhaled, in percent: 21 is air
  std::string_view systolic;
  std::string_view pulse;
  std::string_view temperature;
  bool alert = true;  ///< no: responds to voice
};

inline constexpr auto vital_sets = std::to_array<VitalSet>({
    {Risk::zero, "16", "97", "21", "120", "70", "37.0"},
    {Risk::zero, "12", "96", "21", "219", "51", "38.0"},
    {Risk::low, "16", "97", "21", "120", "95", "37.0"},         // pulse 1
    {Risk::low, "18", "95", "28", "118", "88", "37.2"},         // saturation 1, oxygen 2
    {Risk::low, "22", "94", "21", "120", "90", "36.0"},         // 2, 1 and 1
    {Risk::low_medium, "25", "97", "21", "120", "70", "37.0"},  // respiration 3
    {Risk::low_medium, "16", "96", "21", "90", "95", "37.0"},   // systolic 3, pulse 1
    {Risk::low_medium, "16", "98", "21", "120", "70", "37.0", false},
    {Risk::medium, "22", "94", "21", "105", "95", "37.0"},  // 2, 1, 1, 1
    {Risk::medium, "18", "93", "28", "120", "95", "38.5"},  // 2, 2, 1, 1
    {Risk::high, "26", "90", "21", "120", "115", "37.0"},   // 3, 3, 2
    {Risk::high, "24", "92", "28", "98", "112", "39.4"},    // all of them 2
    {Risk::high, "21", "91", "40", "88", "131", "35.0", false},
});

struct Reading {
  std::string_view loinc;
  std::string_view name;
  std::string_view value;  ///< a number, or a code of SNOMED CT
  std::string_view unit;   ///< UCUM; empty: it is a code
  std::string_view words{};
};
/// All seven.
[[nodiscard]] std::vector<Reading> readings_of(const VitalSet& set);

/// What its items have as priority.
[[nodiscard]] std::string_view priority_of(Risk risk);
[[nodiscard]] std::string_view name_of(Risk risk);
/// Of an item's priority: the highest that has it.
[[nodiscard]] Risk risk_of(std::string_view priority);
/// Somebody has to come.
[[nodiscard]] constexpr bool calls(Risk risk) { return risk >= Risk::low_medium; }

}  // namespace holdfast::day
