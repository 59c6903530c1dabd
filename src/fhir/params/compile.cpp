#include "fhir/params/compile.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/check.h"
#include "fhir/params/automaton.h"
#include "fhir/params/normal_path.h"

namespace holdfast::fhir {

using params::is_indexable;
using params::normal_paths;
using params::NormalPath;

/// Compiles one epoch of definitions.
class SearchParamsBuilder {
 public:
  SearchParams run() {
    std::vector<std::vector<const SearchParameterRow*>> by_type(type_count);
    for (std::uint32_t i = 0; i < tables::search_parameter_count; ++i) {
      const SearchParameterRow& row = tables::search_parameters[i];
      for (std::uint32_t b = 0; b < row.base_count; ++b) {
        by_type[tables::search_parameter_bases[row.first_base + b]].push_back(&row);
      }
    }
    for (std::size_t type = 0; type < type_count; ++type) {
      for (const SearchParameterRow* row : by_type[type]) {
        add(TypeId{static_cast<std::uint8_t>(type)}, *row);
      }
      made_.first_[type + 1] = static_cast<std::uint32_t>(made_.params_.size());
    }
    mark_compartments();
    made_.automaton_ = automaton_.finish();
    return std::move(made_);
  }

 private:
  using Key = std::tuple<TypeId, ParamKind, std::string>;

  void add(TypeId type, const SearchParameterRow& row) {
    SearchParam param;
    param.code = code(row);
    param.url = url(row);
    param.kind = row.kind;
    param.targets = row.targets;
    for (std::uint32_t i = 0; i < row.component_count; ++i) {
      param.parts.push_back(definition_of(component(row, i)).kind);
    }
    param.unsupported = index_all(type, row, param);
    if (!param.unsupported.empty()) {
      param.uses.clear();
    }
    made_.params_.push_back(std::move(param));
  }

  static const SearchComponentRow& component(const SearchParameterRow& row, std::uint32_t i) {
    return tables::search_components[row.first_component + i];
  }
  static const SearchParameterRow& definition_of(const SearchComponentRow& part) {
    return tables::search_parameters[part.definition];
  }

  /// Adds the uses; gives back why that is not possible, or nothing.
  std::string_view index_all(TypeId type, const SearchParameterRow& row, SearchParam& param) {
    if (param.code == "_id" || param.code == "_lastUpdated") {
      return {};  // every version's row says them
    }
    if (row.kind == ParamKind::special) {
      return "a special parameter has a meaning of its own, which this server does not know";
    }
    if (row.expression_bytes == 0) {
      return "the standard gives no expression for it: what it finds is each server's affair";
    }
    auto syntax = path::parse(expression(row));
    check(syntax.has_value(), "the definitions write FHIRPath");
    const auto paths = normal_paths(*syntax, type, structure(structure_of(type)));
    if (!paths) {
      return "its expression is not a path: what it selects has to be computed";
    }
    for (const NormalPath& path : *paths) {
      if (row.kind == ParamKind::composite) {
        add_composite(type, row, path, param);
      } else {
        add_path(type, row.kind, path, param);
      }
    }
    return param.uses.empty() ? "its path ends in no value of its kind" : std::string_view();
  }

  void add_path(TypeId type, ParamKind kind, const NormalPath& path, SearchParam& param) {
    for (Selector& selector : leaves(kind, path)) {
      use(param, {index_of(type, kind, std::move(selector), {}), path.only});
    }
  }

  static void use(SearchParam& param, IndexUse one) {
    if (std::ranges::find(param.uses, one) == param.uses.end()) {
      param.uses.push_back(one);
    }
  }

