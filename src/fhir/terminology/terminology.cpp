// fhir/terminology/terminology.cpp: layers, and finding things in them.
#include "fhir/terminology/terminology.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/terminology/compose.h"
#include "fhir/terminology/layer.h"

namespace holdfast::fhir::terminology {
namespace {

std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> members) {
  std::sort(members.begin(), members.end());
  return members;
}

std::pair<std::uint32_t, std::uint32_t> keep(Rows& rows, const std::vector<Run>& runs) {
  const auto at = static_cast<std::uint32_t>(rows.runs.size());
  rows.runs.insert(rows.runs.end(), runs.begin(), runs.end());
  return {at, static_cast<std::uint32_t>(runs.size())};
}

std::pair<std::string_view, std::string_view> split_canonical(std::string_view canonical) {
  const std::size_t bar = canonical.rfind('|');
  return bar == std::string_view::npos
             ? std::pair{canonical, std::string_view()}
             : std::pair{canonical.substr(0, bar), canonical.substr(bar + 1)};
}

std::unexpected<Error> no_set(std::string_view url) {
  if (url.starts_with("http://snomed.info/sct") || url.starts_with("http://loinc.org/vs")) {
    return fail(Code::not_found,
                fmt::format("the value set {} is made of a code system that is not bundled with "
                            "this server; load a package that has it",
                            url));
  }
  return fail(Code::not_found,
              fmt::format("there is no value set {} here; load a package that has it, or send it "
                          "with the request",
                          url));
}

/// Value sets below the top layer whose members the top layer changes.
std::set<ValueSetId> touched(const Terminology& in) {
  const auto top = static_cast<std::uint32_t>(in.layer_count() - 1);
  std::set<std::string_view> urls;
  std::set<std::string_view> systems;
  const Tables& mine = in.tables(top);
  for (const ValueSetRow& row : mine.value_sets) {
    urls.insert(in.text(top, row.url));
  }
  for (const SystemRow& row : mine.systems) {
    if (row.content != Content::listed) {
      systems.insert(in.text(top, row.url));
    }
  }
  std::set<ValueSetId> found;
  for (bool more = !urls.empty() || !systems.empty(); more;) {
    more = false;
    for (std::uint32_t layer = 0; layer < top; ++layer) {
      const Tables& tables = in.tables(layer);
      const auto changes = [&](const RuleRow& rule) {
        if (rule.system != 0 &&
            systems.contains(in.text(layer, tables.systems[rule.system - 1].url))) {
          return true;
        }
        return std::any_of(
            tables.imports + rule.imports, tables.imports + rule.imports + rule.import_count,
            [&](TextAt at) { return urls.contains(split_canonical(in.text(layer, at)).first); });
      };
      for (std::uint32_t index = 0; index < tables.value_sets.size(); ++index) {
        const ValueSetRow& row = tables.value_sets[index];
        const RuleRow* rules = tables.rules + row.first_rule;
        if (!found.contains({layer, index}) &&
            std::any_of(rules, rules + row.rule_count, changes)) {
          found.insert({layer, index});
          urls.insert(in.text(layer, row.url));
          more = true;
        }
      }
    }
  }
  return found;
}

}  // namespace

Terminology::Terminology() {
  auto layer = std::make_shared<Layer>();
  layer->tables = built_in();
  layers_.push_back(std::move(layer));
}

Terminology::Terminology(std::vector<std::shared_ptr<const Layer>> layers)
    : layers_(std::move(layers)) {}

Result<Terminology> Terminology::over(const Terminology& under,
                                      std::span<const JsonValue> resources) {
  const auto number = static_cast<std::uint32_t>(under.layers_.size());
  if (number == layers_max) {
    return fail(Code::too_large, fmt::format("more than {} layers of terminology", layers_max));
  }
  Reading reading(under, number);
  TRY_OK(reading.read(resources));
  auto rows = std::make_unique<Rows>(reading.take());
  Rows& writable = *rows;
  auto layer = std::make_shared<Layer>();
  layer->tables = tables_of(writable);
  layer->rows = std::move(rows);
  std::vector<std::shared_ptr<const Layer>> layers = under.layers_;
  layers.push_back(layer);
  Terminology made(std::move(layers));

  Composer composer(made, Composer::Use::known_members);
  const std::set<ValueSetId> changed = touched(made);
  for (const ValueSetId set : changed) {
    composer.refresh(set);
  }
  for (std::uint32_t i = 0; i < writable.value_sets.size(); ++i) {
    composer.refresh(ValueSetId{number, i});
  }
  const auto place = [&](ValueSetId set) {
    const Composed& composed = composer.compose(set);
    const auto [runs, count] = keep(writable, runs_of(composed.members));
    const auto [sorted_runs, sorted_count] = keep(writable, runs_of(sorted(composed.members)));
    return Recomposed{set, runs, count, sorted_runs, sorted_count, !composed.open.empty()};
  };
  for (const ValueSetId set : changed) {
    layer->recomposed.push_back(place(set));
  }
  for (std::uint32_t i = 0; i < writable.value_sets.size(); ++i) {
    const Recomposed placed = place(ValueSetId{number, i});
    ValueSetRow& row = writable.value_sets[i];
    row.runs = placed.runs;
    row.run_count = placed.run_count;
    row.sorted_runs = placed.sorted_runs;
    row.sorted_run_count = placed.sorted_run_count;
    row.flags = static_cast<std::uint8_t>(row.flags | (placed.open ? set_open : 0));
  }
  layer->tables = tables_of(writable);
  return made;
}

