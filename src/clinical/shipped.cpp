#include "clinical/shipped.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::clinical {

const TableText& shipped_table(std::string_view name) {
  const auto tables = shipped_tables();
  const auto found = std::ranges::find(tables, name, &TableText::name);
  check(found != tables.end(), "a table of that name is shipped");
  return *found;
}

}  // namespace holdfast::clinical
