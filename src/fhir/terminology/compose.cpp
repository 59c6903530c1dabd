#include "fhir/terminology/compose.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "fhir/terminology/grammar.h"
#include "fhir/terminology/layer.h"
#include "fhir/terminology/pattern.h"

namespace holdfast::fhir::terminology {
namespace {

std::unexpected<Error> no_such_filter(std::string_view property, std::string_view system) {
  return fail(Code::unsupported,
              fmt::format("a filter on '{}' of {} is not understood here", property, system));
}

// The value of a property of a concept; several for what repeats.
std::vector<std::string_view> values_of(const Terminology& in, ConceptId id,
                                        std::string_view property) {
  if (property == "code" || property == "concept") {
    return {in.code(id)};
  }
  if (property == "display") {
    return {in.display(id)};
  }
  std::vector<std::string_view> values;
  if (property == "parent" || property == "child") {
    for (const ConceptId other : property == "parent" ? in.parents(id) : in.children(id)) {
      values.push_back(in.code(other));
    }
    return values;
  }
  const auto& rows = in.tables(id.layer()).properties;
  const auto of_id = [](const PropertyRow& row, std::uint32_t number) {
    return row.owner < number;
  };
  for (auto at = std::lower_bound(rows.begin(), rows.end(), id.number(), of_id);
       at != rows.end() && at->owner == id.number(); ++at) {
    if (in.text(id.layer(), at->code) == property) {
      values.push_back(in.text(id.layer(), at->value));
    }
  }
  return values;
}

bool is_among(std::string_view list, std::string_view value) {
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
    const std::size_t end = part.find_last_not_of(' ');
    if (end != std::string_view::npos && part.substr(begin, end + 1 - begin) == value) {
      return true;
    }
  }
  return false;
}

Result<bool> passes_hierarchy(const Terminology& in, Operator op, std::string_view value,
                              SystemId system, ConceptId id) {
  const auto number = find_concept(in.tables(system.layer), in.row(system), value);
  if (number < 0) {
    return fail(Code::not_found,
                fmt::format("{} has no code '{}', which a filter names", in.url(system), value));
  }
  const ConceptId named{system.layer << 24U | static_cast<std::uint32_t>(number)};
  switch (op) {
    case Operator::is_not_a: return !in.is_below(id, named);
    case Operator::descendent_of: return id != named && in.is_below(id, named);
    case Operator::generalizes: return in.is_below(named, id);
    default: return in.is_below(id, named);
  }
}

Error too_many_steps() {
  return Error{Code::too_costly, "its rules take more steps than one value set may", {}, {}};
}

}  // namespace

Error not_enumerable(std::string_view url) {
  if (has_grammar(url)) {
    return Error{Code::too_costly,
                 fmt::format("the codes of {} follow a grammar and cannot be enumerated; validate "
                             "single codes instead",
                             url),
                 {},
                 {}};
  }
  return Error{Code::too_costly,
               fmt::format("the code system {} is not bundled with this server, so that its codes "
                           "cannot be enumerated; load a package that has it",
                           url),
               {},
               {}};
}

std::uint64_t steps_of(const Terminology& in, std::uint32_t layer, const FilterRow& filter) {
  return filter.op == Operator::regex ? 1 + in.text(layer, filter.value).size() : 1;
}

Result<bool> passes(const Terminology& in, std::uint32_t layer, const FilterRow& filter,
                    SystemId system, ConceptId id) {
  const std::string_view property = in.text(layer, filter.property);
  const std::string_view value = in.text(layer, filter.value);
  switch (filter.op) {
    case Operator::is_a:
    case Operator::is_not_a:
    case Operator::descendent_of:
    case Operator::generalizes:
      if (property != "concept" && property != "code") {
        return no_such_filter(property, in.url(system));
      }
      return passes_hierarchy(in, filter.op, value, system, id);
    default: break;
  }
  const auto values = values_of(in, id, property);
  const auto any = [&values](const auto& good) {
    return std::any_of(values.begin(), values.end(), good);
  };
  switch (filter.op) {
    case Operator::equals: return any([value](std::string_view v) { return v == value; });
    case Operator::in: return any([value](std::string_view v) { return is_among(value, v); });
    case Operator::not_in: return !any([value](std::string_view v) { return is_among(value, v); });
    case Operator::exists: return values.empty() == (value == "false");
    case Operator::regex: {
      TRY(const Pattern pattern, Pattern::read(value));
      return any([&pattern](std::string_view v) { return pattern.fits(v); });
    }
    default: return no_such_filter(property, in.url(system));
  }
}

std::vector<Run> runs_of(const std::vector<std::uint32_t>& members) {
  std::vector<Run> runs;
  for (const std::uint32_t member : members) {
    if (!runs.empty() && runs.back().first + runs.back().count == member) {
      ++runs.back().count;
    } else {
      runs.push_back(Run{member, 1});
    }
  }
  return runs;
}

