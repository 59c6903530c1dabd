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

}  // namespace holdfast::fhir
