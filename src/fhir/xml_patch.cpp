#include "fhir/xml_patch.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/xml.h"
#include "fhir/xml_document.h"
#include "fhir/xml_extent.h"
#include "fhir/xml_select.h"

namespace holdfast::fhir {

namespace {

/// One operation, as its element says it. https://www.rfc-editor.org/rfc/rfc5261#section-4
class Operation {
 public:
  Operation(const XmlDocument& patch, pugi::xml_node element, const XmlScope& scope)
      : patch_(patch), element_(element), scope_(scope) {}

  /// The change of that document.
  Result<Splice> read(const XmlDocument& document) const {
    TRY_OK(check_attributes());
    TRY(const std::vector<XmlStep> path, parse_selector(attribute("sel"), scope_));
    const std::vector<XmlSelected> selected = select(document, path);
    if (selected.empty()) {
      return fail(Code::unmatched, "the selector selects nothing");
    }
    if (selected.size() > 1) {
      return fail(Code::value,
                  fmt::format("the selector selects {} nodes; it must name one", selected.size()));
    }
    const std::string_view name = split_name(element_.name()).local;
    if (name == "add") {
      return element_.attribute("type") ? add_attribute(document, selected[0])
                                        : add(document, selected[0]);
    }
    return name == "replace" ? replace(document, selected[0]) : remove(document, selected[0]);
  }

 private:
  [[nodiscard]] std::string attribute(const char* name) const {
    Bytes value;
    append_xml_decoded(value, element_.attribute(name).value(), XmlText::attribute);
    return value;
  }

  Result<void> check_attributes() const;
  Result<Splice> add(const XmlDocument& document, const XmlSelected& to) const;
  Result<Splice> add_attribute(const XmlDocument& document, const XmlSelected& to) const;
  Result<Splice> replace(const XmlDocument& document, const XmlSelected& what) const;
  Result<Splice> remove(const XmlDocument& document, const XmlSelected& what) const;
  [[nodiscard]] Result<Bytes> text_content() const;
  [[nodiscard]] Bytes content_for(pugi::xml_node parent) const;
  [[nodiscard]] Bytes declared(pugi::xml_node element, pugi::xml_node parent) const;

