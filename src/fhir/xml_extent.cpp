#include "fhir/xml_extent.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace holdfast::fhir {

Extent extent_of(const XmlDocument& document, pugi::xml_node node) {
  const std::size_t at = document.offset(node);
  const std::size_t bytes = std::string_view(node.value()).size();
  constexpr std::string_view comment_begin = "<!--";
  constexpr std::string_view comment_end = "-->";
  constexpr std::string_view cdata_begin = "<![CDATA[";
  constexpr std::string_view cdata_end = "]]>";
  switch (node.type()) {
    case pugi::node_element: return {at, at + document.written(node).size()};
    case pugi::node_comment: return {at - comment_begin.size(), at + bytes + comment_end.size()};
    case pugi::node_cdata: return {at - cdata_begin.size(), at + bytes + cdata_end.size()};
    default: return {at, at + bytes};
  }
}

Extent extent_of(const XmlDocument& document, pugi::xml_attribute attribute) {
  std::size_t begin = document.offset(attribute.name());
  while (is_xml_space(document.source()[begin - 1])) {
    --begin;
  }
  return {begin,
          document.offset(attribute.value()) + std::string_view(attribute.value()).size() + 1};
}

Inside inside_of(const XmlDocument& document, pugi::xml_node element) {
  const Extent all = extent_of(document, element);
  const std::size_t begin = document.tag_end(all.begin);
  if (document.source()[begin - 2] == '/') {
    return {begin - 2, begin - 2, true};
  }
  return {begin, document.source().rfind("</", all.end - 1), false};
}

Splice put_inside(const XmlDocument& document, pugi::xml_node element, Bytes text, End where) {
  const Inside inside = inside_of(document, element);
  if (inside.is_closed_at_once) {
    return {inside.begin, inside.begin + 2, fmt::format(">{}</{}>", text, element.name())};
  }
  const std::size_t at = where == End::beginning ? inside.begin : inside.end;
  return {at, at, std::move(text)};
}

}  // namespace holdfast::fhir
