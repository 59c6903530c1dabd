// fhir/xml.h: FHIR XML in and out. JSON stays the one form that everything else works on: what
// comes as XML becomes JSON before it is looked at further, and JSON becomes XML on its way out.
//
// Both ways are led by the definitions; numbers, texts and narratives keep their characters. A
// narrative's <div> keeps its bytes as they came, so that JSON → XML → JSON gives the same values.
//
// https://hl7.org/fhir/R4/xml.html, https://hl7.org/fhir/R4/json.html
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir {

/// One XML body: as much as of JSON.
constexpr std::size_t xml_bytes_max = json_bytes_max;
/// Elements, attributes, comments and instructions of one document, counted before it is read: they
/// take 64 bytes each. Synthea's Bundles spend 30 bytes a piece, so the bytes above end first.
constexpr std::size_t xml_pieces_max = std::size_t{2} << 20U;
/// Elements inside each other, those of a narrative included. A FHIR element costs a level or two
/// of JSON, so json_depth_max ends what is FHIR first.
constexpr std::size_t xml_depth_max = 256;

/// FHIR demands the order of the definition, and whoever sends has to keep it. Files that people
/// made by hand do not always: with `any`, elements of one name need only follow each other.
enum class XmlOrder : std::uint8_t { of_definition, any };

/// The JSON of a FHIR resource in XML, minified, members in the order of the elements. It goes
/// through JsonReader and check_resource() as if it had come as JSON: here is refused only what is
/// not XML, and what has no JSON. `where` of an Error names path, line and column.
///
/// Code::syntax       not well-formed XML 1.0 in UTF-8 (a byte order mark is taken); another
///                    encoding, by name; a document type, an entity other than the five of XML and
///                    numbers; an instruction that names another document
/// Code::structure    another namespace; an element or attribute that is unknown, in the wrong
///                    place, out of order or once too often; text where none may be; an empty one
/// Code::unknown_type no such resource type
/// Code::value        a boolean or number that is none
/// Code::too_large    over a limit above
[[nodiscard]] Result<Bytes> json_from_xml(BytesView xml, XmlOrder order = XmlOrder::of_definition);

/// How lines are broken: not at all, or one an element, two blanks a level. A narrative stays.
enum class XmlLayout : std::uint8_t { dense, indented };

/// The XML of a resource that check_resource() takes: declaration, then the resource in the
/// namespace http://hl7.org/fhir. Code::structure for what is no resource. Code::unsupported for
/// what JSON can say and XML cannot: control characters, extensions of an id or url that XML has as
/// an attribute, a narrative that is no XML.
[[nodiscard]] Result<Bytes> xml_from_json(JsonValue resource, XmlLayout layout = XmlLayout::dense);

}  // namespace holdfast::fhir
