// clinical/shipped.h: the tables of clinical/ as they were when this program was built. All of them
// are drafts: a hospital gives its own, approved by two people.
#pragma once

#include <span>
#include <string_view>

namespace holdfast::clinical {

/// A table as text: the name that its key `table` has to hold, and what its mistakes are told by.
struct TableText {
  std::string_view name;  ///< "news2"
  std::string_view file;  ///< "clinical/news2.toml"
  std::string_view text;
};

/// In the order of their names.
[[nodiscard]] std::span<const TableText> shipped_tables();
/// One of them; there must be one of that name.
[[nodiscard]] const TableText& shipped_table(std::string_view name);

}  // namespace holdfast::clinical
