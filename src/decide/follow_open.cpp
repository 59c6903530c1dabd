// decide/follow_open.cpp: an item begins: by what opens it, or by another that goes on in it.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "decide/following.h"
#include "fhir/json_writer.h"

namespace holdfast::decide {
namespace {

/// Command::purpose of a load of what happened before this record was there.
constexpr std::string_view historic_purpose = "historic-load";

Bytes reference_json(std::string_view reference) {
  fhir::JsonWriter to;
  to.open('{');
  to.text("reference", reference);
  to.close('}');
  return to.take();
}

}  // namespace

bool Following::is_before(const pathway::Signal& signal) const {
  const auto cut_over = definitions_.settings().cut_over;
  return prepared_.command.purpose == historic_purpose && cut_over && signal.dated &&
         *signal.dated < *cut_over;
}

Result<void> Following::open(std::size_t index, const pathway::Signal& signal) {
  const std::string focus = reference_to(index);
  const pathway::Definition& definition = *signal.definition;
  TRY(const bool followed, is_followed(focus, signal));
  if (followed && planted_ != Bug::two_providers) {
    return ok();  // what moves it, moves it
  }
  TRY(const auto subjects, meant(index, signal.links, signal.named, definition));
  for (const std::string& subject : subjects) {
    TRY(const auto linked, about(subject, views::Which::all));
    if (!linked.empty()) {
      return ok();
    }
  }
  if (signal.open->unless_vitals) {
    TRY(const bool is_wards_own, is_vitals_only(index, signal));
    if (is_wards_own) {
      return ok();
    }
  }
  const std::string& organisation = definitions_.settings().organisation;
  TRY(const std::string patient, patient_of(index, signal));
  std::vector<std::string> waiting;
  if (signal.open->with_open) {
    TRY(waiting, open_items_of(patient, index));
    if (waiting.empty()) {
      return ok();
    }
  }
  if (is_before(signal)) {
    ++before_[{definition.name, organisation}];
    return ok();
  }
  Touched touched;
  touched.definition = &definition;
  views::Item& item = touched.item;
  item.id = next_id();
  item.pathway = definition.name;
  item.focus = focus;
  item.organisation = organisation;
  item.opened = rules_.now;
  touched.clock_from = signals_[index].clock ? signals_[index].clock->from : std::nullopt;
  take_urgency(item, definition, signal.urgency, signal.priority);
  TRY(item.owner, owner_of(index, signal));
  item.patient = patient;
  TRY_OK(join(item, index, signal));
  touched.wording.description = signal.title;
  touched.wording.requester = signal.requester_site
                                  ? reference_json(target(index, *signal.requester_site))
                                  : signal.requester;
  if (signal.open->judge) {
    TRY_OK(take_judgement(item, index, signal));
  }
  TRY(const pathway::State* const state, take_over(touched, index, signal));
  pathway::enter(definitions_, definition, item, *state, rules_.now, signal.due_from);
  const std::string id = item.id;
  const Touched from = add_made(std::move(touched));
  TRY_OK(tell(waiting, fmt::format("{} (Task/{})", signal.open->why, id)));
  return go_on(from, signal.open->then, signal.due_from);
}

Result<bool> Following::is_followed(const std::string& focus, const pathway::Signal& signal) {
  TRY(const auto there, about(focus, views::Which::all));
  for (const std::string& id : there) {
    TRY(const Touched* const other, touch(id));
    // What nothing opens but another item (`then`) takes nobody's place either.
    const auto opens_beside = [](const pathway::Definition& definition) {
      return definition.opens.empty() ||
             std::ranges::any_of(definition.opens, &pathway::Open::beside);
    };
    const bool is_other_duty = other->definition != nullptr &&
                               other->definition != signal.definition &&
                               (signal.open->beside || opens_beside(*other->definition));
    if (!is_other_duty) {
      return true;
    }
  }
  return false;
}

Result<views::Owner> Following::owner_of(std::size_t index, const pathway::Signal& signal) {
  for (const pathway::NamedOwner& one : signal.owners) {
    views::Owner owner = one.site ? target(index, *one.site) : one.name;
    if (owner.starts_with("team:")) {
      return owner;
    }
    TRY(const bool active, is_active_owner(owner));
    if (active) {
      return owner;
    }
  }
  return signal.definition->fallback;
}

Result<void> Following::keep_owned(views::Item& item, const pathway::Definition& definition) {
  if (!item.is_open() || item.owner.starts_with("team:")) {
    return ok();
  }
  TRY(const bool active, is_active_owner(item.owner));
  if (!active) {
    item.owner = definition.fallback;
  }
  return ok();
}

Result<void> Following::go_on(const Touched& from, const std::vector<pathway::Then>& thens,
                              std::optional<Time> due_from) {
  for (const pathway::Then& then : thens) {
    if (!then.only_if.empty() && then.only_if != from.item.urgency) {
      continue;
    }
    const pathway::Definition* const definition = definitions_.find(then.pathway);
    check(definition != nullptr, "check_thens() has found it");
    const std::string parent = "Task/" + from.item.id;
    TRY(const auto there, about(from.item.focus, views::Which::open));
    bool begun = false;
    for (const std::string& id : there) {
      TRY(Touched* const other, touch(id));
      if (other->item.pathway == then.pathway && other->item.parent == parent &&
          other->definition != nullptr && other->item.is_open()) {
        begun = true;
        hurry(*other, *other->definition, from);
      }
    }
    if (begun) {
      continue;
    }
    Touched child;
    child.definition = definition;
    views::Item& item = child.item;
    item.id = next_id();
    item.pathway = then.pathway;
    item.focus = from.item.focus;
    item.patient = from.item.patient;
    item.owner = from.item.owner;
    item.organisation = from.item.organisation;
    item.parent = parent;
    item.opened = rules_.now;
    take_urgency(item, *definition, urgency_named(*definition, from.item.urgency),
                 from.item.priority);
    child.wording.description = from.wording.description;
    TRY_OK(keep_owned(item, *definition));
    pathway::enter(definitions_, *definition, item, *definition->state(then.state), rules_.now,
                   due_from);
    add_made(std::move(child));
  }
  return ok();
}

// What had begun and is more urgent now: sooner due, never later, and further up in any case.
void Following::hurry(Touched& touched, const pathway::Definition& definition,
                      const Touched& from) const {
  views::Item wanted = touched.item;
  take_urgency(wanted, definition, urgency_named(definition, from.item.urgency),
               from.item.priority);
  if (views::place_of(wanted).rank >= views::place_of(touched.item).rank) {
    return;
  }
  pathway::enter(definitions_, definition, wanted, *definition.state(wanted.state), rules_.now,
                 std::nullopt);
  if (wanted.due && touched.item.due && *wanted.due < *touched.item.due) {
    touched.item = wanted;
  } else {  // it is owed sooner than that already
    take_urgency(touched.item, definition, urgency_named(definition, from.item.urgency),
                 from.item.priority);
  }
  touched.why = from.why;
}

}  // namespace holdfast::decide
