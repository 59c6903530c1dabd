// JSON → XML: each object's members in the order of the definition.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/definitions.h"
#include "fhir/walk.h"
#include "fhir/xml.h"
#include "fhir/xml_document.h"
#include "fhir/xml_rows.h"

namespace holdfast::fhir {

namespace {

constexpr std::size_t shown_bytes_max = 64;

/// A row of an object with what JSON has of it: x, _x or both.
struct Slot {
  const ElementRow* row;
  std::optional<JsonValue> value;
  std::optional<JsonValue> sibling;
};

class JsonToXml {
 public:
  JsonToXml(JsonValue resource, XmlLayout layout)
      : json_(resource.document()), outermost_(resource), layout_(layout) {}

  Result<Bytes> run() {
    out_.reserve(outermost_.raw().size() + outermost_.raw().size() / 2);
    out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    TRY_OK(put_resource(outermost_));
    return std::move(out_);
  }

 private:
  Result<void> put_resource(JsonValue resource);
  Result<void> put_row(const Slot& slot);
  Result<void> put_value(const ElementRow& row, std::optional<JsonValue> value,
                         std::optional<JsonValue> sibling);
  Result<void> put_complex(const ElementRow& row, JsonValue value);
  Result<void> put_primitive(const ElementRow& row, std::optional<JsonValue> value,
                             std::optional<JsonValue> sibling);
  Result<void> put_div(JsonValue value);
  Result<void> put_attributes(const std::vector<Slot>& slots);
  Result<void> put_attribute(std::string_view name, JsonValue value);
  Result<void> put_elements(const std::vector<Slot>& slots, std::string_view name);
  Result<std::vector<Slot>> slots_of(JsonValue object, const StructureRow& in);

  void break_line() {
    if (layout_ == XmlLayout::indented) {
      out_ += '\n';
      out_.append(2 * depth_, ' ');
    }
  }
  [[nodiscard]] std::unexpected<Error> refuse(Code code, std::string what, JsonValue at) const {
    return fail(code, std::move(what),
                where_text(element_path(json_, at.index()), json_.place(at.begin())));
  }

