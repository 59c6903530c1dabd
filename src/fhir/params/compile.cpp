#include "fhir/params/compile.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/check.h"
#include "fhir/params/automaton.h"
#include "fhir/params/leaves.h"
#include "fhir/params/normal_path.h"

namespace holdfast::fhir {

using params::is_given_here;
using params::leaves;
using params::normal_paths;
using params::NormalPath;
using params::parts_text;
using params::path_text;
using params::truth_path;

namespace {

// What the compiler needs to know of a parameter, built in or not. Borrows.
struct Definition {
  struct Part {
    ParamKind kind;
    std::string_view expression;
  };
  std::string_view code;
  std::string_view url;
  ParamKind kind = ParamKind::token;
  std::string_view expression;
  std::span<const std::uint8_t> targets;
  std::vector<Part> parts;
};

Definition definition_of_row(const SearchParameterRow& row) {
  Definition definition{code(row), url(row), row.kind, expression(row), target_types(row.targets),
                        {}};
  for (std::uint32_t i = 0; i < row.component_count; ++i) {
    const SearchComponentRow& part = tables::search_components[row.first_component + i];
    definition.parts.push_back({tables::search_parameters[part.definition].kind,
                                pool_text(part.expression, part.expression_bytes)});
  }
  return definition;
}

/// What R4 has not, and pathways look for (docs/PATHWAYS.md).
struct OwnRow {
  std::string_view type;
  std::string_view code;
  std::string_view url;
  ParamKind kind;
  std::string_view expression;
};
constexpr std::array own_parameters{
    // Of the period only its end: one that is open at its start would begin before any day.
    OwnRow{"Task", "due", "urn:holdfast:SearchParameter:Task-due", ParamKind::date,
           "Task.restriction.period.end"},
    OwnRow{"Task", "overseer", "urn:holdfast:SearchParameter:Task-overseer", ParamKind::reference,
           "Task.restriction.recipient"},
    // R4 has no parameter of it at all, and units of blood are known by their numbers.
    OwnRow{"BiologicallyDerivedProduct", "identifier",
           "urn:holdfast:SearchParameter:BiologicallyDerivedProduct-identifier", ParamKind::token,
           "BiologicallyDerivedProduct.identifier"},
};

constexpr std::string_view given_here =
    "it selects what the server itself gives a resource: search by _id or _lastUpdated";

// Room that the definitions of one package cannot use up unseen: numbers have 16 bits.
constexpr std::size_t indexes_max = 60'000;
constexpr std::size_t rests_max = 60'000;

}  // namespace

/// Compiles one epoch of definitions.
class SearchParamsBuilder {
 public:
  /// Numbers that are given out already, and what they are given to.
  void give_numbers(std::span<const std::string> catalogue) {
    for (std::size_t i = indexes_.size(); i < catalogue.size(); ++i) {
      if (!catalogue[i].empty()) {
        known_.emplace(catalogue[i], IndexId{static_cast<std::uint16_t>(i)});
      }
      indexes_.emplace_back();
    }
  }
  /// Whether these are the numbers it has given out, perhaps with more behind them.
  [[nodiscard]] bool agrees_with(std::span<const std::string> catalogue) const {
    return catalogue.size() >= indexes_.size() &&
           std::ranges::all_of(known_, [&](const auto& known) {
             return catalogue[known.second.value] == known.first;
           });
  }

