#include "fhir/walk.h"

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/json_text.h"
#include "fhir/primitive.h"

namespace holdfast::fhir {

namespace {

std::optional<SiteElement> link_element(ElementKind kind) {
  switch (kind) {
    case ElementKind::canonical: return SiteElement::canonical;
    case ElementKind::uri: return SiteElement::uri;
    case ElementKind::url: return SiteElement::url;
    case ElementKind::oid: return SiteElement::oid;
    case ElementKind::uuid: return SiteElement::uuid;
    default: return std::nullopt;
  }
}

/// Reference.reference
bool is_target(const ElementRow& row) {
  return row.kind == ElementKind::string &&
         StructureId{row.structure_of} == tables::reference_structure && name(row) == "reference";
}

}  // namespace

std::optional<TypeId> named_type(JsonValue resource) {
  const auto member = resource.find("resourceType");
  if (!member || !member->is_string()) {
    return std::nullopt;
  }
  std::string scratch;
  return type_id(member->text(scratch));
}

void ElementWalk::run(JsonValue resource) {
  base_ = resource.begin();
  take_resource(resource, Rank::outermost);
}

void ElementWalk::take_resource(JsonValue value, Rank rank) {
  if (!value.is_object()) {
    return report(value, Code::structure,
                  fmt::format("a resource is an object, not {}", name(value.kind())));
  }
  const auto member = value.find("resourceType");
  if (!member) {
    return report(value, Code::required, "a resource must have a resourceType");
  }
  if (!member->is_string()) {
    return report(*member, Code::structure, "resourceType is a string");
  }
  const std::string_view type_name = member->text(scratch_);
  const auto type = type_id(type_name);
  if (!type) {
    constexpr std::size_t shown_bytes_max = 64;
    return report(
        *member, Code::unknown_type,
        fmt::format("FHIR R4 has no resource type \"{}\"", type_name.substr(0, shown_bytes_max)));
  }
  std::uint16_t state = no_state;
  if (rank == Rank::outermost) {
    if (wanted_.sites != nullptr) {
      wanted_.sites->type_end = member->end() - base_;
      note_head(value);
    }
    if (wanted_.extraction != nullptr) {
      wanted_.extraction->is_patient = name(*type) == "Patient";
      state = wanted_.params->automaton().root(*type);
      note_value(value, nullptr, state);
    }
  }
  take_object(value, structure(structure_of(*type)), state);
}

void ElementWalk::take_object(JsonValue value, const StructureRow& in, std::uint16_t state) {
  if (value.size() == 0) {
    return report(value, Code::structure, "an object must have members");
  }
  Seen seen;
  for (const JsonValue member : value.children()) {
    if (is_full()) {
      return;
    }
    take_member(member, value, in, state, seen);
  }
  const std::uint64_t wanted = in.required == 0 ? 0 : ~std::uint64_t{0} >> (64U - in.required);
  if ((seen.required & wanted) != wanted) {
    report_missing(value, in, seen);
  }
}

void ElementWalk::take_member(JsonValue member, JsonValue object, const StructureRow& in,
                              std::uint16_t state, Seen& seen) {
  std::string unescaped;  // only of a key with escapes
  const std::string_view key = member.key(unescaped);
  if (in.is_resource != 0 && key == "resourceType") {
    return;
  }
  // `_x` is the sibling of a primitive x: https://hl7.org/fhir/R4/json.html#primitive
  const bool is_sibling = key.starts_with('_');
  const ElementRow* row = find_row(in, is_sibling ? key.substr(1) : key);
  // xhtml has no extensions: https://hl7.org/fhir/R4/narrative.html#xhtml
  const bool is_unknown =
      row == nullptr ||
      (is_sibling && (!is_primitive(row->kind) || row->kind == ElementKind::xhtml));
  if (is_unknown) {
    constexpr std::size_t shown_bytes_max = 64;
    return report(
        member, Code::structure,
        fmt::format("{} has no element \"{}\"", name(in), key.substr(0, shown_bytes_max)));
  }
  note_seen(member, *row, seen);
  if (is_sibling) {
    take_extensions(member, object, *row);
  } else {
    take_element(member, object, *row, state);
  }
}

void ElementWalk::note_seen(JsonValue member, const ElementRow& row, Seen& seen) {
  if (row.required != not_required) {
    seen.required |= std::uint64_t{1} << row.required;
  }
  if (row.choice == 0) {
    return;
  }
  check(row.choice < choices_max, "the tables number choices below 16");
  const ElementRow*& taken = seen.choices[row.choice];
  if (taken != nullptr && taken != &row) {
    return report(
        member, Code::structure,
        fmt::format("{}[x] occurs once only; there is {} already", path_name(row), name(*taken)));
  }
  taken = &row;
}

void ElementWalk::report_missing(JsonValue value, const StructureRow& in, const Seen& seen) {
  std::uint64_t reported = seen.required;
  for (const ElementRow& row : rows(in)) {
    if (row.required == not_required || (reported >> row.required & 1U) != 0) {
      continue;
    }
    reported |= std::uint64_t{1} << row.required;
    report(value, Code::required,
           fmt::format("{} must have {}{}", name(in), path_name(row), row.choice == 0 ? "" : "[x]"),
           path_name(row));
  }
}

void ElementWalk::take_element(JsonValue member, JsonValue object, const ElementRow& row,
                               std::uint16_t state) {
  const std::uint16_t next =
      state == no_state ? no_state : wanted_.params->automaton().step(state, row);
  if ((row.flags & row_repeats) == 0) {
    if (member.is_array()) {
      return report(member, Code::structure,
                    fmt::format("{} occurs once at most: not an array", name(row)));
    }
    return take_value(member, row, next);
  }
  if (!member.is_array()) {
    return report(member, Code::structure,
                  fmt::format("{} may repeat: always an array", name(row)));
  }
  if (member.size() == 0) {
    return report(member, Code::structure, "an array must have elements");
  }
  bool may_be_null = false;  // known once the first null was met
  for (const JsonValue element : member.children()) {
    if (is_full()) {
      return;
    }
    if (element.is_null() && is_primitive(row.kind)) {
      // It stands for a value of which there are only id and extensions, so the sibling array must
      // be there; take_extensions() looks whether it has an object in the same place.
      may_be_null = may_be_null || object.find(fmt::format("_{}", name(row))).has_value();
      if (may_be_null) {
        continue;
      }
      report(element, Code::structure,
             fmt::format("null may stand only where _{} has an object", name(row)));
      return;
    }
    take_value(element, row, next);
  }
}

void ElementWalk::take_value(JsonValue value, const ElementRow& row, std::uint16_t state) {
  if (state != no_state) {
    note_value(value, &row, state);
  }
  if (is_primitive(row.kind)) {
    return take_primitive(value, row);
  }
  if (row.kind == ElementKind::resource) {
    return take_resource(value, Rank::nested);
  }
  if (!value.is_object()) {
    return report(value, Code::structure,
                  fmt::format("{} is an object, not {}", name(row), name(value.kind())));
  }
  const StructureId of{row.structure};
  take_object(value, structure(of), state);
}

void ElementWalk::take_primitive(JsonValue value, const ElementRow& row) {
  const JsonKind wanted = json_kind_of(row.kind);
  if (value.kind() != wanted) {
    return report(value, Code::structure,
                  fmt::format("{} is a {}, so a JSON {}, not {}", name(row), name(row.kind),
                              name(wanted), name(value.kind())));
  }
  if (wanted_.issues != nullptr) {
    if (const auto fault = find_fault(row.kind, value)) {
      return report(value, Code::value,
                    fmt::format("{} is no {}: it {}", name(row), name(row.kind), *fault));
    }
  }
  if (wanted_.sites == nullptr) {
    return;
  }
  if (const auto link = link_element(row.kind)) {
    const bool names_a_definition =
        StructureId{row.structure_of} == tables::extension_structure && name(row) == "url";
    if (!names_a_definition) {
      note_site(value, *link);
    }
  } else if (is_target(row)) {
    note_site(value, SiteElement::reference);
  } else if (row.kind == ElementKind::xhtml) {
    note_links(value);
  }
}

// ---- extensions of primitives -----------------------------------------------------------------

void ElementWalk::take_extensions(JsonValue member, JsonValue object, const ElementRow& row) {
  if ((row.flags & row_repeats) == 0) {
    return take_extension_of_one(member);
  }
  if (!member.is_array() || member.size() == 0) {
    return report(member, Code::structure,
                  fmt::format("_{} is an array of objects and nulls, and not empty", name(row)));
  }
  const auto values = object.find(name(row));
  const bool is_aligned = values && values->is_array();
  if (is_aligned && values->size() != member.size()) {
    return report(member, Code::structure,
                  fmt::format("_{} has {} elements beside {} of {}", name(row), member.size(),
                              values->size(), name(row)));
  }
  auto value = is_aligned ? values->children().begin() : member.children().begin();
  for (const JsonValue element : member.children()) {
    if (is_full()) {
      return;
    }
    if (!element.is_null()) {
      take_extension_of_one(element);
    } else if ((*value).is_null()) {
      report(element, Code::structure,
             fmt::format("null stands for both a value and its extensions in {}", name(row)));
    }
    ++value;
  }
}

void ElementWalk::take_extension_of_one(JsonValue value) {
  if (!value.is_object()) {
    return report(value, Code::structure,
                  fmt::format("id and extension of a primitive are in an object, not {}",
                              name(value.kind())));
  }
  take_object(value, structure(tables::element_structure), no_state);
}

// ---- faults -----------------------------------------------------------------------------------

void ElementWalk::report(JsonValue at, Code code, std::string what, std::string_view below) {
  if (wanted_.issues == nullptr || is_full()) {
    return;
  }
  std::string path = element_path(json_, at.index());
  if (!below.empty()) {
    append_step(path, false, 0, below);
  }
  wanted_.issues->push_back(
      Error{code, std::move(what), where_text(path, json_.place(at.begin())), {}});
}

std::string element_path(const Json& json, std::uint32_t index) {
  JsonValue at = json.root();
  std::string out;
  const StructureRow* in = nullptr;
  const auto enter_resource = [&] {
    const auto type = named_type(at);
    in = type ? &structure(structure_of(*type)) : nullptr;
  };
  enter_resource();
  if (in != nullptr) {
    out = name(*in);
  }
  const ElementRow* row = nullptr;
  std::string scratch;
  while (at.index() != index) {
    const auto next = child_holding(at, index);
    if (!next) {
      return out;
    }
    if (at.is_array()) {
      append_step(out, true, next->position, {});
    } else {
      const std::string_view key = next->child.key(scratch);
      const bool is_sibling = key.starts_with('_');
      row = in == nullptr ? nullptr : find_row(*in, key.substr(is_sibling ? 1 : 0));
      append_step(out, false, 0, row != nullptr ? path_name(*row) : key);
      if (is_sibling && row != nullptr) {
        in = &structure(tables::element_structure);
        row = nullptr;
      }
    }
    at = next->child;
    if (at.is_object() && row != nullptr) {
      if (row->kind == ElementKind::resource) {
        enter_resource();
      } else {
        in = row->kind == ElementKind::complex ? &structure(StructureId{row->structure}) : nullptr;
      }
    }
  }
  return out;
}

}  // namespace holdfast::fhir
