#include "fhir/path/known.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::fhir::path {
namespace {

unsigned category_of(SystemType type) {
  switch (type) {
    case SystemType::boolean: return category::boolean;
    case SystemType::integer:
    case SystemType::decimal: return category::number;
    case SystemType::string: return category::text;
    case SystemType::date: return category::date;
    case SystemType::date_time: return category::date_time;
    case SystemType::time: return category::time;
    case SystemType::quantity: return category::quantity;
  }
  return category::other;
}

unsigned category_of(TypeRef type) {
  if (type.is_system()) {
    return category_of(type.system());
  }
  if (type.is_primitive()) {
    return category_of(system_type(type.primitive()));
  }
  if (is_quantity(type)) {
    return category::quantity | category::other;
  }
  return type.is_structure() || type == type_info_type ? category::other : category::all;
}

bool can_combine(NodeKind op, unsigned left, unsigned right) {
  using namespace category;
  const auto both_are = [&](unsigned what) { return (left & what) != 0 && (right & what) != 0; };
  const bool compared = both_are(number) || both_are(category::text) ||
                        both_are(date | date_time) || both_are(time) || both_are(quantity | number);
  switch (op) {
    case NodeKind::add:
      return both_are(number) || both_are(category::text) || both_are(quantity) ||
             ((left & category::moment) != 0 && (right & quantity) != 0);
    case NodeKind::subtract:
      return both_are(number) || both_are(quantity) ||
             ((left & category::moment) != 0 && (right & quantity) != 0);
    case NodeKind::multiply:
    case NodeKind::divide: return both_are(number | quantity);
    case NodeKind::div:
    case NodeKind::mod: return both_are(number);
    case NodeKind::concatenate: return both_are(category::text);
    case NodeKind::less:
    case NodeKind::less_equal:
    case NodeKind::greater:
    case NodeKind::greater_equal: return compared;
    default: return true;
  }
}

}  // namespace

Known Known::of_context(TypeRef type) {
  return type.is_structure() || type.is_primitive() || type.is_system() ? one(type) : anything();
}

void Known::add(TypeRef type) {
  if (std::ranges::find(types, type) == types.end()) {
    types.push_back(type);
  }
}

void Known::add(const Known& other) {
  is_open = is_open || other.is_open;
  for (const TypeRef type : other.types) {
    add(type);
  }
}

unsigned categories(const Known& of) {
  if (of.is_open) {
    return category::all;
  }
  unsigned found = 0;
  for (const TypeRef type : of.types) {
    found |= category_of(type);
  }
  return found;
}

bool fits(const Known& given, unsigned wanted) {
  return (!given.is_open && given.types.empty()) || (categories(given) & wanted) != 0;
}

bool fits(const Known& given, Input wanted) {
  switch (wanted) {
    case Input::any: return true;
    case Input::text: return fits(given, category::text);
    case Input::number:
    case Input::whole: return fits(given, category::number);
    case Input::boolean: return fits(given, category::boolean);
    case Input::bounded:
      return fits(given, category::number | category::moment | category::quantity);
    case Input::reference: return fits(given, category::text | category::other);
    case Input::nodes:
      return given.is_open || given.types.empty() ||
             !std::ranges::all_of(given.types, &TypeRef::is_system);
  }
  return true;
}

bool can_combine(NodeKind op, const Known& left, const Known& right) {
  const auto is_nothing = [](const Known& of) { return !of.is_open && of.types.empty(); };
  return is_nothing(left) || is_nothing(right) ||
         can_combine(op, categories(left), categories(right));
}

Known as_system(const Known& of) {
  Known result{of.is_open, of.least, {}};
  for (const TypeRef type : of.types) {
    if (type.is_primitive()) {
      result.add(type_of(system_type(type.primitive())));
    } else {
      result.add(is_quantity(type) ? type_of(SystemType::quantity) : type);
    }
  }
  return result;
}

Known combined(NodeKind op, const Known& left, const Known& right) {
  if (op == NodeKind::concatenate) {
    return Known::one(SystemType::string);
  }
  if (left.is_open || right.is_open) {
    return Known::anything();
  }
  const unsigned on_left = categories(left);
  const unsigned on_right = categories(right);
  if (op == NodeKind::div) {
    return Known::one(SystemType::integer);
  }
  if ((on_left & (category::moment | category::text)) != 0) {
    return as_system(left);
  }
  if (((on_left | on_right) & category::quantity) != 0) {
    return Known::one(SystemType::quantity);
  }
  if (op == NodeKind::divide) {
    return Known::one(SystemType::decimal);
  }
  Known result = as_system(left);
  result.add(as_system(right));
  return result;
}

std::string types_text(const Known& of) {
  constexpr std::size_t shown_max = 4;
  std::string text;
  for (std::size_t i = 0; i < of.types.size() && i < shown_max; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : " or ", type_text(of.types[i]));
  }
  return of.types.size() > shown_max ? text + " or …" : text;
}

std::string_view input_text(Input wanted) {
  switch (wanted) {
    case Input::text: return "a text";
    case Input::number: return "a number";
    case Input::whole: return "a whole number";
    case Input::boolean: return "true or false";
    case Input::bounded: return "a number, date, time or quantity";
    case Input::nodes: return "an element";
    case Input::reference: return "a reference";
    case Input::any: break;
  }
  return "anything";
}

std::vector<const ElementRow*> rows_named(TypeRef in, std::string_view name_) {
  std::vector<const ElementRow*> found;
  if (!in.is_structure() && !in.is_primitive()) {
    return found;
  }
  const StructureRow& of =
      structure(in.is_structure() ? in.structure() : tables::element_structure);
  if (const ElementRow* row = find_row(of, name_); row != nullptr && path_name(*row) == name_) {
    found.push_back(row);
    return found;
  }
  for (const ElementRow& row : rows(of)) {
    if (row.base_bytes != row.name_bytes && path_name(row) == name_) {
      found.push_back(&row);
    }
  }
  return found;
}

std::string no_element_text(const Known& in, std::string_view name_) {
  std::vector<std::string_view> names;
  for (const TypeRef type : in.types) {
    if (!type.is_structure()) {
      continue;
    }
    const StructureRow& of = structure(type.structure());
    if (const ElementRow* row = find_row(of, name_)) {
      return fmt::format("in FHIRPath the element {} is called {} (with its type: {}.ofType({}))",
                         name_, path_name(*row), path_name(*row), name(type_of(*row)));
    }
    for (const ElementRow& row : rows(of)) {
      names.push_back(path_name(row));
    }
  }
  const auto meant = nearest(name_, names);
  return fmt::format("{} has no element {}{}", types_text(in), name_,
                     meant ? fmt::format(" (did you mean {}?)", *meant) : "");
}

}  // namespace holdfast::fhir::path
