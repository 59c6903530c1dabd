// decide/follow_owner.cpp: what items rest on: the resources that they are about, their patients,
// and whoever they lie with. None of them goes without its items being somebody's.
#include <fmt/format.h>

#include <algorithm>

#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {

std::string owner_has_ended(std::string_view owner) {
  return fmt::format("Its owner {} is there no longer", owner);
}

Result<void> Following::guard_removal(std::size_t index) {
  const std::string what = reference_to(index);
  std::vector<std::string> resting;
  if (prepared_.command.operations[index].type == "Task") {
    TRY(const auto item, views::find_item(view_, outcome_.results[index].id));
    if (item) {
      return fail(
          Code::invariant,
          fmt::format("{} is an item and is not deleted, open or closed; it can go to {}", what,
                      definitions_.find(item->pathway) == nullptr
                          ? "nothing"
                          : pathway::legal_acts(*definitions_.find(item->pathway), item->state)),
          where(index));
    }
  }
  TRY(resting, about(what, views::Which::open));
  if (resting.empty() && what.starts_with("Patient/")) {
    TRY(resting, views::open_items_of(view_, what, 1));
  }
  if (!resting.empty()) {
    return fail(Code::invariant,
                fmt::format("{} is not deleted while an item about it is open: Task/{}; close that "
                            "first",
                            what, resting.front()),
                where(index));
  }
  return ok();
}

Result<void> Following::leave(std::size_t index) {
  const std::string owner = reference_to(index);
  TRY(const auto places, left_by(views::List::owned, owner, index));
  TRY(const auto offers, left_by(views::List::offered, owner, index));
  for (const views::Place& place : offers) {
    TRY(Touched* const touched, touch(place.id));
    if (touched->definition != nullptr && touched->item.offered == owner) {
      touched->item.offered.clear();
      touched->why = fmt::format("{}, to whom it was offered, is there no longer", owner);
    }
  }
  if (planted_ == Bug::lose_owner) {
    return ok();
  }
  for (const views::Place& place : places) {
    TRY(Touched* const touched, touch(place.id));
    if (touched->definition == nullptr || touched->item.owner != owner) {
      continue;
    }
    touched->item.owner = touched->definition->fallback;
    touched->left = true;
    touched->why = owner_has_ended(owner);
  }
  return ok();
}

Result<std::vector<views::Place>> Following::left_by(views::List list, const views::Owner& owner,
                                                     std::size_t index) {
  TRY(auto places, views::read_work_list(view_, list, owner, std::nullopt, items_of_owner_max + 1));
  if (places.size() > items_of_owner_max) {
    const bool owns = list == views::List::owned;
    return fail(Code::too_large,
                fmt::format("{} {} more than {} open items: {} before it ends", owner,
                            owns ? "owns" : "is offered", items_of_owner_max,
                            owns ? "hand them over" : "decline them"),
                where(index));
  }
  return places;
}

void Following::end_offer(Touched& touched) {
  views::Item& item = touched.item;
  const bool given_away = item.owner != touched.before.owner && !touched.left;
  if (!item.is_open() || given_away || item.owner == item.offered) {
    item.offered.clear();
  }
}

Result<void> Following::replace_patient(std::size_t index, std::uint32_t site) {
  const std::string old = reference_to(index);
  const std::string now = target(index, site);
  if (!now.starts_with("Patient/") || now == old) {
    return ok();
  }
  TRY(const auto ids, open_items_of(old, index));
  for (const std::string& id : ids) {
    TRY(Touched* const touched, touch(id));
    touched->item.patient = now;
    touched->why = fmt::format("{} was merged into {}", old, now);
  }
  return ok();
}

Result<std::vector<std::string>> Following::open_items_of(const std::string& patient,
                                                          std::size_t index) {
  TRY(auto ids, views::open_items_of(view_, patient, items_of_owner_max + 1));
  if (ids.size() > items_of_owner_max) {
    return fail(Code::too_large,
                fmt::format("{} has more than {} open items", patient, items_of_owner_max),
                where(index));
  }
  return ids;
}

Result<void> Following::tell(const std::vector<std::string>& ids, const std::string& why) {
  for (const std::string& id : ids) {
    TRY(Touched* const touched, touch(id));
    if (touched->definition != nullptr) {
      touched->why = why;
      touched->told = true;
    }
  }
  return ok();
}

Result<bool> Following::is_there(std::string_view reference) {
  const auto literal = fhir::parse_literal(reference);
  if (!literal) {
    return false;
  }
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    // A Command that closes a thousand items asks this of the evidence of each.
    if (outcome_.results[i].id == literal->id &&
        prepared_.command.operations[i].type == fhir::name(literal->type) &&
        outcome_.results[i].status != Status::absent) {
      return outcome_.results[i].status != Status::removed;
    }
  }
  TRY(const auto current, views::read_current(view_, literal->type, literal->id));
  return current && current->presence == views::Presence::present;
}

Result<bool> Following::is_active_owner(std::string_view reference) {
  const auto literal = fhir::parse_literal(reference);
  if (!literal || !pathway::is_owner_type(literal->type)) {
    return false;
  }
  const std::string text = fmt::format("{}/{}", fhir::name(literal->type), literal->id);
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (writes(i) && reference_to(i) == text) {
      return !signals_[i].ends_owner;
    }
  }
  TRY(const bool there, is_there(text));
  if (!there) {
    return false;
  }
  TRY(const auto current, views::read_current(view_, literal->type, literal->id));
  TRY(const views::Body body, views::read_body(view_, codec_, current->row));
  fhir::Json json;
  TRY_OK(task_reader().read(body.bytes, json));
  return !pathway::find_signals(definitions_, literal->type, json.root(), {}).ends_owner;
}

}  // namespace holdfast::decide
