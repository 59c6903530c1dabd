// views/forms.h: from a value in a body to what lies in the key of its posting.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "fhir/json.h"
#include "fhir/search_params.h"
#include "fhir/selector.h"

namespace holdfast::views {

/// Forms (views/values.h) of one or several values, one behind the other. Reused.
struct Forms {
  Bytes bytes;
  std::vector<std::uint32_t> ends;
  /// A composite had more combinations than combinations_max: those beyond are missing.
  bool overflow = false;
  void clear() {
    bytes.clear();
    ends.clear();
    overflow = false;
  }
  void end_one() { ends.push_back(static_cast<std::uint32_t>(bytes.size())); }
  [[nodiscard]] std::size_t size() const { return ends.size(); }
  [[nodiscard]] BytesView operator[](std::size_t i) const {
    const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return BytesView(bytes).substr(begin, ends[i] - begin);
  }
};

/// Combinations of one composite value: its codes times its values. One that has more is refused
/// when it is sent.
inline constexpr std::size_t combinations_max = 1024;

/// Appends the forms of `value`, which the resource has in `index`: of a concept one for each
/// coding, of a composite one for each combination of its parts. A value that says nothing (a
/// Period without ends) has none. References by their text as it stands in the body.
void append_forms(Forms& to, fhir::JsonValue resource, const fhir::PathIndex& index,
                  const fhir::Selected& value);

/// The form of a reference that reads `text`; nothing for a fragment or an empty one.
void append_reference_form(Forms& to, std::string_view text, bool is_canonical);

/// The form of Reference.identifier, where the reference has one.
void append_reference_identifier_form(Forms& to, fhir::JsonValue reference);

/// Texts of a string or uri value, unescaped: for whoever compares more than a key holds.
[[nodiscard]] std::string text_of(const fhir::Json& json, const fhir::Selected& value);

}  // namespace holdfast::views
