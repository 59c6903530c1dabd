#include "pathway/step.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace holdfast::pathway {
namespace {

/// When the next step of its escalation is due; `from`: when the time until its due time began.
std::optional<Time> next_wake(const Definitions& definitions, const State& state,
                              const views::Item& item, Time from) {
  if (!item.due || item.step >= state.steps.size()) {
    return {};
  }
  if (state.steps[item.step].half) {
    return Time{from.ms + (item.due->ms - from.ms) / 2};
  }
  return definitions.calendar().after(*item.due, state.steps[item.step].after);
}

bool waits_for_half(const State& state, const views::Item& item) {
  return item.step < state.steps.size() && state.steps[item.step].half;
}

}  // namespace

const Due* due_of(const State& state, std::string_view urgency) {
  const auto own = std::ranges::find(state.due, urgency, &Due::urgency);
  const auto any = std::ranges::find(state.due, std::string_view(), &Due::urgency);
  return own != state.due.end() ? &*own : (any != state.due.end() ? &*any : nullptr);
}

void enter(const Definitions& definitions, const Definition& definition, views::Item& item,
           const State& state, Time now, std::optional<Time> due_from) {
  const bool opens_again = !item.status.empty() && !item.is_open() && !state.is_closed();
  item.reopened += opens_again ? 1U : 0U;
  item.definition = definition.version;
  item.state = state.name;
  item.status = state.status;
  item.step = 0;
  item.due.reset();
  item.wake.reset();
  if (state.owner) {
    item.owner = *state.owner;
  }
  if (state.is_closed()) {
    return;
  }
  item.overseers.clear();  // it has moved: whoever was to see that it is late has seen it move
  const Due* const due = due_of(state, item.urgency);
  check(due != nullptr, "check_definition() has seen that each urgency has a due time");
  item.due = definitions.calendar().after(due_from.value_or(now), due->within);
  item.wake = next_wake(definitions, state, item, std::min(now, *item.due));
}

bool escalate(const Definitions& definitions, const Definition& definition, views::Item& item,
              Time now) {
  bool any = false;
  for (const State* state = definition.state(item.state);
       state != nullptr && item.wake && *item.wake <= now && item.step < state->steps.size();
       any = true) {
    const Step& step = state->steps[item.step];
    if (std::ranges::find(item.overseers, step.to) == item.overseers.end()) {
      item.overseers.push_back(step.to);
    }
    ++item.step;
    if (!step.half && !state->on_due.empty()) {
      state = definition.state(state->on_due);
      auto overseers = std::move(item.overseers);
      enter(definitions, definition, item, *state, now, std::nullopt);
      item.overseers = std::move(overseers);  // time has moved it, nobody has
      continue;
    }
    item.wake = next_wake(definitions, *state, item, now);
  }
  return any;
}

void look_at(const Definitions& definitions, const Definition& definition, views::Item& item,
             std::optional<Time> at) {
  const State* const state = definition.state(item.state);
  if (state == nullptr || waits_for_half(*state, item)) {
    return;
  }
  item.wake = next_wake(definitions, *state, item, Time{});
  if (at && (!item.wake || *at < *item.wake)) {
    item.wake = at;
  }
}

bool is_looked_at(const Definitions& definitions, const Definition& definition, views::Item& item,
                  Time now) {
  const State* const state = definition.state(item.state);
  if (state == nullptr || waits_for_half(*state, item)) {
    return false;
  }
  const auto step = next_wake(definitions, *state, item, Time{});
  if (step && *step <= now) {
    return false;
  }
  item.wake = step;
  return true;
}

void set_due(const Definitions& definitions, const Definition& definition, views::Item& item,
             Time due, Time now) {
  item.due = due;
  item.step = 0;
  if (const State* const state = definition.state(item.state)) {
    item.wake = next_wake(definitions, *state, item, now);
  }
}

const Act* find_act(const Definition& definition, std::string_view from, std::string_view to) {
  const auto at = std::ranges::find_if(definition.acts, [&](const Act& act) {
    return act.to == to && std::ranges::find(act.from, from) != act.from.end();
  });
  return at == definition.acts.end() ? nullptr : &*at;
}

std::string legal_acts(const Definition& definition, std::string_view from) {
  std::string all;
  for (const Act& act : definition.acts) {
    if (std::ranges::find(act.from, from) != act.from.end()) {
      all += fmt::format("{}'{}' ({})", all.empty() ? "" : ", ", act.to, act.title);
    }
  }
  return all.empty() ? "nothing" : all;
}

}  // namespace holdfast::pathway
