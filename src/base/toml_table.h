// base/toml_table.h: what a key of a TOML table holds, or why it does not.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/result.h"
#include "base/text.h"

namespace holdfast {

/// Code::usage: a sentence that goes on behind the name of the key.
[[nodiscard]] inline Result<std::string> text_in(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return *text;
  }
  return fail(Code::usage, "is no text");
}

[[nodiscard]] inline Result<std::vector<std::string>> texts_in(const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || array->empty()) {
    return fail(Code::usage, "is no list of texts");
  }
  std::vector<std::string> texts;
  for (const toml::node& one : *array) {
    TRY(auto text, text_in(one));
    texts.push_back(std::move(text));
  }
  return texts;
}

[[nodiscard]] inline Result<std::int64_t> number_in(const toml::node& node, std::int64_t least,
                                                    std::int64_t most) {
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < least || *number > most) {
    return fail(Code::usage, fmt::format("is no whole number from {} to {}", least, most));
  }
  return *number;
}

[[nodiscard]] inline Result<bool> truth_in(const toml::node& node) {
  if (const auto truth = node.value_exact<bool>()) {
    return *truth;
  }
  return fail(Code::usage, "is neither true nor false");
}

/// One key of a table and what it sets.
template <class Setting>
struct TableKey {
  std::string_view name;
  Result<void> (*set)(Setting&, const toml::node&);
};

/// Sets what the table says. Code::usage names the key that is not known, with the one that was
/// probably meant, or the key and what is wrong with its value.
template <class Setting, std::size_t count>
[[nodiscard]] Result<void> read_table(Setting& setting, const toml::table& table,
                                      const std::array<TableKey<Setting>, count>& keys,
                                      std::string_view help) {
  for (const auto& [name, node] : table) {
    const auto key = std::ranges::find(keys, name.str(), &TableKey<Setting>::name);
    if (key == keys.end()) {
      std::vector<std::string_view> known;
      for (const auto& one : keys) {
        known.push_back(one.name);
      }
      const auto meant = nearest(name.str(), known);
      return fail(Code::usage, fmt::format("there is no key '{}'{}", name.str(),
                                           meant ? fmt::format("; did you mean '{}'?", *meant)
                                                 : fmt::format("; it has {}", help)));
    }
    if (const auto done = key->set(setting, node); !done) {
      return fail(Code::usage, fmt::format("{} {}", name.str(), done.error().what));
    }
  }
  return ok();
}

}  // namespace holdfast