  void add_built_in() {
    for (std::uint32_t i = 0; i < tables::search_parameter_count; ++i) {
      const SearchParameterRow& row = tables::search_parameters[i];
      const Definition definition = definition_of_row(row);
      for (std::uint32_t b = 0; b < row.base_count; ++b) {
        const TypeId type{tables::search_parameter_bases[row.first_base + b]};
        by_type_[type.value].push_back(compiled(type, definition));
      }
    }
    // Behind those of the standard: their numbers stay what they were.
    for (const OwnRow& row : own_parameters) {
      const TypeId type = *type_id(row.type);
      by_type_[type.value].push_back(
          compiled(type, Definition{row.code, row.url, row.kind, row.expression, {}, {}}));
    }
    mark_compartments();
    mark_subjects();
  }
  /// The others of its epoch, and what those before have left.
  void add(const EpochSource& source) {
    for (const ParamDefinition& one : source.former) {
      const Definition definition = definition_of(one, source.former);
      for (const TypeId type : one.base) {
        (void)compiled(type, definition);  // for its indexes
      }
    }
    for (const ParamDefinition& one : source.current) {
      add(one, source.current);
    }
  }

  SearchParams finish() && {
    SearchParams made;
    for (std::size_t type = 0; type < type_count; ++type) {
      std::ranges::stable_sort(by_type_[type], {}, &SearchParam::code);
      std::ranges::move(by_type_[type], std::back_inserter(made.params_));
      made.first_[type + 1] = static_cast<std::uint32_t>(made.params_.size());
    }
    made.indexes_ = std::move(indexes_);
    made.rests_ = std::move(rests_);
    made.automaton_ = automaton_.finish();
    made.texts_ = std::move(texts_);
    made.targets_ = std::move(targets_);
    return made;
  }

 private:
  SearchParam compiled(TypeId type, const Definition& definition) {
    SearchParam param;
    param.code = definition.code;
    param.url = definition.url;
    param.kind = definition.kind;
    param.targets = definition.targets;
    for (const Definition::Part& part : definition.parts) {
      param.parts.push_back(part.kind);
    }
    param.unsupported = index_all(type, definition, param);
    if (!param.unsupported.empty()) {
      param.uses.clear();
    }
    return param;
  }

  /// One that is not built in.
  void add(const ParamDefinition& one, std::span<const ParamDefinition> beside) {
    Definition definition = definition_of(one, beside);
    definition.code = texts_.emplace_back(one.code);
    definition.url = texts_.emplace_back(one.url);
    std::vector<std::uint8_t>& targets = targets_.emplace_back();
    for (const TypeId target : one.target) {
      targets.push_back(target.value);
    }
    definition.targets = targets;
    for (const TypeId type : one.base) {
      SearchParam param = compiled(type, definition);
      std::vector<SearchParam>& of_type = by_type_[type.value];
      const auto same = std::ranges::find(of_type, param.code, &SearchParam::code);
      if (same == of_type.end()) {
        of_type.push_back(std::move(param));
      } else {
        *same = std::move(param);
      }
    }
  }

  static Definition definition_of(const ParamDefinition& one,
                                  std::span<const ParamDefinition> beside) {
    Definition definition{one.code, one.url, one.kind, one.expression, {}, {}};
    for (const ParamDefinition::Part& part : one.parts) {
      // What it is a part of cannot be compiled without its kind: `special` says so.
      definition.parts.push_back(
          {kind_of(part.definition, beside).value_or(ParamKind::special), part.expression});
    }
    return definition;
  }
  static std::optional<ParamKind> kind_of(std::string_view wanted,
                                          std::span<const ParamDefinition> beside) {
    const auto at = std::ranges::find(beside, wanted, &ParamDefinition::url);
    if (at != beside.end()) {
      return at->kind;
    }
    for (std::uint32_t i = 0; i < tables::search_parameter_count; ++i) {
      if (url(tables::search_parameters[i]) == wanted) {
        return tables::search_parameters[i].kind;
      }
    }
    return std::nullopt;
  }

