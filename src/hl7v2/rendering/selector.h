// hl7v2/rendering/selector.h: paths and conditions of the tables over documents. The paths are
// FHIRPath, checked when the tables were compiled; what an element has not is nothing. Inside
// src/hl7v2/rendering only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hl7v2/rendering/documents.h"
#include "hl7v2/rendering/tables.h"

namespace holdfast::hl7v2 {

using SaidTexts = std::array<std::string_view, out::said_count>;

class Selector {
 public:
  Selector(Documents& documents, const SaidTexts& said)
      : documents_(documents), said_(said), variables_(out::variables) {}

  /// What the path leads to; `here` is the item at hand.
  [[nodiscard]] Items all(std::uint16_t path, const Item& here);
  /// No condition (out::none) holds.
  [[nodiscard]] bool holds(std::uint16_t condition, const Item& here);
  /// For paths that begin at a text.
  [[nodiscard]] static bool is_text(std::uint16_t path) {
    const std::uint16_t start = out::paths[path].start;
    return start >= out::first_text && start != out::this_item;
  }
  [[nodiscard]] std::string_view said(std::uint16_t path) const {
    return said_[static_cast<std::size_t>(out::paths[path].start - out::first_text)];
  }

  /// Names of the members of a value, one bit each: whether a path can lead anywhere from there.
  using Names = std::uint64_t;
  [[nodiscard]] Names names_in(const Item& item) const;
  [[nodiscard]] static bool may_lead(std::uint16_t path, Names names) {
    return (out::paths[path].names & names) != 0 || out::paths[path].names == ~Names{0};
  }
  /// tools/mappings/rendering.py counts the same.
  [[nodiscard]] static Names name_bit(std::string_view name) {
    if (name.empty()) {
      return 0;
    }
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    const std::size_t hash =
        name.size() * 7 + at(0) * 5U + at(name.size() / 2) * 3U + at(name.size() - 1);
    return Names{1} << (hash & 63U);
  }

  [[nodiscard]] Items& variable(std::uint16_t number) { return variables_[number]; }
  [[nodiscard]] Items& variable(out::Variable which) {
    return variables_[static_cast<std::size_t>(which)];
  }
  void say(out::Said which, std::string_view text) {
    said_[static_cast<std::size_t>(which)] = text;
  }

 private:
  void step(const out::StepRow& row, Items& items);
  void members(std::string_view name, Items& items);
  void add_values(const Item& from, std::uint32_t value, Items& to) const;
  [[nodiscard]] bool test(const out::OpRow& op, const Item& here);
  [[nodiscard]] bool compare(const out::OpRow& op, std::string_view text) const;
  [[nodiscard]] bool is_like(const out::OpRow& op, const Item& here);

  Documents& documents_;
  SaidTexts said_;
  std::vector<Items> variables_;
};

}  // namespace holdfast::hl7v2
