// views/extracted.h: from what a resource says about itself to the postings it is found by. Nearly
// all of it is settled before the sequencer; what decide() may still replace is settled behind it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "fhir/extract.h"
#include "fhir/search_params.h"
#include "fhir/sites.h"
#include "fhir/type.h"
#include "model/outcome.h"
#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::views {

/// A reference whose text decide() may replace.
struct PendingReference {
  fhir::IndexId index;
  std::uint32_t site = 0;  ///< index into Sites::sites
};

/// The postings of a body, as far as the body alone says them.
struct PreparedPostings {
  Postings settled;
  std::vector<PendingReference> pending;
  /// Patients in whose compartment it lies, of those that are settled; each may come twice.
  std::vector<std::string> patients;
  bool is_patient = false;
  /// It has more combinations than can be indexed (combinations_max): to be refused.
  bool overflow = false;

  void clear();
};

/// Empties `to`, then adds what `extraction` and `sites` of the resource lead to.
void prepare_postings(PreparedPostings& to, fhir::JsonValue resource,
                      const fhir::SearchParams& params, const fhir::Sites& sites,
                      const fhir::Extraction& extraction);

/// What the sites of a body read now: the text of a substitution where there is one, otherwise
/// what stands in the body. Borrows everything.
struct SiteTexts {
  BytesView body;
  const fhir::Sites& sites;
  std::span<const Substitution> substitutions;  ///< ascending by site; none for a stored body
  std::span<const std::string> targets;         ///< Outcome::targets
};

/// Empties `postings`, then adds all of the current version `type`/`id`: listing, values, patient
/// compartment. The same for a new body with its substitutions and for the stored body that they
/// led to.
void fill_postings(Postings& postings, fhir::TypeId type, std::string_view id,
                   const PreparedPostings& prepared, const fhir::SearchParams& params,
                   const SiteTexts& texts);

}  // namespace holdfast::views
