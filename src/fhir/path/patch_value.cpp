#include "fhir/path/patch_value.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/path/known.h"
#include "fhir/path/patch_place.h"
#include "fhir/path/types.h"
#include "fhir/primitive.h"

namespace holdfast::fhir::path {
namespace {

const StructureRow& parameter_structure() {
  static constexpr std::string_view parameters = "Parameters";
  const StructureRow& of = structure(structure_of(*type_id(parameters)));
  return structure(StructureId{find_row(of, "parameter")->structure});
}

/// Primitives whose texts are alike, so that the value space alone tells whether one may stand for
/// the other.
enum class Family : std::uint8_t { text, uri, number, moment, alone };

Family family_of(ElementKind kind) {
  switch (kind) {
    case ElementKind::string:
    case ElementKind::code:
    case ElementKind::id:
    case ElementKind::markdown:
    case ElementKind::xhtml: return Family::text;
    case ElementKind::uri:
    case ElementKind::url:
    case ElementKind::canonical:
    case ElementKind::oid:
    case ElementKind::uuid: return Family::uri;
    case ElementKind::integer:
    case ElementKind::unsigned_int:
    case ElementKind::positive_int:
    case ElementKind::decimal: return Family::number;
    case ElementKind::date:
    case ElementKind::date_time:
    case ElementKind::instant: return Family::moment;
    default: return Family::alone;
  }
}

bool is_kin(ElementKind a, ElementKind b) {
  return a == b || (family_of(a) == family_of(b) && family_of(a) != Family::alone);
}

bool is_same_type(const ElementRow& wanted, const ElementRow& given) {
  return wanted.kind == given.kind &&
         (wanted.kind != ElementKind::complex || wanted.structure == given.structure);
}

bool may_stand_for(const ElementRow& wanted, const ElementRow& given) {
  if (is_primitive(wanted.kind) && is_primitive(given.kind)) {
    return is_kin(wanted.kind, given.kind);
  }
  return is_same_type(wanted, given) ||
         (wanted.kind == ElementKind::complex && given.kind == ElementKind::complex &&
          is_quantity(type_of(wanted)) && is_quantity(type_of(given)));
}

/// "boolean or dateTime"
std::string types_of(std::span<const ElementRow* const> rows) {
  std::string text;
  for (const ElementRow* row : rows) {
    text += text.empty() ? "" : " or ";
    text += name(type_of(*row));
  }
  return text;
}

/// Of a choice only the type itself: a date is no dateTime where both may stand.
const ElementRow* row_for(std::span<const ElementRow* const> rows, const ElementRow& given) {
  const auto fits = [&](const ElementRow* row) {
    return rows.size() == 1 ? may_stand_for(*row, given) : is_same_type(*row, given);
  };
  const auto found = std::ranges::find_if(rows, fits);
  return found == rows.end() ? nullptr : *found;
}

Result<PatchElement> make_typed(std::span<const ElementRow* const> rows, const PatchPart& part) {
  PatchElement made;
  made.row = row_for(rows, *part.type);
  if (made.row == nullptr) {
    return fail(Code::value, fmt::format("{} is a {}, not a {}", path_name(*rows[0]),
                                         types_of(rows), name(type_of(*part.type))));
  }
  made.value = part.value ? Bytes(part.value->raw()) : Bytes();
  made.sibling = part.sibling ? Bytes(part.sibling->raw()) : Bytes();
  return made;
}

/// Elements under one name, on their way into an object.
struct Group {
  const ElementRow* row = nullptr;
  std::vector<PatchElement> elements;
};

bool is_same_element(const ElementRow& a, const ElementRow& b) {
  return &a == &b || (a.choice != 0 && a.choice == b.choice && a.structure_of == b.structure_of);
}

Result<void> add_to(std::vector<Group>& groups, PatchElement made) {
  const auto there = std::ranges::find_if(
      groups, [&](const Group& group) { return is_same_element(*group.row, *made.row); });
  if (there == groups.end()) {
    const ElementRow* row = made.row;
    groups.push_back({row, {}});
    groups.back().elements.push_back(std::move(made));
    return ok();
  }
  if ((made.row->flags & row_repeats) == 0) {
    return fail(Code::structure, fmt::format("{} occurs once at most", path_name(*made.row)));
  }
  there->elements.push_back(std::move(made));
  return ok();
}

Bytes text_of_groups(const std::vector<Group>& groups) {
  Bytes text = "{";
  for (const Group& group : groups) {
    std::vector<PatchItem> items;
    items.reserve(group.elements.size());
    for (const PatchElement& element : group.elements) {
      items.push_back({element.value, element.sibling});
    }
    append_list(text, *group.row, items);
  }
  return text + '}';
}

// Parts nest as deep as the JSON that they come in.
Result<PatchElement> make_of_parts(const ElementRow& row, JsonValue parts) {
  std::vector<Group> groups;
  for (const JsonValue one : parts.children()) {
    TRY(const PatchPart part, read_part(one));
    TRY(const auto rows, rows_of(StructureId{row.structure}, part.name));
    TRY(PatchElement made, make_element(rows, part));
    TRY_OK(add_to(groups, std::move(made)));
  }
  return PatchElement{&row, text_of_groups(groups), {}};
}

}  // namespace

Result<PatchPart> read_part(JsonValue part) {
  const auto refuse = [](std::string what) { return fail(Code::structure, std::move(what)); };
  PatchPart made;
  if (!part.is_object()) {
    return refuse("a part is an object");
  }
  for (const JsonValue member : part.children()) {
    BytesView key = member.raw_key();
    const bool is_sibling = key.starts_with('_');
    key.remove_prefix(is_sibling ? 1 : 0);
    if (key == "modifierExtension") {
      return fail(Code::unsupported, "a modifierExtension, of which nothing is known here");
    }
    const ElementRow* row = find_row(parameter_structure(), key);
    if (row == nullptr) {
      return refuse(fmt::format("a part has no {}", key.substr(0, 64)));
    }
    if (path_name(*row) == "value") {
      if (made.type != nullptr && made.type != row) {
        return refuse("a part with two values");
      }
      made.type = row;
      (is_sibling ? made.sibling : made.value) = member;
    } else if (key == "name" && !is_sibling && member.is_string()) {
      made.name = member.text();
    } else if (key == "resource") {
      made.resource = member;
    } else if (key == "part" && member.is_array()) {
      made.parts = member;
    }
  }
  const int brings =
      (made.type != nullptr ? 1 : 0) + (made.resource ? 1 : 0) + (made.parts ? 1 : 0);
  if (brings > 1) {
    return refuse(fmt::format("\"{}\" has a value, a resource or parts, not several of them",
                              made.name.substr(0, 64)));
  }
  return made;
}

Result<std::vector<const ElementRow*>> rows_of(StructureId in, std::string_view name_) {
  std::vector<const ElementRow*> rows = rows_named(type_of(in), name_);
  if (rows.empty()) {
    if (const ElementRow* row = find_row(structure(in), name_)) {
      rows.push_back(row);
    }
  }
  if (rows.empty()) {
    return fail(Code::structure,
                fmt::format("{} has no element {}", name(structure(in)), name_.substr(0, 64)));
  }
  return rows;
}

Result<PatchElement> make_element(std::span<const ElementRow* const> rows, const PatchPart& part) {
  if (part.type != nullptr) {
    return make_typed(rows, part);
  }
  const ElementRow& row = *rows[0];
  if (part.resource) {
    return row.kind == ElementKind::resource
               ? Result<PatchElement>(PatchElement{&row, Bytes(part.resource->raw()), {}})
               : fail(Code::value,
                      fmt::format("{} is a {}, not a resource", path_name(row), types_of(rows)));
  }
  if (!part.parts || part.parts->size() == 0) {
    return fail(Code::required, fmt::format("nothing is brought for {}: a value[x], a resource or "
                                            "parts named as its elements are",
                                            path_name(row)));
  }
  if (rows.size() > 1 || row.kind != ElementKind::complex) {
    return fail(Code::value, fmt::format("{} is a {}: send it as a value[x], not in parts",
                                         path_name(row), types_of(rows)));
  }
  return make_of_parts(row, *part.parts);
}

}  // namespace holdfast::fhir::path
