// fhir/xml_select.h: the part of XPath 1.0 that XML Patch needs to name one node. Inside src/fhir
// only.
//
//   path      = ["/"] step *("/" step)
//   step      = (name / "*" / "text()" / "comment()") *predicate / "@" name    (the last one)
//   predicate = "[" number "]" / "[" path-without-predicates ["/" "@" name] "=" literal "]"
//             / "[" "@" name "=" literal "]" / "[" "." "=" literal "]"
//
// https://www.rfc-editor.org/rfc/rfc5261#section-4.1; a name without a prefix is in the default
// namespace of the patch (section 4.2.1), and f is FHIR where the patch does not say otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

#include "base/result.h"
#include "fhir/xml_document.h"

namespace holdfast::fhir {

constexpr std::size_t selector_bytes_max = 4096;

struct XmlPredicate;

struct XmlStep {
  enum class Kind : std::uint8_t { element, any_element, attribute, text, comment };
  Kind kind{};
  std::string space;  ///< namespace of an element or attribute
  std::string local;
  std::vector<XmlPredicate> predicates;
};

/// A position, from 1; or where `position` is 0, a path from the node whose value is `value`.
struct XmlPredicate {
  std::size_t position = 0;
  std::vector<XmlStep> path;
  std::string value;
};

/// Reads a selector; `scope` says what the prefixes mean. Code::value for what is none,
/// Code::unsupported for the rest of XPath, as far as it is told from nonsense.
[[nodiscard]] Result<std::vector<XmlStep>> parse_selector(std::string_view text,
                                                          const XmlScope& scope);

/// One node, or one attribute of it.
struct XmlSelected {
  pugi::xml_node node;
  pugi::xml_attribute attribute;
};
/// All that the path leads to from the document, in its order.
[[nodiscard]] std::vector<XmlSelected> select(const XmlDocument& document,
                                              const std::vector<XmlStep>& path);

/// The namespace that a prefix has at an element of the document; "" where it has none.
[[nodiscard]] std::string_view namespace_at(pugi::xml_node element, std::string_view prefix);

}  // namespace holdfast::fhir
