// pathway/definition_check.cpp: a definition with a hole is refused: each rule here is a way in
// which an item has been lost somewhere.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "pathway/definition.h"

namespace holdfast::pathway {
namespace {

std::unexpected<Error> hole(std::string what) { return fail(Code::usage, std::move(what)); }

/// https://hl7.org/fhir/R4/valueset-task-status.html, without draft: an item is owed at once.
constexpr std::array<std::string_view, 11> statuses{
    "requested",   "received", "accepted", "rejected",  "ready",           "cancelled",
    "in-progress", "on-hold",  "failed",   "completed", "entered-in-error"};
constexpr std::array<std::string_view, 4> priorities{"routine", "urgent", "asap", "stat"};

bool is_literal_owner(std::string_view owner) {
  return owner.starts_with("team:") ? owner.size() > 5 : owner.find('/') != std::string_view::npos;
}

Result<void> check_state(const Definition& definition, const State& state) {
  if (state.name.empty() || state.title.empty()) {
    return hole("a state needs a name and a title");
  }
  if (std::ranges::find(statuses, state.status) == statuses.end()) {
    return hole(
        fmt::format("state '{}' has status '{}', which is none of Task.status that an item "
                    "can have",
                    state.name, state.status));
  }
  if (!state.warned.empty() && !definition.shows_blood) {
    return hole(
        fmt::format("state '{}' has `warned`, and nothing warns here: shows_blood", state.name));
  }
  if (state.is_closed()) {
    return ok();
  }
  for (const Urgency& urgency : definition.urgencies) {
    const bool due = std::ranges::any_of(state.due, [&](const Due& one) {
      return one.urgency.empty() || one.urgency == urgency.name;
    });
    if (!due) {
      return hole(
          fmt::format("state '{}' has no due time for urgency '{}': an item could stay there "
                      "for ever and nobody would be told",
                      state.name, urgency.name));
    }
  }
  for (const Due& due : state.due) {
    if (due.source.empty()) {
      return hole(fmt::format("state '{}': a due time needs its source, or the words local default",
                              state.name));
    }
    if (!due.urgency.empty() && std::ranges::find(definition.urgencies, due.urgency,
                                                  &Urgency::name) == definition.urgencies.end()) {
      return hole(fmt::format("state '{}' has a due time for urgency '{}', which there is not",
                              state.name, due.urgency));
    }
  }
  if (state.steps.empty()) {
    return hole(
        fmt::format("state '{}' has no escalation: past its due time nobody else would see "
                    "an item",
                    state.name));
  }
  const std::size_t halves = state.steps.front().half ? 1 : 0;
  if (state.steps.size() == halves || state.steps[halves].after.count != 0) {
    return hole(
        fmt::format("state '{}': somebody has to see an item when its due time passes: the "
                    "first step that is not at half time is after 0 hours",
                    state.name));
  }
  for (std::size_t i = 1; i < state.steps.size(); ++i) {
    if (state.steps[i].half) {
      return hole(fmt::format("state '{}': only the first step is at half time", state.name));
    }
  }
  if (!state.on_due.empty()) {
    const State* const next = definition.state(state.on_due);
    if (next == nullptr || next->is_closed()) {
      return hole(
          fmt::format("state '{}' goes to '{}' when its due time passes, which is not there "
                      "or is closed: time closes nothing",
                      state.name, state.on_due));
    }
    if (std::ranges::any_of(state.due, [](const Due& due) { return due.within.count == 0; })) {
      return hole(
          fmt::format("state '{}' goes on when its due time passes, so that has to be later "
                      "than at once",
                      state.name));
    }
  }
  for (const Step& step : state.steps) {
    if (!is_literal_owner(step.to)) {
      return hole(
          fmt::format("state '{}' escalates to '{}', which is no team:name and no reference",
                      state.name, step.to));
    }
  }
  if (state.owner && !is_literal_owner(*state.owner)) {
    return hole(fmt::format("state '{}' goes to '{}', which is no team:name and no reference",
                            state.name, *state.owner));
  }
  return ok();
}

Result<void> check_names(const Definition& definition, const std::vector<std::string>& from,
                         const std::string& to, std::string_view rule) {
  if (from.empty()) {
    return hole(fmt::format("{} names no state that it leads from", rule));
  }
  for (const std::string& name : from) {
    if (definition.state(name) == nullptr) {
      return hole(fmt::format("{} leads from state '{}', which there is not", rule, name));
    }
  }
  if (definition.state(to) == nullptr) {
    return hole(fmt::format("{} leads to state '{}', which there is not", rule, to));
  }
  return ok();
}

/// Who judges results needs an urgency for each judgement.
Result<void> check_judging(const Definition& definition) {
  const bool judges = std::ranges::any_of(definition.opens, &Open::judge) ||
                      std::ranges::any_of(definition.moves, &Move::judge);
  for (const std::string_view name : {"critical", "abnormal", "normal"}) {
    if (judges && std::ranges::find(definition.urgencies, name, &Urgency::name) ==
                      definition.urgencies.end()) {
      return hole(fmt::format("results are judged, and there is no urgency '{}'", name));
    }
  }
  return ok();
}

/// Who scores sets of observations needs an urgency for each class, and hears Observations.
Result<void> check_scoring(const Definition& definition) {
  for (const Move& move : definition.moves) {
    if (move.news2 && (fhir::name(move.on) != "Observation" || move.link.empty() || move.judge)) {
      return hole("news2 is for moves on Observation with a link, without judge");
    }
  }
  const bool scores = std::ranges::any_of(definition.moves, &Move::news2);
  for (const std::string_view name : {"zero", "low", "low-medium", "medium", "high", "other"}) {
    if (scores && std::ranges::find(definition.urgencies, name, &Urgency::name) ==
                      definition.urgencies.end()) {
      return hole(
          fmt::format("sets of observations are scored, and there is no urgency '{}'", name));
    }
  }
  return ok();
}

Result<void> check_rules(const Definition& definition) {
  for (const Open& open : definition.opens) {
    const State* const state = definition.state(open.state);
    if (state == nullptr || state->is_closed()) {
      return hole(
          fmt::format("an item opens in state '{}', which there is not or is closed", open.state));
    }
    if (open.owner.empty() || !is_literal_owner(open.owner.back())) {
      return hole(
          "what opens an item needs an owner of last resort: a team:name at the end of its "
          "`owner`");
    }
    if (open.codes.empty() != open.in.empty()) {
      return hole("`codes` says which, `in` says where they are looked for: both, or none");
    }
    const State* const superseded = definition.state(open.superseded);
    if (open.came_before.empty() != open.superseded.empty() ||
        (!open.superseded.empty() && (superseded == nullptr || !superseded->is_closed()))) {
      return hole(
          "`came_before` says what may have come before, `superseded` the closed state that items "
          "about it come into: both, or none");
    }
    if (open.with_open == open.why.empty()) {
      return hole(
          "`with_open` opens an item beside those that the patient has, and `why` is what they "
          "are told: both, or none");
    }
  }
  for (const Move& move : definition.moves) {
    TRY_OK(check_names(definition, move.from, move.to,
                       fmt::format("a move on {}", fhir::name(move.on))));
  }
  std::set<std::string_view> acts;
  std::map<std::pair<std::string_view, std::string_view>, std::string_view> ways;
  for (const Act& act : definition.acts) {
    for (const std::string& from : act.from) {
      const auto [at, fresh] = ways.try_emplace({from, act.to}, act.name);
      if (!fresh) {
        return hole(
            fmt::format("acts '{}' and '{}' both lead from '{}' to '{}': a Task says only "
                        "where to",
                        at->second, act.name, from, act.to));
      }
    }
    TRY_OK(check_names(definition, act.from, act.to, fmt::format("act '{}'", act.name)));
    if (act.name.empty() || act.title.empty() || !acts.insert(act.name).second) {
      return hole(fmt::format("act '{}' needs a name of its own and a title", act.name));
    }
    const bool closes = definition.state(act.to)->is_closed();
    if (closes && act.needs.empty()) {
      return hole(
          fmt::format("act '{}' closes an item and needs nothing for it: no reason, no "
                      "evidence",
                      act.name));
    }
  }
  return ok();
}

/// Who takes codes that no table knows begins with one in an open state, and says whether it is the
/// unit of a test with limits or the code.
Result<void> check_unknown_codes(const Definition& definition) {
  for (const std::string& again : definition.unknown_again) {
    const State* const closed = definition.state(again);
    if (definition.unknown_codes.empty() || closed == nullptr || !closed->is_closed()) {
      return hole(
          fmt::format("unknown_again names '{}', which is no closed state of a pathway with "
                      "unknown_codes",
                      again));
    }
  }
  if (definition.unknown_codes.empty()) {
    return ok();
  }
  const State* const state = definition.state(definition.unknown_codes);
  if (state == nullptr || state->is_closed() || !state->owner) {
    return hole(
        fmt::format("unknown_codes begins in state '{}', which there is not, is closed or names no "
                    "owner",
                    definition.unknown_codes));
  }
  for (const std::string_view name : {"unit", "code"}) {
    if (std::ranges::find(definition.urgencies, name, &Urgency::name) ==
        definition.urgencies.end()) {
      return hole(fmt::format("unknown_codes needs an urgency '{}'", name));
    }
  }
  return ok();
}

/// Each open state can be left by a person, reaches one that is closed, and can be come to.
Result<void> check_ways(const Definition& definition) {
  std::set<std::string_view> closing;
  std::set<std::string_view> reached;
  for (const State& state : definition.states) {
    if (state.is_closed()) {
      closing.insert(state.name);
    }
  }
  for (const Open& open : definition.opens) {
    reached.insert(open.state);
    if (!open.superseded.empty()) {
      reached.insert(open.superseded);
    }
  }
  const auto each_way = [&](auto&& take) {
    for (const Move& move : definition.moves) {
      for (const std::string& from : move.from) {
        take(from, move.to);
      }
    }
    for (const Act& act : definition.acts) {
      for (const std::string& from : act.from) {
        take(from, act.to);
      }
    }
  };
  for (std::size_t round = 0; round <= definition.states.size(); ++round) {
    for (const State& state : definition.states) {
      if (!state.on_due.empty() && reached.contains(state.name)) {
        reached.insert(state.on_due);
      }
    }
    each_way([&](const std::string& from, const std::string& to) {
      if (closing.contains(to)) {
        closing.insert(from);
      }
      if (reached.contains(from)) {
        reached.insert(to);
      }
    });
  }
  for (const State& state : definition.states) {
    if (!closing.contains(state.name)) {
      return hole(fmt::format("no way leads from state '{}' to one that is closed", state.name));
    }
    // What begins by another pathway's `then` is reached from there.
    if (!definition.opens.empty() && !reached.contains(state.name)) {
      return hole(fmt::format("no way leads to state '{}'", state.name));
    }
    const bool by_person = std::ranges::any_of(definition.acts, [&](const Act& act) {
      return std::ranges::find(act.from, state.name) != act.from.end();
    });
    if (!state.is_closed() && !by_person) {
      return hole(fmt::format(
          "no act leads out of state '{}': nobody could move an item on by hand", state.name));
    }
  }
  return ok();
}

}  // namespace

Result<void> check_definition(const Definition& definition) {
  if (definition.name.empty() || definition.version == 0 || definition.title.empty()) {
    return hole("a definition needs `pathway`, `version` and `title`");
  }
  if (!is_literal_owner(definition.fallback)) {
    return hole(
        "a definition needs a `fallback`, a team:name: whose items become when their owner "
        "is there no longer");
  }
  if (definition.urgencies.empty() || !definition.urgencies.back().when.text.empty()) {
    return hole("the last urgency has no condition: every item has one");
  }
  for (const Urgency& urgency : definition.urgencies) {
    if (!urgency.priority.empty() &&
        std::ranges::find(priorities, urgency.priority) == priorities.end()) {
      return hole(fmt::format("urgency '{}' has priority '{}', which is no Task.priority",
                              urgency.name, urgency.priority));
    }
  }
  if (definition.states.empty()) {
    return hole("a definition needs states");
  }
  std::set<std::string_view> names;
  for (const State& state : definition.states) {
    if (!names.insert(state.name).second) {
      return hole(fmt::format("state '{}' is there twice", state.name));
    }
    TRY_OK(check_state(definition, state));
  }
  TRY_OK(check_judging(definition));
  TRY_OK(check_scoring(definition));
  TRY_OK(check_rules(definition));
  TRY_OK(check_unknown_codes(definition));
  return check_ways(definition);
}

}  // namespace holdfast::pathway
