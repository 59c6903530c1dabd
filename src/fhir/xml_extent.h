// fhir/xml_extent.h: where the parts of an XML document stand in its text, to change them there.
// Inside src/fhir only.
#pragma once

#include <cstddef>
#include <cstdint>

#include <pugixml.hpp>

#include "base/bytes.h"
#include "fhir/xml_document.h"

namespace holdfast::fhir {

/// From its first byte to behind its last.
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Of an element, a comment or a section with their marks; of a text as it is.
[[nodiscard]] Extent extent_of(const XmlDocument& document, pugi::xml_node node);
/// With the white space before the attribute, and the quote behind its value.
[[nodiscard]] Extent extent_of(const XmlDocument& document, pugi::xml_attribute attribute);

/// Where something can be put into an element: behind its start tag, before its end tag.
struct Inside {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_closed_at_once = false;  // <a/>: both are the place of its '/'
};

[[nodiscard]] Inside inside_of(const XmlDocument& document, pugi::xml_node element);

/// A change of the text: what stands from `begin` to `end` becomes `text`.
struct Splice {
  std::size_t begin = 0;
  std::size_t end = 0;
  Bytes text;
};

enum class End : std::uint8_t { beginning, end };
/// Puts a text into an element, at one of its ends.
[[nodiscard]] Splice put_inside(const XmlDocument& document, pugi::xml_node element, Bytes text,
                                End where);

}  // namespace holdfast::fhir
