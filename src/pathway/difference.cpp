#include "pathway/difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "pathway/step.h"

namespace holdfast::pathway {
namespace {

constexpr std::array<std::string_view, 3> change_names{"new", "changed", "withdrawn"};
/// The longest that began() looks back: span_count_max weeks, and the holidays between.
constexpr std::int64_t look_back_ms = (span_count_max * 7 + 366) * std::int64_t{86'400'000};

const std::string* text_of(const Definitions& set, const Definition& definition) {
  const auto at = std::ranges::find(set.files(), definition.file, &File::name);
  return at == set.files().end() ? nullptr : &at->text;
}

/// A file that was there before and is gone, or differs.
bool differs(const Definitions& now, const Definition& before, const Definitions& next,
             const Definition& after) {
  const std::string* const a = text_of(now, before);
  const std::string* const b = text_of(next, after);
  return a == nullptr || b == nullptr || *a != *b;
}

std::string in_words(const std::optional<views::Owner>& owner) {
  return owner ? *owner : std::string("stays whose it is");
}

std::string in_words(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        step.half ? std::string("at half time") : "after " + to_text(step.after),
                        step.to);
  }
  return text.empty() ? "nobody" : text;
}

void note(std::vector<std::string>& what, std::string_view name, std::string_view was,
          std::string_view is) {
  if (was != is) {
    what.push_back(fmt::format("{}: {} -> {}", name, was.empty() ? "nothing" : was,
                               is.empty() ? "nothing" : is));
  }
}

std::string due_words(const State& state, std::string_view urgency) {
  const Due* const due = due_of(state, urgency);
  return due == nullptr ? std::string() : to_text(due->within);
}

/// Names of all urgencies that either set has.
std::set<std::string> urgencies(const Definition& before, const Definition& after) {
  std::set<std::string> all;
  for (const Definition* one : {&before, &after}) {
    for (const Urgency& urgency : one->urgencies) {
      all.insert(urgency.name);
    }
  }
  return all;
}

std::optional<StateChange> compare(const Definition& before, const State& was,
                                   const Definition& after, const State& is) {
  StateChange change;
  change.state = was.name;
  note(change.what, "title", was.title, is.title);
  note(change.what, "status", was.status, is.status);
  for (const std::string& urgency : urgencies(before, after)) {
    const std::size_t before_it = change.what.size();
    note(change.what, fmt::format("due of {}", urgency), due_words(was, urgency),
         due_words(is, urgency));
    change.due_changes = change.due_changes || change.what.size() > before_it;
  }
  note(change.what, "owner", in_words(was.owner), in_words(is.owner));
  note(change.what, "escalation", in_words(was.steps), in_words(is.steps));
  note(change.what, "when due, it goes to", was.on_due, is.on_due);
  return change.what.empty() ? std::nullopt : std::optional(std::move(change));
}

/// "accept: accept it (received -> accepted) needs reason"
std::string in_words(const Act& act) {
  return fmt::format(
      "{} ({} -> {}) needs {}{}", act.title, fmt::join(act.from, ", "), act.to,
      act.needs.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(act.needs, ", ")),
      act.reasons.empty() ? std::string()
                          : fmt::format(", a code of {}", fmt::join(act.reasons, ", ")));
}

void compare_acts(const Definition& before, const Definition& after, PathwayChange& change) {
  std::set<std::string> names;
  for (const Definition* one : {&before, &after}) {
    for (const Act& act : one->acts) {
      names.insert(act.name);
    }
  }
  const auto words_of = [](const Definition& definition, const std::string& act) {
    const auto at = std::ranges::find(definition.acts, act, &Act::name);
    return at == definition.acts.end() ? std::string() : in_words(*at);
  };
  for (const std::string& one : names) {
    note(change.what, fmt::format("act '{}'", one), words_of(before, one), words_of(after, one));
  }
}

void compare_states(const Definition& before, const Definition& after, PathwayChange& change) {
  for (const State& was : before.states) {
    const State* const is = after.state(was.name);
    if (is == nullptr) {
      change.states.push_back({was.name, {"it is there no longer"}, false});
    } else if (auto one = compare(before, was, after, *is)) {
      change.states.push_back(*std::move(one));
    }
  }
  for (const State& is : after.states) {
    if (before.state(is.name) == nullptr) {
      change.states.push_back({is.name, {"it is new"}, false});
    }
  }
}

}  // namespace

std::string_view name(Change change) { return change_names[static_cast<std::size_t>(change)]; }

std::vector<PathwayChange> differences(const Definitions* now, const Definitions& next) {
  std::vector<PathwayChange> all;
  for (const Definition& after : next.all()) {
    const Definition* const before = now == nullptr ? nullptr : now->find(after.name);
    if (before != nullptr && !differs(*now, *before, next, after)) {
      continue;
    }
    PathwayChange change;
    change.pathway = after.name;
    change.change = before == nullptr ? Change::fresh : Change::changed;
    change.version_next = after.version;
    change.approved = after.approved;
    change.effective = after.effective;
    if (before != nullptr) {
      change.version_now = before->version;
      note(change.what, "title", before->title, after.title);
      note(change.what, "fallback", before->fallback, after.fallback);
      compare_acts(*before, after, change);
      compare_states(*before, after, change);
    }
    all.push_back(std::move(change));
  }
  if (now != nullptr) {
    for (const Definition& before : now->all()) {
      if (next.find(before.name) == nullptr) {
        PathwayChange change;
        change.pathway = before.name;
        change.change = Change::withdrawn;
        change.version_now = before.version;
        all.push_back(std::move(change));
      }
    }
  }
  std::ranges::sort(all, {}, &PathwayChange::pathway);
  return all;
}

std::optional<Time> began(const Calendar& calendar, Time due, Span span) {
  std::int64_t low = due.ms - look_back_ms;
  std::int64_t high = due.ms;
  while (low < high) {  // after() never goes back, but for an hour in autumn
    const std::int64_t middle = low + (high - low) / 2;
    if (calendar.after(Time{middle}, span) < due) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return calendar.after(Time{low}, span) == due ? std::optional(Time{low}) : std::nullopt;
}

std::optional<Time> due_under(const Definitions& now, const Definitions& next,
                              const views::Item& item) {
  const Definition* const before = now.find(item.pathway);
  const Definition* const after = next.find(item.pathway);
  const State* const was = before == nullptr ? nullptr : before->state(item.state);
  const State* const is = after == nullptr ? nullptr : after->state(item.state);
  const Due* const old = was == nullptr ? nullptr : due_of(*was, item.urgency);
  const Due* const fresh = is == nullptr ? nullptr : due_of(*is, item.urgency);
  if (!item.due || old == nullptr || fresh == nullptr) {
    return std::nullopt;
  }
  const auto from = began(now.calendar(), *item.due, old->within);
  return from ? std::optional(next.calendar().after(*from, fresh->within)) : std::nullopt;
}

}  // namespace holdfast::pathway
