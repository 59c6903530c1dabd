// fhir/terminology/grammar.h: systems whose codes follow a grammar: media types, languages, units,
// and the ISO lists of countries and currencies as far as their shape goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::fhir::terminology {

/// Whether the codes of that system are made by a grammar that is checked here, beside any list.
[[nodiscard]] bool has_grammar(std::string_view system);

enum class Fit : std::uint8_t {
  no,     ///< outside the grammar: no code of the system, whatever is registered
  shape,  ///< well-formed, but what it is made of is registered in a list that is not here
  yes,    ///< a code of the system
};
/// Only for a system that has_grammar().
[[nodiscard]] Fit fit(std::string_view system, std::string_view code);

/// RFC 6838 section 4.2 (names) and RFC 9110 section 8.3.1 (parameters): any registered top-level
/// type, any subtype.
[[nodiscard]] Fit fit_media_type(std::string_view code);
/// RFC 5646: `yes` for a language of ISO 639-1, alone or with a country of ISO 3166-1 or a region
/// number; other well-formed tags are `shape`.
[[nodiscard]] Fit fit_language(std::string_view code);
/// The Unified Code for Units of Measure, case-sensitive, https://ucum.org/ucum (version 2.1).
[[nodiscard]] Fit fit_unit(std::string_view code);

}  // namespace holdfast::fhir::terminology
