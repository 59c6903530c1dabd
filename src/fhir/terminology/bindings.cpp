#include "fhir/terminology/bindings.h"

#include <array>

namespace holdfast::fhir::terminology {
namespace {

std::string_view url_of(std::uint16_t set) {
  const char* texts = reinterpret_cast<const char*>(tables::texts);
  if (set < tables::value_set_count) {
    return text_at(texts, tables::value_sets[set].url);
  }
  return text_at(texts, tables::sets_elsewhere[set - tables::value_set_count]);
}

std::optional<SetNumber> number_of(std::uint16_t set) {
  return set < tables::value_set_count ? std::optional(SetNumber{set}) : std::nullopt;
}

}  // namespace

std::optional<Binding> binding_of(const ElementRow& element) {
  const BindingRow& row = tables::bindings[&element - fhir::tables::elements];
  if (row.value_set == no_value_set) {
    return std::nullopt;
  }
  Binding binding{row.strength, url_of(row.value_set), number_of(row.value_set), {}, {}};
  if (row.widest != no_value_set) {
    binding.widest_url = url_of(row.widest);
    binding.widest = number_of(row.widest);
  }
  return binding;
}

std::string_view name(Strength strength) {
  constexpr std::array<std::string_view, 4> names{"required", "extensible", "preferred", "example"};
  return names[static_cast<std::size_t>(strength)];
}

}  // namespace holdfast::fhir::terminology