Terminology::Members Terminology::members(ValueSetId set) const {
  for (std::size_t above = layers_.size() - 1; above > set.layer; --above) {
    const Layer& layer = *layers_[above];
    const auto found = std::lower_bound(
        layer.recomposed.begin(), layer.recomposed.end(), set,
        [](const Recomposed& one, const ValueSetId& wanted) { return one.set < wanted; });
    if (found != layer.recomposed.end() && found->set == set) {
      const Run* runs = layer.tables.runs;
      return {{runs + found->runs, found->run_count},
              {runs + found->sorted_runs, found->sorted_run_count},
              found->open};
    }
  }
  const ValueSetRow& row_ = row(set);
  const Run* runs = tables(set.layer).runs;
  return {{runs + row_.runs, row_.run_count},
          {runs + row_.sorted_runs, row_.sorted_run_count},
          (row_.flags & set_open) != 0};
}

const Tables& Terminology::tables(std::uint32_t layer) const { return layers_[layer]->tables; }

std::string_view Terminology::text(std::uint32_t layer, TextAt at) const {
  return text_at(layers_[layer]->tables.texts, at);
}
const SystemRow& Terminology::row(SystemId id) const { return tables(id.layer).systems[id.index]; }
const ValueSetRow& Terminology::row(ValueSetId id) const {
  return tables(id.layer).value_sets[id.index];
}
const ConceptRow& Terminology::row(ConceptId id) const {
  return tables(id.layer()).concepts[id.number()];
}
const ConceptMapRow& Terminology::row(ConceptMapId id) const {
  return tables(id.layer).concept_maps[id.index];
}

// A display that only a value set gave, where the code system is not here, may be empty.
std::string_view Terminology::display(ConceptId id) const {
  return text(id.layer(), row(id).display);
}

SystemId Terminology::system_of(ConceptId id) const {
  const auto systems = tables(id.layer()).systems;
  const auto behind =
      std::upper_bound(systems.begin(), systems.end(), id.number(),
                       [](std::uint32_t n, const SystemRow& one) { return n < one.first; });
  check(behind != systems.begin(), "every concept has a system");
  return {id.layer(), static_cast<std::uint32_t>(behind - systems.begin() - 1)};
}

Result<ValueSetId> Terminology::value_set(std::string_view canonical) const {
  const auto [url, version] = split_canonical(canonical);
  bool other_version = false;
  for (auto layer = static_cast<std::uint32_t>(layers_.size()); layer-- > 0;) {
    const auto index = find_value_set(tables(layer), url);
    if (index < 0) {
      continue;
    }
    const ValueSetId id{layer, static_cast<std::uint32_t>(index)};
    if (version.empty() || text(layer, row(id).version) == version) {
      return id;
    }
    other_version = true;
  }
  if (other_version) {
    return fail(
        Code::not_found,
        fmt::format("version {} of the value set {} is not here, only another one", version, url));
  }
  return no_set(canonical);
}

ValueSetId Terminology::value_set(SetNumber number) const {
  const ValueSetId bottom{0, number.value};
  if (layers_.size() == 1) {
    return bottom;
  }
  return value_set(url(bottom)).value_or(bottom);
}

std::optional<SystemId> Terminology::system(std::string_view url) const {
  std::optional<SystemId> listed;
  for (auto layer = static_cast<std::uint32_t>(layers_.size()); layer-- > 0;) {
    const auto index = find_system(tables(layer), url);
    if (index >= 0) {
      const SystemId id{layer, static_cast<std::uint32_t>(index)};
      if (row(id).content != Content::listed) {
        return id;
      }
      listed = id;
    }
  }
  return listed;
}

// From the top down to the first layer that holds the system itself.
std::optional<ConceptId> Terminology::find(std::string_view system, std::string_view code) const {
  for (auto layer = static_cast<std::uint32_t>(layers_.size()); layer-- > 0;) {
    const Tables& in = tables(layer);
    const auto index = find_system(in, system);
    if (index < 0) {
      continue;
    }
    const SystemRow& found = in.systems[static_cast<std::size_t>(index)];
    const auto number = find_concept(in, found, code);
    if (number >= 0) {
      return ConceptId{layer << 24U | static_cast<std::uint32_t>(number)};
    }
    if (found.content != Content::listed) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Result<ConceptMapId> Terminology::concept_map(std::string_view canonical) const {
  const auto [url, version] = split_canonical(canonical);
  for (auto layer = static_cast<std::uint32_t>(layers_.size()); layer-- > 0;) {
    const auto maps = tables(layer).concept_maps;
    for (std::uint32_t i = 0; i < maps.size(); ++i) {
      if (text(layer, maps[i].url) == url &&
          (version.empty() || text(layer, maps[i].version) == version)) {
        return ConceptMapId{layer, i};
      }
    }
  }
  return fail(Code::not_found, fmt::format("there is no concept map {} here; load a package that "
                                           "has it, or send it with the request",
                                           canonical));
}

std::string_view name(Subsumption subsumption) {
  constexpr std::array<std::string_view, 4> names{"equivalent", "subsumes", "subsumed-by",
                                                  "not-subsumed"};
  return names[static_cast<std::size_t>(subsumption)];
}

std::string_view name(Equivalence equivalence) {
  constexpr std::array<std::string_view, 10> names{
      "relatedto", "equivalent",  "equal",   "wider",     "subsumes",
      "narrower",  "specializes", "inexact", "unmatched", "disjoint"};
  return names[static_cast<std::size_t>(equivalence)];
}

std::string_view name(Content content) {
  constexpr std::array<std::string_view, 4> names{"complete", "fragment", "example", "not-present"};
  return names[static_cast<std::size_t>(content)];
}

std::string_view name(Status status) {
  constexpr std::array<std::string_view, 4> names{"draft", "active", "retired", "unknown"};
  return names[static_cast<std::size_t>(status)];
}

}  // namespace holdfast::fhir::terminology
