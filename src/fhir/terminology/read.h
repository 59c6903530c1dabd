// fhir/terminology/read.h: small things that reading systems, value sets and maps share. Inside
// this folder only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/terminology/layer.h"

namespace holdfast::fhir::terminology {

/// An open-addressed table of 1 + index, at most two thirds full.
class SlotTable {
 public:
  explicit SlotTable(std::size_t count);
  void add(std::string_view text, std::uint32_t index);
  [[nodiscard]] unsigned bits() const { return bits_; }
  [[nodiscard]] std::vector<std::uint32_t> take() { return std::move(slots_); }

 private:
  unsigned bits_ = 1;
  std::vector<std::uint32_t> slots_;
};

/// The string of that name; empty where there is none.
[[nodiscard]] std::string text_of(JsonValue object, std::string_view key);
/// The same; Code::required where there is none.
[[nodiscard]] Result<std::string> needed_text(JsonValue object, std::string_view key);

/// Writes the slots of a system whose concepts are all there.
void index_codes(Rows& rows, SystemRow& row);

}  // namespace holdfast::fhir::terminology