  /// Adds the uses; gives back why that is not possible, or nothing.
  std::string_view index_all(TypeId type, const Definition& definition, SearchParam& param) {
    if (param.code == "_id" || param.code == "_lastUpdated") {
      return {};  // every version's row says them
    }
    if (definition.kind == ParamKind::special) {
      return "a special parameter has a meaning of its own, which this server does not know";
    }
    if (definition.expression.empty()) {
      return "the standard gives no expression for it: what it finds is each server's affair";
    }
    if (!has_room()) {
      return "there is no room for its index: this server has too many search parameters";
    }
    const std::string_view truth =
        definition.kind == ParamKind::token ? truth_path(definition.expression) : "";
    const auto syntax = path::parse(truth.empty() ? definition.expression : truth);
    if (!syntax) {
      return "its expression is no FHIRPath";
    }
    const auto paths = normal_paths(*syntax, type, structure(structure_of(type)));
    if (!paths) {
      return "its expression is not a path: what it selects has to be computed";
    }
    for (const NormalPath& path : *paths) {
      if (is_given_here(path.selector)) {
        return given_here;
      }
      if (!truth.empty()) {
        use(param, {index_of_truth(type, definition.expression, path.selector), {}});
        continue;
      }
      if (definition.kind == ParamKind::composite) {
        if (const auto why = add_composite(type, definition, path, param); !why.empty()) {
          return why;
        }
      } else {
        add_path(type, definition.kind, path, param);
      }
    }
    return param.uses.empty() ? "its path ends in no value of its kind" : std::string_view();
  }

