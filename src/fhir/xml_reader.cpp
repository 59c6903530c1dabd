// XML → JSON: one walk over the document, led by the definitions, which writes as it goes.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/definitions.h"
#include "fhir/json_text.h"
#include "fhir/primitive.h"
#include "fhir/xml.h"
#include "fhir/xml_document.h"
#include "fhir/xml_rows.h"

namespace holdfast::fhir {

namespace {

/// Most texts: neither XML nor JSON says anything in another way in them.
bool means_the_same_in_json(std::string_view written) {
  return std::ranges::none_of(written, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == '&';
  });
}

class XmlToJson {
 public:
  XmlToJson(const XmlDocument& document, XmlOrder order) : document_(document), order_(order) {}

  Result<Bytes> run() {
    out_.reserve(document_.source().size());
    const std::size_t declared = scope_.enter(document_.root());
    TRY_OK(take_resource(document_.root()));
    scope_.leave(declared);
    return std::move(out_);
  }

 private:
  /// What stands at one place of a path: "name", "[0]" behind it where it repeats.
  struct Step {
    std::string_view name;
    std::optional<std::uint32_t> position;
  };
  /// The row that an object is in the midst of, while its elements follow each other. What a
  /// primitive has is written behind the last of them: its values first, then what belongs into _x.
  struct Run {
    const ElementRow* row = nullptr;
    std::uint32_t count = 0;
    Bytes values;
    Bytes siblings;
    bool has_values = false;
    bool has_siblings = false;
    std::vector<const ElementRow*> earlier;  // only where any order will do
  };

  Result<void> take_resource(pugi::xml_node element);
  Result<void> take_only_resource(pugi::xml_node wrapper);
  Result<void> take_elements(pugi::xml_node parent, const StructureRow& in);
  Result<void> take_element(pugi::xml_node element, const StructureRow& in, Run& run);
  Result<void> check_order(pugi::xml_node element, const ElementRow& row, const Run& run) const;
  Result<void> begin_row(pugi::xml_node element, const ElementRow& row, Run& run);
  Result<void> take_value(pugi::xml_node element, Run& run);
  Result<void> take_complex(pugi::xml_node element, const StructureRow& in);
  Result<void> take_primitive(pugi::xml_node element, Run& run);
  Result<void> take_div(pugi::xml_node element, Run& run);
  Result<void> refuse_attributes(pugi::xml_node element, std::string_view of) const;
  Result<void> append_primitive(Bytes& to, const ElementRow& row, pugi::xml_attribute value);
  Result<const ElementRow*> row_of(pugi::xml_node element, const StructureRow& in);
  void close(Run& run);

  void put_key(std::string_view prefix, std::string_view key) {
    if (out_.back() != '{') {
      out_ += ',';
    }
    out_ += '"';
    out_ += prefix;
    out_ += key;
    out_ += "\":";
  }
  void append_string(Bytes& to, std::string_view written) {
    to += '"';
    if (means_the_same_in_json(written)) {
      to += written;
    } else {
      scratch_.clear();
      append_xml_decoded(scratch_, written, XmlText::attribute);
      append_json_escaped(to, scratch_);
    }
    to += '"';
  }

  [[nodiscard]] std::unexpected<Error> refuse(Code code, std::string what,
                                              std::size_t offset) const {
    std::string path;
    for (const Step& step : path_) {
      if (!step.name.empty()) {
        append_step(path, false, 0, step.name);
      }
      if (step.position) {
        append_step(path, true, *step.position, {});
      }
    }
    return fail(code, std::move(what), document_.where(path, offset));
  }
  [[nodiscard]] std::unexpected<Error> refuse(std::string what, pugi::xml_node at) const {
    return refuse(Code::structure, std::move(what), document_.offset(at));
  }

  const XmlDocument& document_;
  const XmlOrder order_;
  XmlScope scope_;
  std::vector<Step> path_;
  Bytes out_;
  Bytes scratch_;
};

bool is_aside(pugi::xml_node node) {
  return node.type() == pugi::node_comment || node.type() == pugi::node_pi;
}

/// The path within the resource is its own, as FHIRPath has it: contained[0].name.
Result<void> XmlToJson::take_resource(pugi::xml_node element) {
  const XmlName name_ = split_name(element.name());
  const bool is_outermost = path_.empty();
  const std::string_view space = scope_.find(name_.prefix).value_or("");
  if (space != fhir_namespace) {
    return refuse(fmt::format("{} is in the namespace \"{}\", not in {}", shown(name_.local),
                              shown(space), fhir_namespace),
                  element);
  }
  const auto type = type_id(name_.local);
  if (!type) {
    return refuse(Code::unknown_type,
                  fmt::format("FHIR R4 has no resource type \"{}\"", shown(name_.local)),
                  document_.offset(element));
  }
  path_.push_back({is_outermost ? name(*type) : std::string_view{}, {}});
  TRY_OK(refuse_attributes(element, name(*type)));
  out_ += fmt::format(R"({{"resourceType":"{}")", name(*type));
  TRY_OK(take_elements(element, structure(structure_of(*type))));
  out_ += '}';
  path_.pop_back();
  return ok();
}

/// Nothing but namespaces, and where a schema lies: a hint that nobody has to follow.
Result<void> XmlToJson::refuse_attributes(pugi::xml_node element, std::string_view of) const {
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const XmlName name_ = split_name(attribute.name());
    const bool is_hint = name_.local == "schemaLocation" && !name_.prefix.empty() &&
                         scope_.find(name_.prefix) == schema_instance_namespace;
    if (!declares_namespace(attribute) && !is_hint) {
      return refuse(Code::structure,
                    fmt::format("{} has no attribute \"{}\"", shown(of), shown(attribute.name())),
                    document_.offset(attribute.name()));
    }
  }
  return ok();
}