  const XmlDocument& patch_;
  pugi::xml_node element_;
  const XmlScope& scope_;
};

Result<void> Operation::check_attributes() const {
  const std::string_view name = split_name(element_.name()).local;
  if (name != "add" && name != "replace" && name != "remove") {
    return fail(Code::value, "an operation is add, replace or remove");
  }
  for (const pugi::xml_attribute attribute : element_.attributes()) {
    const std::string_view known = attribute.name();
    const bool fits = known == "sel" || declares_namespace(attribute) ||
                      (name == "add" && (known == "pos" || known == "type")) ||
                      (name == "remove" && known == "ws");
    if (!fits) {
      return fail(Code::structure, fmt::format("{} has no attribute \"{}\"", name, shown(known)));
    }
  }
  if (!element_.attribute("sel")) {
    return fail(Code::required, fmt::format("{} has a sel", name));
  }
  return ok();
}

/// The content where it has to be text alone.
Result<Bytes> Operation::text_content() const {
  Bytes text;
  for (const pugi::xml_node node : element_.children()) {
    if (node.type() == pugi::node_pcdata) {
      append_xml_decoded(text, node.value(), XmlText::content);
    } else if (node.type() == pugi::node_cdata) {
      text += node.value();
    } else {
      return fail(Code::structure, "the content is text alone here");
    }
  }
  return text;
}

/// An element of the content as text that means the same below `parent`: with the namespaces that
/// it has from further out in the patch.
Bytes Operation::declared(pugi::xml_node element, pugi::xml_node parent) const {
  std::set<std::string_view> prefixes;
  const auto note = [&](std::string_view name) {
    if (const std::string_view prefix = split_name(name).prefix;
        prefix != "xml" && prefix != "xmlns") {
      prefixes.insert(prefix);
    }
  };
  for (pugi::xml_node at = element; at;) {
    note(at.type() == pugi::node_element ? at.name() : "xml:");
    for (const pugi::xml_attribute attribute : at.attributes()) {
      if (!split_name(attribute.name()).prefix.empty()) {
        note(attribute.name());
      }
    }
    if (at.first_child()) {
      at = at.first_child();
      continue;
    }
    while (at != element && !at.next_sibling()) {
      at = at.parent();
    }
    at = at == element ? pugi::xml_node() : at.next_sibling();
  }
  Bytes text(patch_.written(element));
  const std::size_t behind_name = 1 + std::string_view(element.name()).size();
  for (const std::string_view prefix : prefixes) {
    const std::string declaration =
        prefix.empty() ? std::string("xmlns") : fmt::format("xmlns:{}", prefix);
    const auto wanted = scope_.find(prefix);
    if (wanted && !element.attribute(declaration.c_str()) &&
        namespace_at(parent, prefix) != *wanted) {
      text.insert(behind_name, fmt::format(" {}=\"{}\"", declaration, *wanted));
    }
  }
  return text;
}

/// All of the content, to stand below `parent`.
Bytes Operation::content_for(pugi::xml_node parent) const {
  const Inside inside = inside_of(patch_, element_);
  Bytes content;
  std::size_t copied = inside.begin;
  for (const pugi::xml_node node : element_.children()) {
    if (node.type() == pugi::node_element) {
      const Extent extent = extent_of(patch_, node);
      content += patch_.source().substr(copied, extent.begin - copied);
      content += declared(node, parent);
      copied = extent.end;
    }
  }
  content += patch_.source().substr(copied, inside.end - copied);
  return content;
}

/// https://www.rfc-editor.org/rfc/rfc5261#section-4.3
Result<Splice> Operation::add(const XmlDocument& document, const XmlSelected& to) const {
  const std::string pos = attribute("pos");
  if (to.attribute) {
    return fail(Code::value, "nothing can be added to an attribute; replace it");
  }
  if (pos == "before" || pos == "after") {
    const Extent extent = extent_of(document, to.node);
    const std::size_t at = pos == "before" ? extent.begin : extent.end;
    return Splice{at, at, content_for(to.node.parent())};
  }
  if (!pos.empty() && pos != "prepend") {
    return fail(Code::value,
                fmt::format("there is no pos \"{}\": before, after or prepend", shown(pos)));
  }
  if (to.node.type() != pugi::node_element) {
    return fail(Code::value, "only an element has something in it");
  }
  return put_inside(document, to.node, content_for(to.node),
                    pos == "prepend" ? End::beginning : End::end);
}

Result<Splice> Operation::add_attribute(const XmlDocument& document, const XmlSelected& to) const {
  const std::string type = attribute("type");
  constexpr std::string_view namespace_axis = "namespace::";
  std::string name;
  if (type.starts_with('@')) {
    name = type.substr(1);
  } else if (type.starts_with(namespace_axis)) {
    name = fmt::format("xmlns:{}", type.substr(namespace_axis.size()));
  }
  if (!is_qualified_name(name) || name.find_first_of(" \t\r\n=\"'<>/&") != std::string::npos) {
    return fail(Code::value,
                fmt::format("there is no type \"{}\": @name or namespace::prefix", shown(type)));
  }
  if (element_.attribute("pos")) {
    return fail(Code::structure, "an attribute has no pos");
  }
  if (to.attribute || to.node.type() != pugi::node_element) {
    return fail(Code::value, "only an element has attributes");
  }
  if (to.node.attribute(name.c_str())) {
    return fail(Code::value, fmt::format("there is a {} already; replace it", shown(name)));
  }
  TRY(const Bytes value, text_content());
  Bytes text = fmt::format(" {}=\"", name);
  append_xml_escaped(text, value);
  text += '"';
  const std::size_t at = document.offset(to.node) + 1 + std::string_view(to.node.name()).size();
  return Splice{at, at, std::move(text)};
}

/// https://www.rfc-editor.org/rfc/rfc5261#section-4.4
Result<Splice> Operation::replace(const XmlDocument& document, const XmlSelected& what) const {
  if (what.attribute) {
    TRY(const Bytes value, text_content());
    const std::size_t begin = document.offset(what.attribute.value());
    Splice splice{begin, begin + std::string_view(what.attribute.value()).size(), {}};
    append_xml_escaped(splice.text, value);
    // The value may have stood in single quotes, which stay.
    for (std::size_t at = splice.text.find('\''); at != Bytes::npos;
         at = splice.text.find('\'', at)) {
      splice.text.replace(at, 1, "&apos;");
    }
    return splice;
  }
  const Extent extent = extent_of(document, what.node);
  const pugi::xml_node_type type = what.node.type();
  if (type == pugi::node_element || type == pugi::node_comment) {
    const pugi::xml_node only = element_.first_child();
    if (!only || only.next_sibling() || only.type() != type) {
      return fail(Code::structure, fmt::format("the content is one {} here",
                                               type == pugi::node_element ? "element" : "comment"));
    }
    const Extent inner = extent_of(patch_, only);
    return Splice{extent.begin, extent.end,
                  type == pugi::node_element
                      ? declared(only, what.node.parent())
                      : Bytes(patch_.source().substr(inner.begin, inner.end - inner.begin))};
  }
  TRY(const Bytes value, text_content());
  Splice splice{extent.begin, extent.end, {}};
  append_xml_escaped(splice.text, value);
  return splice;
}

/// https://www.rfc-editor.org/rfc/rfc5261#section-4.5
Result<Splice> Operation::remove(const XmlDocument& document, const XmlSelected& what) const {
  if (element_.first_child()) {
    return fail(Code::structure, "remove has no content");
  }
  if (what.node == document.root() && !what.attribute) {
    return fail(Code::value, "the whole document cannot be taken away");
  }
  Extent extent =
      what.attribute ? extent_of(document, what.attribute) : extent_of(document, what.node);
  const std::string ws = attribute("ws");
  if (!ws.empty() && ws != "before" && ws != "after" && ws != "both") {
    return fail(Code::value,
                fmt::format("there is no ws \"{}\": before, after or both", shown(ws)));
  }
  const BytesView source = document.source();
  std::size_t begin = extent.begin;
  std::size_t end = extent.end;
  while (begin > 0 && is_xml_space(source[begin - 1])) {
    --begin;
  }
  while (end < source.size() && is_xml_space(source[end])) {
    ++end;
  }
  const bool before = ws == "before" || ws == "both";
  const bool after = ws == "after" || ws == "both";
  const bool has_before = begin < extent.begin && source[begin - 1] == '>';
  const bool has_after = end > extent.end && source[end] == '<';
  if (what.attribute ? !ws.empty() : (before && !has_before) || (after && !has_after)) {
    return fail(Code::unmatched, fmt::format("there is no white space where ws=\"{}\" says", ws));
  }
  return Splice{before ? begin : extent.begin, after ? end : extent.end, {}};
}

/// The text under way, always read: it is XML before and after every operation.
class Patching {
 public:
  explicit Patching(BytesView document) : text_(document) {}