  [[nodiscard]] bool has_room() const {
    return indexes_.size() < indexes_max && rests_.size() < rests_max && automaton_.has_room();
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

  /// Why it cannot be indexed, or nothing.
  std::string_view add_composite(TypeId type, const Definition& definition, const NormalPath& path,
                                 SearchParam& param) {
    const StructureRow* const start = start_of(type, path);
    if (start == nullptr) {
      return "it stands at no one element that has its parts";
    }
    std::vector<IndexPart> parts;
    for (const Definition::Part& part : definition.parts) {
      const auto syntax = path::parse(part.expression);
      const auto paths =
          syntax ? normal_paths(*syntax, type, *start) : fail(Code::syntax, "no FHIRPath");
      if (!paths || part.kind == ParamKind::special || part.kind == ParamKind::composite) {
        return "one of its parts is not a path, or is no parameter that is known";
      }
      IndexPart made;
      made.kind = part.kind;
      for (const NormalPath& one : *paths) {
        if (path.is_root && is_given_here(one.selector)) {
          return given_here;
        }
        for (Selector& leaf : leaves(part.kind, one)) {
          made.repeats = made.repeats || !made.at.empty() || passes_repeating(part.kind, leaf);
          made.at.push_back(std::move(leaf));
        }
      }
      made.repeats = made.repeats || part.kind == ParamKind::reference;
      parts.push_back(std::move(made));
    }
    if (parts.empty()) {
      return "it is a composite without parts";
    }
    use(param, {index_of(type, ParamKind::composite, path.selector, std::move(parts)), {}});
    return {};
  }

  static const StructureRow* start_of(TypeId type, const NormalPath& path) {
    if (path.is_root) {
      return &structure(structure_of(type));
    }
    const std::vector<std::uint16_t>& rows = path.selector.steps.back().rows;
    return rows.size() == 1 && tables::elements[rows[0]].kind == ElementKind::complex
               ? &structure(StructureId{tables::elements[rows[0]].structure})
               : nullptr;
  }

  IndexId index_of(TypeId type, ParamKind kind, Selector selector, std::vector<IndexPart> parts) {
    PathIndex index;
    index.path = path_text(type, selector);
    index.path += kind == ParamKind::composite ? parts_text(type, parts) : "";
    index.parts = std::move(parts);
    index.leads_to_several = passes_repeating(kind, selector);
    index.repeats =
        index.leads_to_several || kind == ParamKind::composite || kind == ParamKind::reference;
    return numbered(type, kind, std::move(index), std::move(selector));
  }
  // It is the resource that has such a value, not what the path leads to.
  IndexId index_of_truth(TypeId type, std::string_view expression, const Selector& selector) {
    PathIndex index;
    index.path = expression;
    index.parts = {{ParamKind::token, false, {selector}}};
    index.is_truth = true;
    return numbered(type, ParamKind::token, std::move(index), {});
  }
  IndexId numbered(TypeId type, ParamKind kind, PathIndex index, Selector selector) {
    const auto next = static_cast<std::uint16_t>(indexes_.size());
    const auto [known, fresh] = known_.try_emplace(identity_of(kind, index.path), IndexId{next});
    const IndexId id = known->second;
    if (fresh) {
      indexes_.emplace_back();
    }
    if (indexes_[id.value].path.empty()) {
      index.type = type;
      index.kind = kind;
      indexes_[id.value] = std::move(index);
      place(type, id, std::move(selector));
    }
    return id;
  }

  // A concept has several codes; of a choice one is there.
  static bool passes_repeating(ParamKind kind, const Selector& selector) {
    const auto repeats = [&](std::uint16_t number) {
      const ElementRow& row = tables::elements[number];
      const bool is_concept = kind == ParamKind::token && row.kind == ElementKind::complex &&
                              name(structure(StructureId{row.structure})) == "CodeableConcept";
      return is_concept || (row.flags & row_repeats) != 0;
    };
    return std::ranges::any_of(selector.steps, [&](const SelectStep& step) {
      return step.kind == SelectStep::Kind::child && std::ranges::any_of(step.rows, repeats);
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
      action.rest = static_cast<std::uint16_t>(rests_.size());
      rests_.push_back(std::move(rest));
    }
    automaton_.add(type, std::span(selector.steps).first(plain), action);
  }

  void mark_compartments() {
    static const auto patient = type_id("Patient");
    for (std::uint32_t i = 0; i < tables::compartment_count; ++i) {
      const CompartmentRow& row = tables::compartments[i];
      if (row.compartment != patient->value) {
        continue;
      }
      const std::vector<SearchParam>& of_type = by_type_[row.type];
      const auto param = std::ranges::find(of_type, code(tables::search_parameters[row.parameter]),
                                           &SearchParam::code);
      check(param != of_type.end(), "a compartment names parameters of its types");
      for (const IndexUse& one : param->uses) {
        indexes_[one.index.value].in_patient_compartment = true;
        indexes_[one.index.value].names_patient = true;
      }
    }
  }
  void mark_subjects() {
    for (const std::vector<SearchParam>& of_type : by_type_) {
      for (const SearchParam& param : of_type) {
        if (param.kind == ParamKind::reference &&
            (param.code == "patient" || param.code == "subject")) {
          for (const IndexUse& one : param.uses) {
            indexes_[one.index.value].names_patient = true;
          }
        }
      }
    }
  }

  std::vector<std::vector<SearchParam>> by_type_ =
      std::vector<std::vector<SearchParam>>(type_count);
  std::vector<PathIndex> indexes_;
  std::vector<Selector> rests_;
  AutomatonBuilder automaton_;
  std::deque<std::string> texts_;
  std::deque<std::vector<std::uint8_t>> targets_;
  std::map<std::string, IndexId> known_;  // by identity
};

SearchParams compile_search_params(const EpochSource& source) {
  // What is built in takes most of the time, and is nearly always the same.
  static const SearchParamsBuilder built_in = [] {
    SearchParamsBuilder builder;
    builder.add_built_in();
    return builder;
  }();
  const bool same = source.catalogue.empty() || built_in.agrees_with(source.catalogue);
  SearchParamsBuilder builder = same ? built_in : SearchParamsBuilder();
  builder.give_numbers(source.catalogue);
  if (!same) {
    builder.add_built_in();
  }
  builder.add(source);
  return std::move(builder).finish();
}

const SearchParams& standard_search_params() {
  static const SearchParams compiled = compile_search_params();
  return compiled;
}

}  // namespace holdfast::fhir