  // What can be indexed of a path's end: the rows of that kind; of names and addresses their parts.
  static std::vector<Selector> leaves(ParamKind kind, const NormalPath& path) {
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

  // https://hl7.org/fhir/R4/search.html#string: "any of the string fields" of HumanName and Address
  static std::vector<Selector> text_parts(const Selector& before, std::uint16_t number) {
    static constexpr std::array<std::string_view, 12> parts{
        "text", "family",   "given", "prefix",     "suffix",  "line",
        "city", "district", "state", "postalCode", "country", ""};
    std::vector<Selector> found;
    for (const ElementRow& part :
         rows(structure(StructureId{tables::elements[number].structure}))) {
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

  void add_composite(TypeId type, const SearchParameterRow& row, const NormalPath& path,
                     SearchParam& param) {
    std::vector<const StructureRow*> starts;
    if (path.is_root) {
      starts.push_back(&structure(structure_of(type)));
    } else {
      for (const std::uint16_t number : path.selector.steps.back().rows) {
        starts.push_back(&structure(StructureId{tables::elements[number].structure}));
      }
    }
    check(starts.size() == 1, "a composite stands at one element");
    std::vector<IndexPart> parts;
    for (std::uint32_t i = 0; i < row.component_count; ++i) {
      const SearchComponentRow& part = component(row, i);
      const ParamKind kind = definition_of(part).kind;
      auto syntax = path::parse(pool_text(part.expression, part.expression_bytes));
      check(syntax.has_value(), "the definitions write FHIRPath");
      const auto paths = normal_paths(*syntax, type, *starts.front());
      check(paths.has_value(), "parts of composites are paths");
      IndexPart made;
      made.kind = kind;
      for (const NormalPath& one : *paths) {
        for (Selector& leaf : leaves(kind, one)) {
          made.at.push_back(std::move(leaf));
        }
      }
      parts.push_back(std::move(made));
    }
    use(param, {index_of(type, ParamKind::composite, path.selector, std::move(parts)), {}});
  }

  IndexId index_of(TypeId type, ParamKind kind, Selector selector, std::vector<IndexPart> parts) {
    std::string text = path_text(type, selector);
    if (kind == ParamKind::composite) {
      text += parts_text(type, parts);
    }
    const auto next = static_cast<std::uint16_t>(made_.indexes_.size());
    const auto [known, fresh] = known_.try_emplace(Key{type, kind, text}, IndexId{next});
    if (!fresh) {
      return known->second;
    }
    check(next != UINT16_MAX, "indexes have 16 bits");
    PathIndex index;
    index.type = type;
    index.kind = kind;
    index.path = std::move(text);
    index.parts = std::move(parts);
    index.repeats = may_repeat(kind, selector);
    made_.indexes_.push_back(std::move(index));
    place(type, IndexId{next}, std::move(selector));
    return IndexId{next};
  }

  static bool may_repeat(ParamKind kind, const Selector& selector) {
    if (kind == ParamKind::token || kind == ParamKind::composite) {
      return true;  // a concept has several codes
    }
    return std::ranges::any_of(selector.steps, [](const SelectStep& step) {
      return step.kind == SelectStep::Kind::child &&
             (step.rows.size() > 1 || (tables::elements[step.rows[0]].flags & row_repeats) != 0);
    });
  }

  // Plain steps into the automaton; what is behind them is followed from there. A position counts
  // in all that the steps before it lead to, so there the whole path is followed from the root.
  void place(TypeId type, IndexId index, Selector selector) {
    const bool has_item = std::ranges::any_of(
        selector.steps, [](const SelectStep& s) { return s.kind == SelectStep::Kind::item; });
    std::size_t plain = 0;
    while (!has_item && plain < selector.steps.size() &&
           selector.steps[plain].kind == SelectStep::Kind::child) {
      ++plain;
    }
    PathAction action{index, no_rest};
    if (plain < selector.steps.size()) {
      Selector rest;
      rest.steps.assign(selector.steps.begin() + static_cast<std::ptrdiff_t>(plain),
                        selector.steps.end());
      action.rest = static_cast<std::uint16_t>(made_.rests_.size());
      made_.rests_.push_back(std::move(rest));
    }
    automaton_.add(type, std::span(selector.steps).first(plain), action);
  }

  static std::string path_text(TypeId type, const Selector& selector) {
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
  // ".code", ".value(Quantity, Range)"
  static void append_rows(std::string& text, const std::vector<std::uint16_t>& rows) {
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
  static std::string parts_text(TypeId type, const std::vector<IndexPart>& parts) {
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

  void mark_compartments() {
    static const auto patient = type_id("Patient");
    for (std::uint32_t i = 0; i < tables::compartment_count; ++i) {
      const CompartmentRow& row = tables::compartments[i];
      if (row.compartment != patient->value) {
        continue;
      }
      const SearchParam* param =
          made_.find(TypeId{row.type}, code(tables::search_parameters[row.parameter]));
      check(param != nullptr, "a compartment names parameters of its types");
      for (const IndexUse& one : param->uses) {
        made_.indexes_[one.index.value].in_patient_compartment = true;
      }
    }
  }

  SearchParams made_;
  AutomatonBuilder automaton_;
  std::map<Key, IndexId> known_;
};

SearchParams compile_search_params() { return SearchParamsBuilder().run(); }

const SearchParams& standard_search_params() {
  static const SearchParams params = compile_search_params();
  return params;
}

}  // namespace holdfast::fhir
