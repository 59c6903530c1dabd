#include "fhir/validation/base_rules.h"

#include "base/check.h"
#include "fhir/path/compile.h"
#include "fhir/terminology/bindings.h"

namespace holdfast::fhir::validation {
namespace {

std::span<const InvariantRow> structure_table() {
  return {tables::structure_invariants, tables::structure_invariant_count};
}
std::span<const InvariantRow> element_table() {
  return {tables::element_invariants, tables::element_invariant_count};
}

std::vector<BaseRule> compiled(std::span<const InvariantRow> rows, path::TypeRef type) {
  std::vector<BaseRule> rules;
  rules.reserve(rows.size());
  for (const InvariantRow& row : rows) {
    path::CompileOptions options;
    options.type = type;
    options.rigor = path::Rigor::lenient;  // they are written for several types at once
    auto program = path::compile(text(row.expression), options);
    check(program.has_value(), "the invariants of the base definitions compile");
    rules.push_back({&row, *std::move(program)});
  }
  return rules;
}

std::uint16_t number_of(const ElementRow& element) {
  return static_cast<std::uint16_t>(&element - fhir::tables::elements);
}

}  // namespace

BaseRules::BaseRules(const terminology::Terminology& terminology)
    : terminology_(terminology),
      facts_(fhir::tables::element_count),
      structures_(std::make_unique<Slot[]>(fhir::tables::structure_count)),
      elements_(std::make_unique<Slot[]>(tables::element_invariant_count)) {
  for (const InvariantRow& row : element_table()) {
    facts_[row.owner].has_rules = true;
  }
  for (std::uint32_t i = 0; i < fhir::tables::element_count; ++i) {
    const ElementRow& row = fhir::tables::elements[i];
    const auto binding = terminology::binding_of(row);
    facts_[i].is_bound = binding && (binding->strength == terminology::Strength::required ||
                                     binding->strength == terminology::Strength::extensible ||
                                     !binding->widest_url.empty());
    facts_[i].has_targets = row.kind == ElementKind::complex &&
                            StructureId{row.structure} == fhir::tables::reference_structure &&
                            !target_types(row.targets).empty();
  }
}

std::span<const BaseRule> BaseRules::of(StructureId structure) const {
  Slot& slot = structures_[structure.value];
  std::call_once(slot.once, [&] {
    slot.rules =
        compiled(invariants_of(structure_table(), structure.value), path::type_of(structure));
  });
  return slot.rules;
}

std::span<const BaseRule> BaseRules::of(const ElementRow& element) const {
  const auto rows = invariants_of(element_table(), number_of(element));
  if (rows.empty()) {
    return {};
  }
  Slot& slot = elements_[static_cast<std::size_t>(rows.data() - tables::element_invariants)];
  std::call_once(slot.once, [&] { slot.rules = compiled(rows, path::type_of(element)); });
  return slot.rules;
}

BoundSets BaseRules::binding(const ElementRow& element) const {
  const auto binding = terminology::binding_of(element);
  check(binding.has_value(), "the element is bound");
  const auto found = [&](std::optional<terminology::SetNumber> number,
                         std::string_view url) -> std::optional<terminology::ValueSetId> {
    if (number) {
      return terminology_.value_set(*number);
    }
    const auto other = url.empty() ? Result<terminology::ValueSetId>(fail(Code::not_found, ""))
                                   : terminology_.value_set(url);
    return other ? std::optional(*other) : std::nullopt;
  };
  return {binding->strength, binding->url, found(binding->set, binding->url), binding->widest_url,
          found(binding->widest, binding->widest_url)};
}

}  // namespace holdfast::fhir::validation
