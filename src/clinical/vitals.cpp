// clinical/vitals.cpp: which observation is which vital sign of a set, in the unit of the chart. A
// value that cannot be taken is left out and said: it never stands for a good one.
#include <algorithm>

#include <fmt/format.h>

#include "clinical/news2.h"
#include "fhir/ucum.h"

namespace holdfast::clinical {
namespace {

using fhir::Decimal;

class Set {
 public:
  explicit Set(const News2Table& table) : table_(table) {}

  void take(const Measurement& one) {
    const auto row = std::ranges::find_if(table_.codes, [&](const VitalCode& known) {
      return std::ranges::find(one.codes, known.code) != one.codes.end();
    });
    if (row == table_.codes.end()) {
      return;
    }
    switch (row->vital) {
      case Vital::consciousness: take_consciousness(one); return;
      case Vital::oxygen: take_oxygen(*row, one); return;
      case Vital::respiration:
        vitals_.respiration = number(*row, table_.respiration.unit, one);
        return;
      case Vital::saturation:
        vitals_.saturation = number(*row, table_.saturation_1.unit, one);
        return;
      case Vital::systolic: vitals_.systolic = number(*row, table_.systolic.unit, one); return;
      case Vital::pulse: vitals_.pulse = number(*row, table_.pulse.unit, one); return;
      case Vital::temperature:
        vitals_.temperature = number(*row, table_.temperature.unit, one);
        return;
    }
  }

  Vitals done() && { return std::move(vitals_); }

 private:
  std::optional<Decimal> number(const VitalCode& row, std::string_view unit,
                                const Measurement& one) {
    if (!one.quantity) {
      vitals_.doubts.push_back(fmt::format("{} has no number", name(row.vital)));
      return std::nullopt;
    }
    if (one.quantity->comparator != Comparator::none) {
      vitals_.doubts.push_back(
          fmt::format("{} is only said to be below or above a number", name(row.vital)));
      return std::nullopt;
    }
    const auto value = value_in(in_ucum(*one.quantity, unit), row.units, unit);
    if (!value) {
      vitals_.doubts.push_back(fmt::format("{} is given in {}, which is not taken", name(row.vital),
                                           unit_text(*one.quantity)));
    }
    return value;
  }

  /// As it is, or in the unit that its words are written for: where no UCUM is said, or none that
  /// could be meant. HL7 v2 names no system: C is a coulomb there by its letters, and no
  /// temperature has coulombs.
  [[nodiscard]] Quantity in_ucum(const Quantity& quantity, std::string_view wanted) const {
    const auto is = quantity.unit ? fhir::parse_unit(*quantity.unit) : std::nullopt;
    const auto into = fhir::parse_unit(wanted);
    if (quantity.said.empty() || (is && into && fhir::are_comparable(*is, *into))) {
      return quantity;
    }
    Quantity taken = quantity;
    const std::string* unit = unit_said(table_.synonyms, quantity.said);
    if (unit == nullptr && quantity.unit) {
      unit = unit_said(table_.synonyms, *quantity.unit);
    }
    if (unit != nullptr) {
      taken.unit = *unit;
    }
    return taken;
  }

  void take_oxygen(const VitalCode& row, const Measurement& one) {
    const auto value = number(row, row.units.front(), one);
    if (!value) {
      return;
    }
    if (value->is_negative()) {
      vitals_.doubts.emplace_back("oxygen is less than none");
      return;
    }
    // "Any that says it is given": a flow of 0 does not undo a concentration of 40%.
    const Air said = *value > *row.air ? Air::oxygen : Air::air;
    if (vitals_.air != Air::oxygen) {
      vitals_.air = said;
    }
  }

  void take_consciousness(const Measurement& one) {
    vitals_.consciousness.reset();
    for (const Coding& answer : one.answers) {
      const auto known = std::ranges::find(table_.answers, answer, &ConsciousnessCode::code);
      if (known == table_.answers.end()) {
        continue;
      }
      // Two answers that differ: the worse one.
      vitals_.consciousness =
          std::max(vitals_.consciousness.value_or(Consciousness::alert), known->state);
    }
    if (!vitals_.consciousness) {
      vitals_.doubts.emplace_back("consciousness has an answer that is not known");
    }
  }

  const News2Table& table_;
  Vitals vitals_;
};

}  // namespace

Vitals read_vitals(const News2Table& table, std::span<const Observation> observations) {
  Set set(table);
  for (const Observation& observation : observations) {
    set.take(observation.own);
    for (const Measurement& component : observation.components) {
      set.take(component);
    }
  }
  return std::move(set).done();
}

}  // namespace holdfast::clinical
