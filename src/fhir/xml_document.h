// fhir/xml_document.h: strict XML over pugixml, which parses quickly and checks little. What was
// read is one element, well-formed XML 1.0 with namespaces, within the limits of xml.h, and refers
// to nothing outside itself. Inside src/fhir only.
//
// pugixml 1.13 leaves to us: the encoding, characters that XML forbids, duplicate attributes,
// entities (they are left as written and decoded here), '<' in a value, "]]>" and "--", text beside
// the root, namespaces, and every limit. Neither it nor we recurse while reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/xml_text.h"

namespace holdfast::fhir {

constexpr std::string_view fhir_namespace = "http://hl7.org/fhir";
constexpr std::string_view xhtml_namespace = "http://www.w3.org/1999/xhtml";
constexpr std::string_view schema_instance_namespace = "http://www.w3.org/2001/XMLSchema-instance";

/// Namespaces in scope, innermost last. What a prefix means is a part of what was read.
class XmlScope {
 public:
  /// Those that an element declares; as many as it says must leave again.
  [[nodiscard]] std::size_t enter(pugi::xml_node element);
  void leave(std::size_t count) { bound_.resize(bound_.size() - count); }
  /// The namespace of a prefix; "" is the default one. Nothing if it is not declared.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view prefix) const;

 private:
  struct Bound {
    std::string_view prefix;
    std::string_view name;
  };
  std::vector<Bound> bound_;
};

/// xmlns or xmlns:prefix.
[[nodiscard]] bool declares_namespace(pugi::xml_attribute attribute);

class XmlDocument {
 public:
  /// Codes as json_from_xml() says, without those about FHIR. May be used again; the text has to
  /// live as long as it is asked about.
  [[nodiscard]] Result<void> read(BytesView xml);

  [[nodiscard]] pugi::xml_node root() const { return root_; }
  /// As received, without the byte order mark.
  [[nodiscard]] BytesView source() const { return source_; }
  /// The offset in source() of what a pointer of pugixml points to.
  [[nodiscard]] std::size_t offset(const char* in_document) const {
    return static_cast<std::size_t>(in_document - buffer_.data());
  }
  /// Of an element: of its '<'. Of a text: of its first byte.
  [[nodiscard]] std::size_t offset(pugi::xml_node node) const;
  /// A narrative's <div>: neither it nor what is in it has a prefix, another namespace or an
  /// instruction, so it stands for itself wherever it is put.
  [[nodiscard]] Result<void> check_xhtml(pugi::xml_node div) const;
  /// The offset behind the '>' of the tag that begins at an offset.
  [[nodiscard]] std::size_t tag_end(std::size_t begin) const;
  /// An element from its '<' to its last '>', as received.
  [[nodiscard]] BytesView written(pugi::xml_node element) const;
  /// "(line 3, column 17)", behind a path if there is one.
  [[nodiscard]] std::string where(std::string_view path, std::size_t offset) const;

 private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string what, std::size_t offset,
                                              Code code = Code::syntax) const;
  Result<void> check_bytes() const;
  Result<void> check_top();
  Result<void> check_declaration(pugi::xml_node declaration) const;
  Result<void> check_tree() const;
  Result<void> check_node(pugi::xml_node node) const;
  Result<void> check_element(pugi::xml_node element, const XmlScope& scope) const;
  Result<void> check_attributes(pugi::xml_node element, const XmlScope& scope) const;
  Result<void> check_instruction(pugi::xml_node instruction) const;

  BytesView source_;
  Bytes buffer_;  // pugixml writes zeros between the parts, and moves nothing
  pugi::xml_document document_;
  pugi::xml_node root_;
};

}  // namespace holdfast::fhir
