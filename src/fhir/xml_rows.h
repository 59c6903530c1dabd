// fhir/xml_rows.h: what the two ways of XML ask of a row. Inside src/fhir only.
#pragma once

#include "fhir/definitions.h"

namespace holdfast::fhir {

/// The id of everything but a resource, and Extension.url: representation xmlAttr in the
/// definitions. The value and id of a primitive are attributes as well, but no rows.
/// https://hl7.org/fhir/R4/xml.html
[[nodiscard]] inline bool is_xml_attribute(const ElementRow& row) {
  const StructureId of{row.structure_of};
  return name(row) == "id" ? structure(of).is_resource == 0
                           : of == tables::extension_structure && name(row) == "url";
}

[[nodiscard]] inline bool repeats(const ElementRow& row) { return (row.flags & row_repeats) != 0; }

}  // namespace holdfast::fhir