  const Json& json_;
  const JsonValue outermost_;
  const XmlLayout layout_;
  std::size_t depth_ = 0;
  Bytes out_;
  std::string scratch_;
};

/// The members in the order of the definition. Those of the same row are x and _x.
Result<std::vector<Slot>> JsonToXml::slots_of(JsonValue object, const StructureRow& in) {
  std::vector<Slot> slots;
  slots.reserve(object.size());
  for (const JsonValue member : object.children()) {
    std::string unescaped;
    const std::string_view key = member.key(unescaped);
    if (in.is_resource != 0 && key == "resourceType") {
      continue;
    }
    const bool is_sibling = key.starts_with('_');
    const ElementRow* row = find_row(in, is_sibling ? key.substr(1) : key);
    const bool has_no_sibling =
        row != nullptr && (!is_primitive(row->kind) || row->kind == ElementKind::xhtml);
    if (row == nullptr || (is_sibling && has_no_sibling)) {
      return refuse(
          Code::structure,
          fmt::format("{} has no element \"{}\"", name(in), key.substr(0, shown_bytes_max)),
          member);
    }
    auto slot = std::ranges::find(slots, row, &Slot::row);
    if (slot == slots.end()) {
      slot = slots.insert(slots.end(), {row, {}, {}});
    }
    (is_sibling ? slot->sibling : slot->value) = member;
  }
  std::ranges::sort(slots, {}, &Slot::row);  // the rows of a structure lie in order
  return slots;
}

Result<void> JsonToXml::put_resource(JsonValue resource) {
  TRY(const TypeId type, type_of(resource));
  break_line();
  out_ += '<';
  out_ += name(type);
  if (resource.index() == outermost_.index()) {
    out_ += fmt::format(" xmlns=\"{}\"", fhir_namespace);
  }
  TRY(const std::vector<Slot> slots, slots_of(resource, structure(structure_of(type))));
  return put_elements(slots, name(type));
}

/// From behind the start tag's name and attributes: what is in the element, and its end tag.
Result<void> JsonToXml::put_elements(const std::vector<Slot>& slots, std::string_view name_) {
  const auto is_element = [](const Slot& slot) { return !is_xml_attribute(*slot.row); };
  if (std::ranges::none_of(slots, is_element)) {
    out_ += "/>";
    return ok();
  }
  out_ += '>';
  ++depth_;
  for (const Slot& slot : slots) {
    if (is_element(slot)) {
      TRY_OK(put_row(slot));
    }
  }
  --depth_;
  break_line();
  out_ += "</";
  out_ += name_;
  out_ += '>';
  return ok();
}

Result<void> JsonToXml::put_row(const Slot& slot) {
  const ElementRow& row = *slot.row;
  if (!repeats(row)) {
    return put_value(row, slot.value, slot.sibling);
  }
  for (const auto& part : {slot.value, slot.sibling}) {
    if (part && !part->is_array()) {
      return refuse(Code::structure, fmt::format("{} may repeat: always an array", name(row)),
                    *part);
    }
  }
  const std::uint32_t count =
      std::max(slot.value ? slot.value->size() : 0U, slot.sibling ? slot.sibling->size() : 0U);
  std::uint32_t value_at = slot.value ? slot.value->index() + 1 : 0;
  std::uint32_t sibling_at = slot.sibling ? slot.sibling->index() + 1 : 0;
  const auto take = [&](const std::optional<JsonValue>& array, std::uint32_t i,
                        std::uint32_t& at) -> std::optional<JsonValue> {
    if (!array || i >= array->size()) {
      return std::nullopt;
    }
    const JsonValue element = json_.at(at);
    at = element.next_index();
    return element.is_null() ? std::nullopt : std::optional(element);
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto value = take(slot.value, i, value_at);
    const auto sibling = take(slot.sibling, i, sibling_at);
    if (!value && !sibling) {
      return refuse(Code::structure, fmt::format("{} has null where nothing may be", name(row)),
                    slot.value ? *slot.value : *slot.sibling);
    }
    TRY_OK(put_value(row, value, sibling));
  }
  return ok();
}

Result<void> JsonToXml::put_value(const ElementRow& row, std::optional<JsonValue> value,
                                  std::optional<JsonValue> sibling) {
  break_line();
  if (row.kind == ElementKind::xhtml && value) {
    return put_div(*value);
  }
  if (is_primitive(row.kind)) {
    return put_primitive(row, value, sibling);
  }
  out_ += '<';
  out_ += name(row);
  if (row.kind == ElementKind::complex) {
    return put_complex(row, *value);
  }
  out_ += '>';
  ++depth_;
  TRY_OK(put_resource(*value));
  --depth_;
  break_line();
  out_ += "</";
  out_ += name(row);
  out_ += '>';
  return ok();
}

Result<void> JsonToXml::put_complex(const ElementRow& row, JsonValue value) {
  if (!value.is_object()) {
    return refuse(Code::structure,
                  fmt::format("{} is an object, not {}", name(row), name(value.kind())), value);
  }
  TRY(const std::vector<Slot> slots, slots_of(value, structure(StructureId{row.structure})));
  TRY_OK(put_attributes(slots));
  return put_elements(slots, name(row));
}

Result<void> JsonToXml::put_primitive(const ElementRow& row, std::optional<JsonValue> value,
                                      std::optional<JsonValue> sibling) {
  out_ += '<';
  out_ += name(row);
  std::vector<Slot> slots;
  if (sibling) {
    if (!sibling->is_object()) {
      return refuse(Code::structure, "id and extension of a primitive are in an object", *sibling);
    }
    TRY(slots, slots_of(*sibling, structure(tables::element_structure)));
    TRY_OK(put_attributes(slots));
  }
  if (value) {
    TRY_OK(put_attribute("value", *value));
  }
  return put_elements(slots, name(row));
}

Result<void> JsonToXml::put_attributes(const std::vector<Slot>& slots) {
  for (const Slot& slot : slots) {
    if (!is_xml_attribute(*slot.row)) {
      continue;
    }
    if (slot.sibling) {
      return refuse(
          Code::unsupported,
          fmt::format("{} is an attribute in XML, which can have no extension", name(*slot.row)),
          *slot.sibling);
    }
    TRY_OK(put_attribute(name(*slot.row), *slot.value));
  }
  return ok();
}

Result<void> JsonToXml::put_attribute(std::string_view name_, JsonValue value) {
  out_ += ' ';
  out_ += name_;
  out_ += "=\"";
  switch (value.kind()) {
    case JsonKind::boolean:
    case JsonKind::number: out_ += value.raw(); break;
    case JsonKind::string: {
      const std::string_view text = value.text(scratch_);
      if (find_bad_xml_char(text)) {
        return refuse(Code::unsupported, "a character that XML cannot hold", value);
      }
      append_xml_escaped(out_, text);
      break;
    }
    default:
      return refuse(Code::structure,
                    fmt::format("{} is a primitive, not {}", name_, name(value.kind())), value);
  }
  out_ += '"';
  return ok();
}

/// The text of a narrative is XML already, once it has been looked at.
Result<void> JsonToXml::put_div(JsonValue value) {
  if (!value.is_string()) {
    return refuse(Code::structure, "a narrative is a string", value);
  }
  const std::string_view text = value.text(scratch_);
  XmlDocument div;
  Result<void> judged = div.read(text);
  if (judged && std::string_view(div.root().name()) != "div") {
    judged = fail(Code::structure, "a narrative is one div");
  }
  if (judged) {
    judged = div.check_xhtml(div.root());
  }
  if (!judged) {
    return refuse(Code::unsupported,
                  fmt::format("the narrative is no XML: {} {}", judged.error().what,
                              split_where(judged.error().where).place),
                  value);
  }
  const BytesView written = div.written(div.root());
  constexpr std::string_view tag = "<div";
  out_ += tag;
  if (!div.root().attribute("xmlns")) {
    out_ += fmt::format(" xmlns=\"{}\"", xhtml_namespace);
  }
  out_ += written.substr(tag.size());
  return ok();
}

}  // namespace

Result<Bytes> xml_from_json(JsonValue resource, XmlLayout layout) {
  return JsonToXml(resource, layout).run();
}

}  // namespace holdfast::fhir
