#include "fhir/xml_document.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "fhir/json_text.h"
#include "fhir/xml.h"

namespace holdfast::fhir {

namespace {

constexpr std::string_view xml_prefix_namespace = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Everything as written and nothing left out but white space between tags.
constexpr unsigned parse_options = pugi::parse_cdata | pugi::parse_comments | pugi::parse_pi |
                                   pugi::parse_declaration | pugi::parse_doctype |
                                   pugi::parse_fragment;

bool is_utf8_name(std::string_view name) {
  constexpr std::string_view wanted = "utf-8";
  return std::ranges::equal(name, wanted, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

/// Elements, attributes and the like, before anything is laid out for them.
std::size_t count_pieces(BytesView xml) {
  std::size_t pieces = 0;
  for (std::size_t i = 0; i + 1 < xml.size(); ++i) {
    pieces += static_cast<std::size_t>((xml[i] == '<' && xml[i + 1] != '/') || xml[i] == '=');
  }
  return pieces;
}

}  // namespace

// ---- names ------------------------------------------------------------------------------------

bool declares_namespace(pugi::xml_attribute attribute) {
  const std::string_view name = attribute.name();
  return name == "xmlns" || name.starts_with("xmlns:");
}

std::size_t XmlScope::enter(pugi::xml_node element) {
  std::size_t count = 0;
  for (const pugi::xml_attribute attribute : element.attributes()) {
    if (declares_namespace(attribute)) {
      const XmlName name = split_name(attribute.name());
      bound_.push_back({name.prefix.empty() ? std::string_view{} : name.local, attribute.value()});
      ++count;
    }
  }
  return count;
}

std::optional<std::string_view> XmlScope::find(std::string_view prefix) const {
  for (std::size_t i = bound_.size(); i-- > 0;) {
    if (bound_[i].prefix == prefix) {
      return bound_[i].name;
    }
  }
  if (prefix == "xml") {
    return xml_prefix_namespace;
  }
  return prefix.empty() ? std::optional<std::string_view>("") : std::nullopt;
}

// ---- the document -----------------------------------------------------------------------------

Result<void> XmlDocument::read(BytesView xml) {
  if (xml.size() > xml_bytes_max) {
    return fail(Code::too_large,
                fmt::format("{} bytes of XML; at most {} are read", xml.size(), xml_bytes_max));
  }
  root_ = {};
  source_ = xml.starts_with(byte_order_mark) ? xml.substr(byte_order_mark.size()) : xml;
  TRY_OK(check_bytes());
  buffer_ = source_;
  const pugi::xml_parse_result parsed = document_.load_buffer_inplace(
      buffer_.data(), buffer_.size(), parse_options, pugi::encoding_utf8);
  if (parsed.status == pugi::status_out_of_memory) {
    return fail(Code::overloaded, "no memory to read the XML");
  }
  if (!parsed) {
    std::string what = parsed.description();
    what[0] = what[0] >= 'A' && what[0] <= 'Z' ? static_cast<char>(what[0] - 'A' + 'a') : what[0];
    return refuse("not XML: " + what, static_cast<std::size_t>(parsed.offset));
  }
  TRY_OK(check_top());
  return check_tree();
}

std::unexpected<Error> XmlDocument::refuse(std::string what, std::size_t offset, Code code) const {
  return fail(code, std::move(what), where({}, offset));
}

std::string XmlDocument::where(std::string_view path, std::size_t offset) const {
  return where_text(path, place_in(source_, offset));
}

std::size_t XmlDocument::offset(pugi::xml_node node) const {
  switch (node.type()) {
    case pugi::node_element: return offset(node.name()) - 1;
    case pugi::node_pi:
    case pugi::node_declaration: return offset(node.name()) - 2;
    default: return offset(node.value());
  }
}

Result<void> XmlDocument::check_bytes() const {
  if (const std::string_view encoding = xml_encoding(source_); !is_utf8_name(encoding)) {
    return refuse(fmt::format("the XML is in {}; only UTF-8 is read", shown(encoding)), 0);
  }
  if (const auto bad = find_bad_utf8(source_)) {
    return refuse("the text is not UTF-8", *bad);
  }
  if (const auto bad = find_bad_xml_char(source_)) {
    return refuse("a character that XML does not allow", *bad);
  }
  if (const std::size_t pieces = count_pieces(source_); pieces > xml_pieces_max) {
    return refuse(
        fmt::format("{} elements and attributes; at most {} are read", pieces, xml_pieces_max), 0,
        Code::too_large);
  }
  return ok();
}

/// https://www.w3.org/TR/xml/#NT-document, without a document type.
Result<void> XmlDocument::check_top() {
  for (const pugi::xml_node node : document_.children()) {
    const pugi::xml_node_type type = node.type();
    if (type == pugi::node_declaration) {
      TRY_OK(check_declaration(node));
    } else if (type == pugi::node_doctype) {
      return refuse("a document type (DTD) is not taken: it could define entities",
                    source_.rfind('<', offset(node)));
    } else if (type == pugi::node_element) {
      if (root_) {
        return refuse("a second element beside the first", offset(node));
      }
      root_ = node;
    } else if (type != pugi::node_comment && type != pugi::node_pi) {
      return refuse("text beside the element", offset(node));
    }
  }
  if (!root_) {
    return refuse("there is no XML element", source_.size());
  }
  return ok();
}

/// https://www.w3.org/TR/xml/#NT-XMLDecl; check_bytes() has looked at the encoding.
Result<void> XmlDocument::check_declaration(pugi::xml_node declaration) const {
  constexpr std::array<std::string_view, 3> known{"version", "encoding", "standalone"};
  if (offset(declaration) != 0 || std::string_view(declaration.name()) != "xml") {
    return refuse("<?xml …?> may stand only at the very beginning", offset(declaration));
  }
  std::size_t next = 0;
  for (const pugi::xml_attribute attribute : declaration.attributes()) {
    const auto* found =
        std::find(known.begin() + next, known.end(), std::string_view(attribute.name()));
    if (found == known.end()) {
      return refuse(fmt::format("\"{}\" has no place in <?xml …?>", shown(attribute.name())),
                    offset(attribute.name()));
    }
    next = static_cast<std::size_t>(found - known.begin()) + 1;
  }
  if (const std::string_view version = declaration.attribute("version").value(); version != "1.0") {
    return refuse(fmt::format("XML version \"{}\"; only 1.0 is read", shown(version)), 0);
  }
  return ok();
}

/// Every node in the order of the document, without recursion.
Result<void> XmlDocument::check_tree() const {
  XmlScope scope;
  std::vector<std::size_t> entered;  // how many namespaces each open element has declared
  pugi::xml_node at = document_.first_child();
  while (at) {
    TRY_OK(check_node(at));
    if (at.type() == pugi::node_element) {
      if (entered.size() == xml_depth_max) {
        return refuse(fmt::format("nested more than {} levels deep", xml_depth_max), offset(at),
                      Code::too_large);
      }
      entered.push_back(scope.enter(at));
      TRY_OK(check_element(at, scope));
      if (at.first_child()) {
        at = at.first_child();
        continue;
      }
      scope.leave(entered.back());
      entered.pop_back();
    }
    while (!at.next_sibling() && !entered.empty()) {
      at = at.parent();
      scope.leave(entered.back());
      entered.pop_back();
    }
    at = at.next_sibling();
  }
  return ok();
}

Result<void> XmlDocument::check_node(pugi::xml_node node) const {
  const std::string_view text = node.value();
  switch (node.type()) {
    case pugi::node_pcdata:
      if (const auto bad = find_bad_entity(text)) {
        return refuse("'&' begins none of XML's own entities and no character's number",
                      offset(node) + *bad);
      }
      if (const std::size_t bad = text.find("]]>"); bad != std::string_view::npos) {
        return refuse("\"]]>\" in a text", offset(node) + bad);
      }
      break;
    case pugi::node_comment:
      if (text.find("--") != std::string_view::npos || text.ends_with('-')) {
        return refuse("\"--\" in a comment", offset(node));
      }
      break;
    case pugi::node_pi: return check_instruction(node);
    default: break;
  }
  return ok();
}

Result<void> XmlDocument::check_instruction(pugi::xml_node instruction) const {
  const std::string_view target = instruction.name();
  if (target == "xml-stylesheet" || target == "xml-model") {
    return refuse(fmt::format("<?{} …?> names another document, which is not loaded", target),
                  offset(instruction));
  }
  return ok();
}

Result<void> XmlDocument::check_element(pugi::xml_node element, const XmlScope& scope) const {
  const std::string_view name = element.name();
  if (!is_qualified_name(name)) {
    return refuse(fmt::format("\"{}\" is no name for an element", shown(name)), offset(element));
  }
  if (const std::string_view prefix = split_name(name).prefix; !scope.find(prefix)) {
    return refuse(fmt::format("the prefix \"{}\" is not declared", shown(prefix)), offset(element));
  }
  return check_attributes(element, scope);
}

Result<void> XmlDocument::check_attributes(pugi::xml_node element, const XmlScope& scope) const {
  constexpr std::size_t attributes_max = 256;
  std::vector<std::string_view> names;
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const std::string_view name = attribute.name();
    const std::string_view value = attribute.value();
    if (!is_qualified_name(name)) {
      return refuse(fmt::format("\"{}\" is no name for an attribute", shown(name)),
                    offset(name.data()));
    }
    const std::string_view prefix = split_name(name).prefix;
    if (prefix != "xmlns" && !scope.find(prefix)) {
      return refuse(fmt::format("the prefix \"{}\" is not declared", shown(prefix)),
                    offset(name.data()));
    }
    if (std::ranges::find(names, name) != names.end()) {
      return refuse(fmt::format("the attribute \"{}\" occurs twice", shown(name)),
                    offset(name.data()));
    }
    if (names.size() == attributes_max) {
      return refuse(fmt::format("more than {} attributes", attributes_max), offset(name.data()),
                    Code::too_large);
    }
    names.push_back(name);
    if (const std::size_t bad = value.find('<'); bad != std::string_view::npos) {
      return refuse("'<' in the value of an attribute", offset(value.data()) + bad);
    }
    if (const auto bad = find_bad_entity(value)) {
      return refuse("'&' begins none of XML's own entities and no character's number",
                    offset(value.data()) + *bad);
    }
  }
  return ok();
}

Result<void> XmlDocument::check_xhtml(pugi::xml_node div) const {
  pugi::xml_node at = div;
  while (true) {
    if (at.type() == pugi::node_pi) {
      return refuse("an instruction in a narrative", offset(at));
    }
    if (!split_name(at.name()).prefix.empty()) {
      return refuse("a prefix in a narrative: its elements have none", offset(at), Code::structure);
    }
    for (const pugi::xml_attribute attribute : at.attributes()) {
      const XmlName name = split_name(attribute.name());
      if (!name.prefix.empty() && name.prefix != "xml" && name.prefix != "xmlns") {
        return refuse("a prefix in a narrative: its attributes have none", offset(attribute.name()),
                      Code::structure);
      }
      if (name.prefix.empty() && name.local == "xmlns" && attribute.value() != xhtml_namespace) {
        return refuse(fmt::format("a narrative is in the namespace {}", xhtml_namespace),
                      offset(attribute.name()), Code::structure);
      }
    }
    if (at.first_child()) {
      at = at.first_child();
      continue;
    }
    while (at != div && !at.next_sibling()) {
      at = at.parent();
    }
    if (at == div) {
      return ok();
    }
    at = at.next_sibling();
  }
}

std::size_t XmlDocument::tag_end(std::size_t begin) const {
  std::size_t at = source_.find_first_of(">\"'", begin);
  while (source_[at] != '>') {  // a quoted value may hold one
    at = source_.find(source_[at], at + 1);
    at = source_.find_first_of(">\"'", at + 1);
  }
  return at + 1;
}

BytesView XmlDocument::written(pugi::xml_node element) const {
  const std::size_t begin = offset(element);
  const auto behind = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = source_.find(mark, from);
    check(found != BytesView::npos, "an element that was read is closed");
    return found + mark.size();
  };
  std::size_t depth = 0;
  std::size_t at = begin;
  while (true) {
    const BytesView rest = source_.substr(at);
    if (rest.starts_with("<!--")) {
      at = behind("-->", at + 4);
    } else if (rest.starts_with("<![CDATA[")) {
      at = behind("]]>", at);
    } else if (rest.starts_with("<?")) {
      at = behind("?>", at);
    } else if (rest.starts_with("</")) {
      at = behind(">", at);
      --depth;
    } else {
      ++depth;
      at = tag_end(at);
      depth -= static_cast<std::size_t>(source_[at - 2] == '/');
    }
    if (depth == 0) {
      return source_.substr(begin, at - begin);
    }
    at = source_.find('<', at);
  }
}

}  // namespace holdfast::fhir
