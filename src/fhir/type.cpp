#include "fhir/type.h"

#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "fhir/definitions.h"

namespace holdfast::fhir {

std::optional<TypeId> type_id(std::string_view wanted) {
  // The structures of the resource types come first, in alphabetical order.
  std::size_t low = 0;
  std::size_t high = type_count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const int order = name(tables::structures[middle]).compare(wanted);
    if (order == 0) {
      return TypeId{static_cast<std::uint8_t>(middle)};
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::string_view name(TypeId type) {
  check(type.value < type_count, "a TypeId names a resource type");
  return name(structure(structure_of(type)));
}

std::optional<ParamId> param_id(std::string_view code) {
  const auto numbers = std::views::iota(std::uint32_t{0}, tables::param_count);
  const auto at = std::ranges::lower_bound(numbers, code, {}, [](std::uint32_t number) {
    return name(ParamId{static_cast<std::uint16_t>(number)});
  });
  if (at == numbers.end()) {
    return std::nullopt;
  }
  const ParamId found{static_cast<std::uint16_t>(*at)};
  return name(found) == code ? std::optional(found) : std::nullopt;
}

std::string_view name(ParamId param) {
  check(param.value < tables::param_count, "a ParamId names a search parameter");
  const std::uint32_t packed = tables::param_names[param.value];
  return pool_text(packed >> 8U, packed & 0xffU);
}

const ParamRow* find_param(TypeId type, ParamId param) {
  const std::span<const ParamRow> all = params(type);
  const auto at = std::ranges::lower_bound(all, param.value, {}, &ParamRow::code);
  return at != all.end() && at->code == param.value ? &*at : nullptr;
}

}  // namespace holdfast::fhir
