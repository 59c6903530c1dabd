// views/extracted.h: from what a resource says about itself to the postings it is found by. The
// holes of the Extraction are filled with what decide() resolved.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "fhir/extract.h"
#include "fhir/sites.h"
#include "fhir/type.h"
#include "model/outcome.h"
#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::views {

/// What the sites of a body read now: the text of a substitution where there is one, otherwise
/// what stands in the body. Borrows everything.
struct SiteTexts {
  BytesView body;
  const fhir::Sites& sites;
  std::span<const Substitution> substitutions;  ///< ascending by site; none for a stored body
  std::span<const std::string> targets;         ///< Outcome::targets
};

/// The index of a search parameter.
[[nodiscard]] constexpr IndexNumber index_of(fhir::ParamId param) {
  return {static_cast<std::uint16_t>(index_number::first_parameter.value + param.value)};
}

/// Empties `postings`, then adds all of the current version `type`/`id`: listing, identifiers,
/// references, patient compartment. The same for a new body with its substitutions and for the
/// stored body that they led to.
void fill_postings(Postings& postings, fhir::TypeId type, std::string_view id,
                   const fhir::Extraction& extraction, const SiteTexts& texts);

}  // namespace holdfast::views