/// Bundle.entry.resource, contained: one resource and nothing else.
Result<void> XmlToJson::take_only_resource(pugi::xml_node wrapper) {
  TRY_OK(refuse_attributes(wrapper, split_name(wrapper.name()).local));
  pugi::xml_node only;
  for (const pugi::xml_node node : wrapper.children()) {
    if (is_aside(node)) {
      continue;
    }
    if (node.type() != pugi::node_element) {
      return refuse("text where none may be", node);
    }
    if (only) {
      return refuse("more than one resource", node);
    }
    only = node;
  }
  if (!only) {
    return refuse("there is no resource", wrapper);
  }
  const std::size_t declared = scope_.enter(only);
  TRY_OK(take_resource(only));
  scope_.leave(declared);
  return ok();
}

/// The members of an object, whose brace the caller has opened and will close.
Result<void> XmlToJson::take_elements(pugi::xml_node parent, const StructureRow& in) {
  Run run;
  for (const pugi::xml_node node : parent.children()) {
    if (is_aside(node)) {
      continue;
    }
    if (node.type() != pugi::node_element) {
      return refuse("text where none may be", node);
    }
    const std::size_t declared = scope_.enter(node);
    TRY_OK(take_element(node, in, run));
    scope_.leave(declared);
  }
  close(run);
  return ok();
}

/// The row that a child of `in` belongs to.
Result<const ElementRow*> XmlToJson::row_of(pugi::xml_node element, const StructureRow& in) {
  const XmlName name_ = split_name(element.name());
  const std::string_view space = scope_.find(name_.prefix).value_or("");
  const ElementRow* row = find_row(in, name_.local);
  if (row == nullptr) {
    return refuse(fmt::format("{} has no element \"{}\"", name(in), shown(name_.local)), element);
  }
  if (is_xml_attribute(*row)) {
    return refuse(fmt::format("{} of {} is an attribute", name(*row), name(in)), element);
  }
  const std::string_view wanted =
      row->kind == ElementKind::xhtml ? xhtml_namespace : fhir_namespace;
  if (space != wanted) {
    return refuse(
        fmt::format("{} is in the namespace \"{}\", not in {}", name(*row), shown(space), wanted),
        element);
  }
  return row;
}

Result<void> XmlToJson::take_element(pugi::xml_node element, const StructureRow& in, Run& run) {
  TRY(const ElementRow* row, row_of(element, in));
  TRY_OK(begin_row(element, *row, run));
  path_.push_back({path_name(*row), repeats(*row) ? std::optional(run.count) : std::nullopt});
  TRY_OK(take_value(element, run));
  path_.pop_back();
  ++run.count;
  return ok();
}

/// https://hl7.org/fhir/R4/xml.html: elements always appear in the order of the definition.
Result<void> XmlToJson::check_order(pugi::xml_node element, const ElementRow& row,
                                    const Run& run) const {
  const auto check_against = [&](const ElementRow& earlier) -> Result<void> {
    if (row.choice != 0 && earlier.choice == row.choice && &earlier != &row) {
      return refuse(
          fmt::format("{}[x] occurs once only; there is {} already", path_name(row), name(earlier)),
          element);
    }
    if (order_ == XmlOrder::any ? &row == &earlier : &row < &earlier) {
      return refuse(fmt::format("{} must stand before {}", name(row), name(*run.row)), element);
    }
    return ok();
  };
  for (const ElementRow* earlier : run.earlier) {
    TRY_OK(check_against(*earlier));
  }
  return run.row == nullptr ? ok() : check_against(*run.row);
}

Result<void> XmlToJson::begin_row(pugi::xml_node element, const ElementRow& row, Run& run) {
  if (run.row == &row) {
    if (!repeats(row)) {
      return refuse(fmt::format("{} occurs once at most", name(row)), element);
    }
    if (!is_primitive(row.kind)) {
      out_ += ',';
    }
    return ok();
  }
  TRY_OK(check_order(element, row, run));
  if (order_ == XmlOrder::any && run.row != nullptr) {
    run.earlier.push_back(run.row);
  }
  close(run);
  run.row = &row;
  if (!is_primitive(row.kind)) {
    put_key({}, name(row));
    out_ += repeats(row) ? "[" : "";
  }
  return ok();
}

