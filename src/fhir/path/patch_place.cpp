#include "fhir/path/patch_place.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "fhir/check.h"

namespace holdfast::fhir::path {
namespace {

/// "x" and "_x" of an object.
struct Halves {
  std::optional<JsonValue> value;
  std::optional<JsonValue> sibling;
};

bool is_sibling_of(BytesView key, std::string_view of) {
  return key.size() == of.size() + 1 && key.front() == '_' && key.substr(1) == of;
}

Halves halves_of(JsonValue object, std::string_view of) {
  Halves halves;
  for (const JsonValue member : object.children()) {
    if (member.raw_key() == of) {
      halves.value = member;
    } else if (is_sibling_of(member.raw_key(), of)) {
      halves.sibling = member;
    }
  }
  return halves;
}

std::vector<JsonValue> elements_of(const std::optional<JsonValue>& half) {
  std::vector<JsonValue> elements;
  if (half && half->is_array()) {
    elements.reserve(half->size());
    for (const JsonValue element : half->children()) {
      elements.push_back(element);
    }
  } else if (half) {
    elements.push_back(*half);
  }
  return elements;
}

BytesView text_of_half(const std::vector<JsonValue>& half, std::size_t at) {
  return at < half.size() && !half[at].is_null() ? half[at].raw() : BytesView{};
}

/// The child in which a node is, and how many stand before it.
struct Child {
  JsonValue value;
  std::size_t position = 0;
};

std::optional<Child> child_with(JsonValue in, std::uint32_t node) {
  std::size_t position = 0;
  for (const JsonValue child : in.children()) {
    if (node < child.next_index()) {
      return node < child.index() ? std::nullopt : std::optional(Child{child, position});
    }
    ++position;
  }
  return std::nullopt;
}

const StructureRow* structure_in(JsonValue object, const ElementRow& row, bool is_sibling) {
  if (is_sibling) {
    return &structure(tables::element_structure);
  }
  if (row.kind == ElementKind::resource) {
    const auto type = type_of(object);
    return type ? &structure(structure_of(*type)) : nullptr;
  }
  return row.kind == ElementKind::complex ? &structure(StructureId{row.structure}) : nullptr;
}

void append_half(Bytes& to, std::string_view prefix, const ElementRow& row,
                 const std::vector<PatchItem>& items, BytesView PatchItem::* half) {
  bool is_there = false;
  for (const PatchItem& item : items) {
    is_there = is_there || !(item.*half).empty();
  }
  if (!is_there) {
    return;
  }
  to += to.empty() || to.ends_with('{') ? "" : ",";
  fmt::format_to(std::back_inserter(to), "\"{}{}\":", prefix, name(row));
  if ((row.flags & row_repeats) == 0) {
    to += items[0].*half;
    return;
  }
  char before = '[';
  for (const PatchItem& item : items) {
    to += before;
    to += (item.*half).empty() ? BytesView("null") : item.*half;
    before = ',';
  }
  to += ']';
}

}  // namespace

std::uint32_t node_of(const Value& element) {
  return element.has_value() ? element.value().index() : element.sibling().index();
}

Result<std::vector<PatchPlace>> places_of(const Json& json, std::uint32_t node) {
  std::vector<PatchPlace> places;
  JsonValue at = json.root();
  TRY(const TypeId type, type_of(at));
  const StructureRow* in = &structure(structure_of(type));
  while (at.index() != node) {
    const auto member = child_with(at, node);
    if (!member || in == nullptr) {
      return fail(Code::structure, fmt::format("{} is no element of FHIR", json.path(node)));
    }
    BytesView key = member->value.raw_key();
    const bool is_sibling = key.starts_with('_');
    key.remove_prefix(is_sibling ? 1 : 0);
    const ElementRow* row = find_row(*in, key);
    PatchPlace place{at.index(), row, 0};
    at = member->value;
    if (at.is_array() && at.index() != node) {
      const auto element = child_with(at, node);
      if (element) {
        place.position = element->position;
        at = element->value;
      }
    }
    if (row == nullptr || at.is_array()) {
      return fail(Code::structure, fmt::format("{} is no element of FHIR", json.path(node)));
    }
    places.push_back(place);
    in = structure_in(at, *row, is_sibling);
  }
  return places;
}

PatchList list_of(JsonValue object, const ElementRow& row) {
  const Halves halves = halves_of(object, name(row));
  const std::vector<JsonValue> values = elements_of(halves.value);
  const std::vector<JsonValue> siblings = elements_of(halves.sibling);
  PatchList list;
  const std::size_t size = std::max(values.size(), siblings.size());
  list.items.reserve(size);
  list.nodes.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    list.items.push_back({text_of_half(values, i), text_of_half(siblings, i)});
    const bool by_value = i < values.size() && !values[i].is_null();
    list.nodes.push_back((by_value || i >= siblings.size() ? values[i] : siblings[i]).index());
  }
  return list;
}

void append_list(Bytes& to, const ElementRow& row, const std::vector<PatchItem>& items) {
  append_half(to, "", row, items, &PatchItem::value);
  append_half(to, "_", row, items, &PatchItem::sibling);
}

Bytes with_list(JsonValue object, const ElementRow& was, const ElementRow& row,
                const std::vector<PatchItem>& items) {
  Bytes out = "{";
  bool is_written = false;
  const auto write = [&] {
    if (!std::exchange(is_written, true)) {
      append_list(out, row, items);
    }
  };
  for (const JsonValue member : object.children()) {
    const BytesView key = member.raw_key();
    if (key == name(was) || is_sibling_of(key, name(was))) {
      write();
      continue;
    }
    out += out.size() == 1 ? "" : ",";
    out += '"';
    out += key;
    out += "\":";
    out += member.raw();
  }
  write();
  return out.size() == 1 ? Bytes() : out + '}';
}

Bytes with_object(const Json& json, const std::vector<PatchPlace>& places, BytesView object) {
  Bytes text(object);
  for (std::size_t i = places.size(); i-- > 0;) {
    const PatchPlace& place = places[i];
    const JsonValue above = json.at(place.object);
    std::vector<PatchItem> items = list_of(above, *place.row).items;
    PatchItem& item = items[place.position];
    (is_primitive(place.row->kind) ? item.sibling : item.value) = text;
    if (item.value.empty() && item.sibling.empty()) {
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(place.position));
    }
    Bytes next = with_list(above, *place.row, *place.row, items);
    text = std::move(next);
  }
  return text;
}

}  // namespace holdfast::fhir::path