const Composed& Composer::compose(ValueSetId set) {
  const auto known = done_.find(set);
  if (known != done_.end()) {
    return known->second;
  }
  if (depth_ == 0) {
    steps_ = 0;
  }
  Composed composed;
  if (use_ == Use::rules_only || fresh_.contains(set)) {
    composed = from_rules(set);
  } else {
    const Terminology::Members members = in_.members(set);
    if (members.open) {
      composed = from_rules(set);  // for the reasons
    } else {
      for (const Run& run : members.ordered) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
          composed.members.push_back(run.first + i);
        }
      }
    }
  }
  return done_.insert_or_assign(set, std::move(composed)).first->second;
}

Composed Composer::from_rules(ValueSetId set) {
  Composed composed;
  if (depth_ == import_depth_max || !in_progress_.insert(set).second) {
    composed.open.push_back(Error{Code::too_costly,
                                  fmt::format("value sets import each other more than {} deep, or "
                                              "in a circle, at {}",
                                              import_depth_max, in_.url(set)),
                                  {},
                                  {}});
    return composed;
  }
  ++depth_;
  const ValueSetRow& row = in_.row(set);
  const Tables& tables = in_.tables(set.layer);
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> excluded;
  for (unsigned i = 0; i < row.rule_count; ++i) {  // excludes come last
    const RuleRow& rule = tables.rules[row.first_rule + i];
    auto found = members_of(set.layer, rule);
    if (!found) {
      composed.open.push_back(std::move(found).error());
      continue;
    }
    for (const std::uint32_t member : *found) {
      if ((rule.flags & rule_exclude) != 0) {
        excluded.insert(member);
      } else if (seen.insert(member).second) {
        composed.members.push_back(member);
      }
    }
    if (composed.members.size() > members_max) {
      composed.open.push_back(
          Error{Code::too_costly,
                fmt::format("{} holds more than {} codes", in_.url(set), members_max),
                {},
                {}});
      break;
    }
  }
  const bool active_only = (row.flags & set_active_only) != 0;
  std::erase_if(composed.members, [&](std::uint32_t m) {
    return excluded.contains(m) ||
           (active_only && (in_.row(ConceptId{m}).flags & concept_inactive) != 0);
  });
  --depth_;
  in_progress_.erase(set);
  return composed;
}

// https://hl7.org/fhir/R4/valueset.html#include: what all parts of one rule have in common.
Result<std::vector<std::uint32_t>> Composer::members_of(std::uint32_t layer, const RuleRow& rule) {
  std::vector<std::uint32_t> members;
  if (rule.system != 0) {
    TRY(members, of_system(layer, rule));
  }
  bool first = rule.system == 0;
  for (unsigned i = 0; i < rule.import_count; ++i) {
    const std::string_view url = in_.text(layer, in_.tables(layer).imports[rule.imports + i]);
    TRY(const ValueSetId set, in_.value_set(url));
    const Composed& imported = compose(set);
    if (!imported.open.empty()) {
      return fail(imported.open.front());
    }
    if (!may_take(imported.members.size())) {
      return fail(too_many_steps());
    }
    if (first) {
      members = imported.members;
    } else {
      const std::set<std::uint32_t> common(imported.members.begin(), imported.members.end());
      std::erase_if(members, [&](std::uint32_t m) { return !common.contains(m); });
    }
    first = false;
  }
  return members;
}

Result<std::vector<std::uint32_t>> Composer::of_system(std::uint32_t layer, const RuleRow& rule) {
  if ((rule.flags & rule_listed) != 0) {
    return listed(layer, rule);
  }
  const std::string_view url = in_.text(layer, in_.tables(layer).systems[rule.system - 1].url);
  const auto system = in_.system(url);
  if (!system || in_.row(*system).content == Content::listed) {
    return fail(not_enumerable(url));
  }
  const SystemRow& row = in_.row(*system);
  const FilterRow* filters = in_.tables(layer).filters + rule.filters;
  std::uint64_t steps = 1;
  for (unsigned i = 0; i < rule.filter_count; ++i) {
    steps += steps_of(in_, layer, filters[i]);
  }
  if (!may_take(steps * row.count)) {
    return fail(too_many_steps());
  }
  std::vector<std::uint32_t> members;
  for (std::uint32_t number = row.first; number < row.first + row.count; ++number) {
    const ConceptId id{system->layer << 24U | number};
    bool good = true;
    for (unsigned i = 0; good && i < rule.filter_count; ++i) {
      TRY(good, passes(in_, layer, filters[i], *system, id));
    }
    if (good) {
      members.push_back(id.value);
    }
  }
  return members;
}

// A code keeps its number unless a layer above has its system anew.
std::vector<std::uint32_t> Composer::listed(std::uint32_t layer, const RuleRow& rule) const {
  const Tables& tables = in_.tables(layer);
  std::vector<std::uint32_t> members;
  members.reserve(rule.listed_count);
  const std::string_view url = in_.text(layer, tables.systems[rule.system - 1].url);
  const auto system = in_.system(url);
  for (std::uint32_t i = 0; i < rule.listed_count; ++i) {
    const ConceptId id{tables.listed[rule.listed + i].member};
    const bool anew = system && system->layer > id.layer();
    members.push_back(anew ? in_.find(url, in_.code(id)).value_or(id).value : id.value);
  }
  return members;
}

}  // namespace holdfast::fhir::terminology