/// Ends the array of a row, or writes all of a primitive one: x and, beside it, _x.
/// https://hl7.org/fhir/R4/json.html#primitive
void XmlToJson::close(Run& run) {
  if (run.row == nullptr) {
    return;
  }
  const auto put = [&](std::string_view prefix, const Bytes& values) {
    put_key(prefix, name(*run.row));
    out_ += repeats(*run.row) ? "[" : "";
    out_ += values;
    out_ += repeats(*run.row) ? "]" : "";
  };
  if (!is_primitive(run.row->kind)) {
    out_ += repeats(*run.row) ? "]" : "";
  }
  if (run.has_values) {
    put("", run.values);
  }
  if (run.has_siblings) {
    put("_", run.siblings);
  }
  std::vector<const ElementRow*> earlier = std::move(run.earlier);
  run = {};
  run.earlier = std::move(earlier);
}

Result<void> XmlToJson::take_value(pugi::xml_node element, Run& run) {
  switch (run.row->kind) {
    case ElementKind::xhtml: return take_div(element, run);
    case ElementKind::resource: return take_only_resource(element);
    case ElementKind::complex: return take_complex(element, structure({run.row->structure}));
    default: return take_primitive(element, run);
  }
}

Result<void> XmlToJson::take_complex(pugi::xml_node element, const StructureRow& in) {
  out_ += '{';
  for (const pugi::xml_attribute attribute : element.attributes()) {
    if (declares_namespace(attribute)) {
      continue;
    }
    const ElementRow* row = find_row(in, attribute.name());
    if (row == nullptr || !is_xml_attribute(*row)) {
      return refuse(Code::structure,
                    fmt::format("{} has no attribute \"{}\"", name(in), shown(attribute.name())),
                    document_.offset(attribute.name()));
    }
    put_key({}, name(*row));
    append_string(out_, attribute.value());
  }
  TRY_OK(take_elements(element, in));
  if (out_.back() == '{') {
    return refuse("an element must have an attribute or elements", element);
  }
  out_ += '}';
  return ok();
}

Result<void> XmlToJson::take_primitive(pugi::xml_node element, Run& run) {
  pugi::xml_attribute value;
  const std::size_t began = out_.size();
  out_ += '{';
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const std::string_view name_ = attribute.name();
    if (name_ == "value") {
      value = attribute;
    } else if (name_ == "id") {
      put_key({}, "id");
      append_string(out_, attribute.value());
    } else if (!declares_namespace(attribute)) {
      return refuse(Code::structure,
                    fmt::format("{} has no attribute \"{}\"", name(run.row->kind), shown(name_)),
                    document_.offset(attribute.name()));
    }
  }
  TRY_OK(take_elements(element, structure(tables::element_structure)));
  const bool has_sibling = out_.back() != '{';
  out_ += '}';
  if (!value && !has_sibling) {
    return refuse("an element must have a value, an id or extensions", element);
  }
  if (run.count > 0) {
    run.values += ',';
    run.siblings += ',';
  }
  run.siblings += has_sibling ? std::string_view(out_).substr(began) : "null";
  out_.resize(began);
  run.has_siblings = run.has_siblings || has_sibling;
  run.has_values = run.has_values || value;
  if (!value) {
    run.values += "null";
    return ok();
  }
  return append_primitive(run.values, *run.row, value);
}

Result<void> XmlToJson::append_primitive(Bytes& to, const ElementRow& row,
                                         pugi::xml_attribute value) {
  const JsonKind kind = json_kind_of(row.kind);
  if (kind == JsonKind::string) {
    append_string(to, value.value());
    return ok();
  }
  scratch_.clear();
  append_xml_decoded(scratch_, value.value(), XmlText::attribute);
  bool exponent_is_in_range = true;
  const bool is_good = kind == JsonKind::boolean
                           ? scratch_ == "true" || scratch_ == "false"
                           : number_length(scratch_, exponent_is_in_range) == scratch_.size();
  if (!is_good) {
    return refuse(Code::value,
                  fmt::format("{} is no {}: \"{}\"", name(row), name(row.kind), shown(scratch_)),
                  document_.offset(value.value()));
  }
  to += scratch_;
  return ok();
}

/// https://hl7.org/fhir/R4/narrative.html#xhtml: the element with its tags, as it was written.
Result<void> XmlToJson::take_div(pugi::xml_node element, Run& run) {
  TRY_OK(document_.check_xhtml(element));
  constexpr std::string_view tag = "<div";
  const BytesView written = document_.written(element);
  run.values += "\"<div";
  if (!element.attribute("xmlns")) {
    append_json_escaped(run.values, fmt::format(" xmlns=\"{}\"", xhtml_namespace));
  }
  append_json_escaped(run.values, written.substr(tag.size()));
  run.values += '"';
  run.has_values = true;
  return ok();
}

}  // namespace

Result<Bytes> json_from_xml(BytesView xml, XmlOrder order) {
  XmlDocument document;
  TRY_OK(document.read(xml));
  return XmlToJson(document, order).run();
}

}  // namespace holdfast::fhir
