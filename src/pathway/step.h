// pathway/step.h: what becomes of an item: it comes into a state, time passes over it, its owner is
// there no longer. Pure: the same item, definition and time give the same, and no clock is read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pathway/definition.h"
#include "views/item.h"

namespace holdfast::pathway {

/// `item` comes into `state` at `now`: status, due time from `due_from` (nothing: from now), owner
/// where the state says one; escalation begins anew, without overseers. From a closed state into an
/// open one it is opened again, which is counted.
void enter(const Definitions& definitions, const Definition& definition, views::Item& item,
           const State& state, Time now, std::optional<Time> due_from);

/// Each step of escalation whose time has come by `now`: an overseer more, the owner stays; and the
/// state that follows a due time, where the definition names one. Whether there was a step. Several
/// that came due through one outage are one change.
bool escalate(const Definitions& definitions, const Definition& definition, views::Item& item,
              Time now);

/// `item` wakes at `at` to be looked at, if its next step of escalation is not due before, and else
/// for that step; `at` nothing: for the step. Its due time and its steps stay. Where the next step
/// is the one at half time, nothing changes: only `wake` knows when that is.
void look_at(const Definitions& definitions, const Definition& definition, views::Item& item,
             std::optional<Time> at);

/// Whether `item`, awake by `now`, was only to be looked at: no step is due yet. It then wakes for
/// its next step.
bool is_looked_at(const Definitions& definitions, const Definition& definition, views::Item& item,
                  Time now);

/// Another due time, set by a person: steps that were taken stay, the next one waits for it.
void set_due(const Definitions& definitions, const Definition& definition, views::Item& item,
             Time due, Time now);

/// The row of a state that is an urgency's: its own, or that of all; null where there is none.
[[nodiscard]] const Due* due_of(const State& state, std::string_view urgency);

/// The act that leads from one state to the other; null where none does.
[[nodiscard]] const Act* find_act(const Definition& definition, std::string_view from,
                                  std::string_view to);
/// "to accepted (accept: Accept), to returned (…)" for people; "nothing" where a state is left by
/// no act.
[[nodiscard]] std::string legal_acts(const Definition& definition, std::string_view from);

}  // namespace holdfast::pathway
