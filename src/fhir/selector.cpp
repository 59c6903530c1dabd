#include "fhir/selector.h"

#include <algorithm>
#include <utility>

#include "fhir/walk.h"

namespace holdfast::fhir {
namespace {

bool is_one_of(const std::vector<std::uint16_t>& rows, const ElementRow* row) {
  return std::ranges::find(rows, row - tables::elements) != rows.end();
}

void append_children(const Json& json, const Selected& from, const SelectStep& step,
                     std::vector<Selected>& found) {
  const StructureRow* in = structure_at(json, from);
  const JsonValue value = json.at(from.node);
  if (in == nullptr || !value.is_object()) {
    return;
  }
  std::string scratch;
  for (const JsonValue member : value.children()) {
    const ElementRow* row = find_row(*in, member.key(scratch));
    if (row == nullptr || !is_one_of(step.rows, row)) {
      continue;
    }
    if (!member.is_array()) {
      found.push_back({row, member.index()});
      continue;
    }
    for (const JsonValue element : member.children()) {
      if (!element.is_null()) {
        found.push_back({row, element.index()});
      }
    }
  }
}

bool has_literal(const Json& json, const Selected& from, const SelectStep& step) {
  std::vector<Selected> members;
  append_children(json, from, step, members);
  std::string scratch;
  return members.size() == 1 && json.at(members.front().node).is_string() &&
         json.at(members.front().node).text(scratch) == step.literal;
}

}  // namespace

const StructureRow* structure_at(const Json& json, const Selected& value) {
  if (value.row == nullptr || value.row->kind == ElementKind::resource) {
    const auto type = named_type(json.at(value.node));
    return type ? &structure(structure_of(*type)) : nullptr;
  }
  return is_primitive(value.row->kind) ? nullptr : &structure(StructureId{value.row->structure});
}

void select(const Json& json, const Selected& from, const std::vector<SelectStep>& steps,
            std::vector<Selected>& found) {
  std::vector<Selected> at{from};
  std::vector<Selected> next;
  for (const SelectStep& step : steps) {
    next.clear();
    switch (step.kind) {
      case SelectStep::Kind::child:
        for (const Selected& one : at) {
          append_children(json, one, step, next);
        }
        break;
      case SelectStep::Kind::equals:
        std::ranges::copy_if(at, std::back_inserter(next),
                             [&](const Selected& one) { return has_literal(json, one, step); });
        break;
      case SelectStep::Kind::item:
        if (step.position < at.size()) {
          next.push_back(at[step.position]);
        }
        break;
    }
    at.swap(next);
  }
  found.insert(found.end(), at.begin(), at.end());
}

}  // namespace holdfast::fhir
