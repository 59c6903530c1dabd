#include "fhir/params/leaves.h"

#include <algorithm>
#include <array>

namespace holdfast::fhir::params {
namespace {

// https://hl7.org/fhir/R4/search.html#string: "any of the string fields" of HumanName and Address
std::vector<Selector> text_parts(const Selector& before, std::uint16_t number) {
  static constexpr std::array<std::string_view, 12> parts{
      "text", "family",   "given", "prefix",     "suffix",  "line",
      "city", "district", "state", "postalCode", "country", ""};
  std::vector<Selector> found;
  for (const ElementRow& part : rows(structure(StructureId{tables::elements[number].structure}))) {
    if (std::ranges::find(parts, name(part)) == parts.end()) {
      continue;
    }
    Selector one = before;
    one.steps.back().rows = {number};
    one.steps.push_back(
        {SelectStep::Kind::child, {static_cast<std::uint16_t>(&part - tables::elements)}, {}, 0});
    found.push_back(std::move(one));
  }
  return found;
}

// ".code", ".value(Quantity, Range)"
void append_rows(std::string& text, const std::vector<std::uint16_t>& rows) {
  const ElementRow& first = tables::elements[rows.front()];
  text += '.';
  text += path_name(first);
  if (first.choice == 0) {
    return;
  }
  text += '(';
  for (const std::uint16_t number : rows) {
    const ElementRow& row = tables::elements[number];
    text += number == rows.front() ? "" : ", ";
    text += name(row).substr(path_name(row).size());
  }
  text += ')';
}

}  // namespace

std::vector<Selector> leaves(ParamKind kind, const NormalPath& path) {
  std::vector<Selector> found;
  Selector plain = path.selector;
  if (path.is_root || plain.steps.back().kind != SelectStep::Kind::child) {
    return {std::move(plain)};  // telecom.where(system = 'phone'): checked by its last step
  }
  std::vector<std::uint16_t> rows = std::move(plain.steps.back().rows);
  plain.steps.back().rows.clear();
  for (const std::uint16_t number : rows) {
    const ElementRow& row = tables::elements[number];
    if (!is_indexable(kind, row)) {
      continue;
    }
    if (kind == ParamKind::string && row.kind == ElementKind::complex) {
      for (Selector& part : text_parts(plain, number)) {
        found.push_back(std::move(part));
      }
    } else {
      plain.steps.back().rows.push_back(number);
    }
  }
  if (!plain.steps.back().rows.empty()) {
    found.push_back(std::move(plain));
  }
  return found;
}

bool is_given_here(const Selector& selector) {
  const auto is = [&](std::size_t step, std::string_view wanted) {
    return step < selector.steps.size() && selector.steps[step].kind == SelectStep::Kind::child &&
           std::ranges::any_of(
               selector.steps[step].rows,
               [&](std::uint16_t row) { return name(tables::elements[row]) == wanted; });
  };
  return is(0, "id") || (is(0, "meta") && (is(1, "versionId") || is(1, "lastUpdated")));
}

std::string path_text(TypeId type, const Selector& selector) {
  std::string text(name(type));
  for (const SelectStep& step : selector.steps) {
    switch (step.kind) {
      case SelectStep::Kind::child: append_rows(text, step.rows); break;
      case SelectStep::Kind::equals: {
        std::string condition;
        append_rows(condition, step.rows);
        text += ".where(" + condition.substr(1) + " = '" + step.literal + "')";
        break;
      }
      case SelectStep::Kind::item: text += '[' + std::to_string(step.position) + ']'; break;
    }
  }
  return text;
}

std::string parts_text(TypeId type, const std::vector<IndexPart>& parts) {
  std::string text;
  for (const IndexPart& part : parts) {
    text += text.empty() ? " (" : " & ";
    for (const Selector& one : part.at) {
      text += &one == part.at.data() ? "" : " | ";
      text += path_text(type, one).substr(name(type).size() + 1);
    }
  }
  return text + ')';
}

}  // namespace holdfast::fhir::params
