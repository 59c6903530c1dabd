// fhir/extract.h: which values of a resource the indexes hold, found before it is decided upon.
//
// A reference is known here as the place where it stands. Where it leads may be known only later:
// decide() resolves urn:uuid and conditional references (fhir/sites.h). Contained resources and the
// entries of a Bundle contribute nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/search_params.h"
#include "fhir/selector.h"
#include "fhir/sites.h"
#include "fhir/type.h"

namespace holdfast::fhir {

struct ExtractedValue {
  IndexId index;
  Selected value;
};

struct Extraction {
  std::vector<ExtractedValue> values;  ///< in document order within an index
  /// A Patient lies in its own compartment, whatever its links say.
  bool is_patient = false;

  /// Empties it and keeps the memory.
  void clear();
};

/// True where decide() may put another text: the type and id behind it are not known yet.
[[nodiscard]] constexpr bool is_hole(SiteKind kind) {
  return kind == SiteKind::urn || kind == SiteKind::conditional;
}

/// Sites and extraction of one resource, in one walk; both are emptied first. Offsets of the sites
/// are relative to the resource's first byte in the document as it is now: minify first.
/// For a resource that check_resource() has passed; of any other JSON it takes what it can.
void examine(JsonValue resource, const SearchParams& params, Sites& sites, Extraction& extraction);

/// The same with check_resource() in the same walk, for a document that was minified when it came,
/// whose lines say nothing anyway. On failure sites and extraction mean nothing.
[[nodiscard]] Result<void> check_and_examine(JsonValue resource, const SearchParams& params,
                                             Sites& sites, Extraction& extraction);

}  // namespace holdfast::fhir