  Result<void> read() {
    read_bytes_ += text_.size();
    if (read_bytes_ > xml_patch_bytes_max) {
      return fail(Code::too_costly,
                  fmt::format("more operations than a document of {} bytes takes", text_.size()));
    }
    return document_.read(text_);
  }

  Result<void> apply(const Operation& operation) {
    TRY(const Splice splice, operation.read(document_));
    Bytes changed(document_.source());
    changed.replace(splice.begin, splice.end - splice.begin, splice.text);
    text_ = std::move(changed);
    return read();
  }

  [[nodiscard]] Bytes take() { return std::move(text_); }

 private:
  Bytes text_;
  XmlDocument document_;
  std::size_t read_bytes_ = 0;
};

/// "operation 3 (remove f:Patient/f:name): …"
Error located(Error error, const XmlDocument& patch, pugi::xml_node element, std::size_t number) {
  Bytes sel;
  append_xml_decoded(sel, element.attribute("sel").value(), XmlText::attribute);
  error.what = fmt::format("operation {} ({} {}): {}", number,
                           shown(split_name(element.name()).local), shown(sel), error.what);
  error.where = patch.where({}, patch.offset(element));
  return error;
}

}  // namespace

Result<Bytes> apply_xml_patch(BytesView document, BytesView patch) {
  XmlDocument read;
  TRY_OK(read.read(patch));
  const auto refuse = [&](Code code, std::string what, pugi::xml_node at) {
    return fail(code, std::move(what), read.where({}, read.offset(at)));
  };
  const std::string_view name = split_name(read.root().name()).local;
  if (name != "patch" && name != "diff") {
    return refuse(Code::structure,
                  fmt::format("an XML Patch is an element patch or diff, not {}", shown(name)),
                  read.root());
  }
  Patching patching(document);
  TRY_OK(patching.read());
  XmlScope scope;
  const std::size_t outer = scope.enter(read.root());
  std::size_t number = 0;
  for (const pugi::xml_node element : read.root().children()) {
    if (element.type() == pugi::node_comment || element.type() == pugi::node_pi) {
      continue;
    }
    if (element.type() != pugi::node_element) {
      return refuse(Code::structure, "text where none may be", element);
    }
    if (++number > xml_patch_operations_max) {
      return refuse(Code::too_large,
                    fmt::format("more than {} operations", xml_patch_operations_max), element);
    }
    const std::size_t inner = scope.enter(element);
    if (auto done = patching.apply(Operation(read, element, scope)); !done) {
      return fail(located(std::move(done).error(), read, element, number));
    }
    scope.leave(inner);
  }
  scope.leave(outer);
  if (number == 0) {
    return refuse(Code::required, "the patch has no operation", read.root());
  }
  return patching.take();
}

}  // namespace holdfast::fhir
