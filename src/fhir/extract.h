// fhir/extract.h: what a resource contributes to the indexes, taken out before it is decided upon.
//
// A reference is known here as the place where it stands (a site, fhir/sites.h). Where it leads may
// be known only later: decide() resolves urn:uuid and conditional references. So an entry for a
// site that decide replaces is a hole, to be filled with the replacement; an entry for any other
// site counts as it is. Contained resources and the entries of a Bundle contribute nothing.
//
// The tables behind it (definitions.h: states, steps, actions) hold paths for any search
// parameter; those of type reference and the token `identifier` are translated so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "fhir/definitions.h"
#include "fhir/json.h"
#include "fhir/sites.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// One Identifier that the `identifier` parameter of the type selects. Exact bytes, unescaped.
struct ExtractedIdentifier {
  ParamId param;
  Span system;  ///< of Extraction::text; absent where it has none
  Span value;   ///< of Extraction::text; absent where it has none
};

/// One reference, canonical or uri that a reference parameter selects.
struct ExtractedReference {
  ParamId param;
  std::uint32_t site = 0;  ///< index into Sites::sites
  /// Counts only if the site leads to this type (`where(resolve() is Patient)`). Where the site
  /// shows its type this is settled already, and empty; on a hole it must be asked when filled.
  std::optional<TypeId> only;
};

struct Extraction {
  Bytes text;  ///< what the identifiers' spans point into; begins with a byte that means nothing
  std::vector<ExtractedIdentifier> identifiers;
  std::vector<ExtractedReference> references;
  /// Sites through which the resource lies in the compartment of a patient, if they lead to one:
  /// those that name a Patient, and holes. Each site once; two may name the same patient.
  /// https://hl7.org/fhir/R4/compartmentdefinition-patient.html
  std::vector<std::uint32_t> patients;
  /// A Patient lies in its own compartment, whatever its links say.
  bool is_patient = false;

  /// Empties everything and keeps the memory.
  void clear();
};

[[nodiscard]] inline std::string_view text_of(const Extraction& from, Span span) {
  return std::string_view(from.text).substr(span.begin, span.end - span.begin);
}

/// True where decide() may put another text: the type and id behind it are not known yet.
[[nodiscard]] constexpr bool is_hole(SiteKind kind) {
  return kind == SiteKind::urn || kind == SiteKind::conditional;
}

/// Sites and extraction of one resource, in one walk; both are emptied first. Offsets of the sites
/// are relative to the resource's first byte in the document as it is now: minify first.
/// For a resource that check_resource() has passed; of any other JSON it takes what it can.
void examine(JsonValue resource, Sites& sites, Extraction& extraction);

/// The same with check_resource() in the same walk, for a document that was minified when it came,
/// whose lines say nothing anyway. On failure sites and extraction mean nothing.
[[nodiscard]] Result<void> check_and_examine(JsonValue resource, Sites& sites,
                                             Extraction& extraction);

}  // namespace holdfast::fhir
