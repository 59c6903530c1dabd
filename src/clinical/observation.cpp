#include "clinical/observation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "clinical/document.h"
#include "clinical/range_text.h"
#include "fhir/ucum.h"

namespace holdfast::clinical {
namespace {

using fhir::JsonKind;
using fhir::JsonValue;

constexpr std::array<std::pair<std::string_view, Comparator>, 4> comparators{{
    {"<", Comparator::less},
    {"<=", Comparator::less_or_equal},
    {">=", Comparator::greater_or_equal},
    {">", Comparator::greater},
}};

std::string text_of(JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text() : std::string();
}

/// Of a CodeableConcept: what it adds to `to`. False where it has words only.
bool add_codings(std::vector<Coding>& to, JsonValue concept_value) {
  const std::size_t before = to.size();
  if (const auto codings = concept_value.find("coding")) {
    for (const JsonValue coding : codings->children()) {
      Coding one{text_of(coding, "system"), text_of(coding, "code")};
      if (!one.code.empty()) {
        to.push_back(std::move(one));
      }
    }
  }
  return to.size() != before;
}

Result<std::optional<fhir::Decimal>> number_of(JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  if (!member) {
    return std::nullopt;
  }
  const auto number =
      member->kind() == JsonKind::number ? fhir::Decimal::parse(member->raw()) : std::nullopt;
  if (!number) {
    return fail(Code::value, fmt::format("{} is no number", key));
  }
  return number;
}

/// Nothing where it has no value, such as one with a data-absent-reason.
Result<std::optional<Quantity>> read_quantity(JsonValue object) {
  TRY(const auto value, number_of(object, "value"));
  if (!value) {
    return std::nullopt;
  }
  Quantity quantity;
  quantity.value = *value;
  const std::string comparator = text_of(object, "comparator");
  if (!comparator.empty()) {
    const auto* const found =
        std::ranges::find(comparators, comparator, [](const auto& row) { return row.first; });
    if (found == comparators.end()) {
      return fail(Code::value, fmt::format("comparator '{}' is none", comparator));
    }
    quantity.comparator = found->second;
  }
  const std::string code = text_of(object, "code");
  const std::string unit = text_of(object, "unit");
  quantity.said = unit.empty() ? code : unit;
  if (text_of(object, "system") == ucum && !code.empty()) {
    quantity.unit = code;
  } else if (!quantity.said.empty()) {
    quantity.unit = std::nullopt;
  }
  return quantity;
}

Result<Range> read_range(JsonValue object, const std::optional<Quantity>& of) {
  Range range;
  if (const auto low = object.find("low")) {
    TRY(range.low, read_quantity(*low));
  }
  if (const auto high = object.find("high")) {
    TRY(range.high, read_quantity(*high));
  }
  if (of && !object.find("low") && !object.find("high")) {
    range = range_in(text_of(object, "text"), *of).value_or(range);
  }
  range.is_usual = !object.find("age") && !object.find("appliesTo");
  if (const auto type = object.find("type")) {
    std::vector<Coding> types;
    range.is_usual =
        range.is_usual && add_codings(types, *type) &&
        std::ranges::all_of(types, [](const Coding& one) { return one.code == "normal"; });
  }
  return range;
}

Result<void> read_value(Measurement& to, JsonValue object) {
  if (const auto quantity = object.find("valueQuantity")) {
    TRY(to.quantity, read_quantity(*quantity));
    to.kind = to.quantity ? ValueKind::quantity : ValueKind::none;
  } else if (const auto whole = object.find("valueInteger")) {
    TRY(const auto value, number_of(object, "valueInteger"));
    to.quantity = Quantity{*value, Comparator::none, std::string(), {}};
    to.kind = ValueKind::quantity;
  } else if (const auto concept_value = object.find("valueCodeableConcept")) {
    to.kind = add_codings(to.answers, *concept_value) ? ValueKind::coded : ValueKind::text;
  } else if (object.find("valueString")) {
    to.kind = ValueKind::text;
  } else {
    constexpr std::array others{"valueBoolean", "valueRange",    "valueRatio", "valueSampledData",
                                "valueTime",    "valueDateTime", "valuePeriod"};
    const bool is_other = std::ranges::any_of(
        others, [&](const char* name) { return object.find(name).has_value(); });
    to.kind = is_other ? ValueKind::other : ValueKind::none;
  }
  return ok();
}

Result<Measurement> read_measurement(JsonValue object) {
  Measurement measurement;
  if (const auto code = object.find("code")) {
    add_codings(measurement.codes, *code);
  }
  TRY_OK(read_value(measurement, object));
  if (const auto flags = object.find("interpretation")) {
    for (const JsonValue flag : flags->children()) {
      add_codings(measurement.flags.emplace_back(), flag);
    }
  }
  if (const auto ranges = object.find("referenceRange")) {
    for (const JsonValue range : ranges->children()) {
      TRY(Range one, read_range(range, measurement.quantity));
      measurement.ranges.push_back(std::move(one));
    }
  }
  return measurement;
}

}  // namespace

Result<Observation> read_observation(JsonValue resource) {
  const auto type = resource.find("resourceType");
  if (!type || !type->equals("Observation")) {
    return fail(Code::unknown_type, "it is no Observation");
  }
  Observation observation;
  TRY(observation.own, read_measurement(resource));
  if (const auto components = resource.find("component")) {
    for (const JsonValue component : components->children()) {
      TRY(Measurement one, read_measurement(component));
      observation.components.push_back(std::move(one));
    }
  }
  observation.has_members = resource.find("hasMember").has_value();
  return observation;
}

std::optional<fhir::Decimal> value_in(const Quantity& quantity,
                                      std::span<const std::string> accepted, std::string_view to,
                                      const std::optional<fhir::Decimal>& grams_per_mole) {
  if (!quantity.unit || std::ranges::find(accepted, *quantity.unit) == accepted.end()) {
    return std::nullopt;
  }
  const auto from =
      fhir::parse_unit(quantity.unit->empty() ? "1" : std::string_view(*quantity.unit));
  const auto into = fhir::parse_unit(to);
  if (!from || !into) {
    return std::nullopt;
  }
  if (fhir::are_comparable(*from, *into)) {
    return fhir::convert(quantity.value, *from, *into);
  }
  const auto grams = fhir::parse_unit("g/L");
  const auto moles = fhir::parse_unit("mol/L");
  if (!grams_per_mole || !fhir::are_comparable(*from, *grams)) {
    return std::nullopt;
  }
  const auto mass = fhir::convert(quantity.value, *from, *grams);
  const auto amount = mass ? divide(*mass, *grams_per_mole) : std::nullopt;
  return amount ? fhir::convert(*amount, *moles, *into) : std::nullopt;
}

std::optional<Coding> coding_in(std::string_view text) {
  const std::size_t bar = text.rfind('|');
  if (bar == std::string_view::npos || bar == 0 || bar + 1 == text.size()) {
    return std::nullopt;
  }
  return Coding{std::string(text.substr(0, bar)), std::string(text.substr(bar + 1))};
}

Result<std::vector<Coding>> read_codings(Fields& fields, std::string_view key) {
  TRY(const auto texts, fields.texts(key));
  std::vector<Coding> all;
  for (const std::string& text : texts) {
    auto code = coding_in(text);
    if (!code) {
      return fields.wrong(*fields.find(key), fmt::format("'{}' is no system|code", text));
    }
    all.push_back(*std::move(code));
  }
  return all;
}

std::string in_lower_case(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return small;
}

std::string unit_text(const Quantity& quantity) {
  return quantity.said.empty() ? "no unit" : quantity.said;
}

}  // namespace holdfast::clinical
