#include "day/compare.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::day {
namespace {

std::string name_of(const Duty& duty) {
  return fmt::format("{} ({}, {})", duty.about, duty.key.focus, duty.key.pathway);
}

std::string wanted_of(const Duty& duty) {
  return duty.open ? fmt::format("open in '{}' with {}", duty.state,
                                 duty.owner.empty() ? "its team" : duty.owner)
                   : fmt::format("closed as '{}'", duty.state);
}

std::string found_as(const Found& item) {
  return item.open ? fmt::format("open in '{}' with {} (Task/{})", item.state,
                                 item.owner.empty() ? "nobody" : item.owner, item.id)
                   : fmt::format("closed as '{}' (Task/{})", item.state, item.id);
}

bool same(const Duty& duty, const Found& item) {
  return duty.open == item.open && duty.state == item.state && duty.patient == item.patient &&
         (!duty.open || duty.owner.empty() || duty.owner == item.owner) &&
         (!duty.open || duty.priority.empty() || duty.priority == item.priority);
}

/// What found_as() does not say.
std::string beside(const Duty& duty, const Found& item) {
  std::string text;
  if (duty.patient != item.patient) {
    text += fmt::format(", of patient {} instead of {}", item.patient, duty.patient);
  }
  if (duty.open && item.open && !duty.priority.empty() && duty.priority != item.priority) {
    text += fmt::format(", {} instead of {}", item.priority, duty.priority);
  }
  return text;
}

/// An open item is on its owner's work-list, and on no other. Items about messages (no owner that
/// the day could know) are on none: the server's work-lists are of pathways.
std::string wrong_lists(const Found& item) {
  if (item.lists.size() == 1 && item.lists.front() == item.owner) {
    return {};
  }
  return item.lists.empty() ? fmt::format("on no work-list, {} owns it", item.owner)
                            : fmt::format("on the work-list of {}, {} owns it",
                                          fmt::join(item.lists, " and "), item.owner);
}

void compare_one(const Duty& duty, const std::vector<const Found*>& items, Comparison& into) {
  if (items.size() != 1) {
    into.differences.push_back(fmt::format(
        "{}: expected {}, found {}", name_of(duty), wanted_of(duty),
        items.empty() ? std::string("nothing") : fmt::format("{} items", items.size())));
    return;
  }
  const Found& item = *items.front();
  if (!same(duty, item)) {
    into.differences.push_back(fmt::format("{}: expected {}, found {}{}", name_of(duty),
                                           wanted_of(duty), found_as(item), beside(duty, item)));
    return;
  }
  if (const std::string wrong =
          item.open && !duty.owner.empty() ? wrong_lists(item) : std::string();
      !wrong.empty()) {
    into.differences.push_back(fmt::format("{}: Task/{} is {}", name_of(duty), item.id, wrong));
  }
}

}  // namespace

Comparison compare(const Board& board, const std::vector<Found>& found) {
  Comparison result;
  std::map<DutyKey, std::vector<const Found*>> items;
  for (const Found& item : found) {
    items[item.key].push_back(&item);
  }
  for (const auto& [key, duty] : board.duties()) {
    Tally& tally = result.pathways[key.pathway];
    (duty.open ? tally.open : tally.closed) += 1;
    if (duty.open && !duty.owner.empty()) {
      ++result.owners[duty.owner];
    }
    compare_one(duty, items[key], result);
    items.erase(key);
  }
  for (const auto& [key, extra] : items) {
    for (const Found* item : extra) {
      if (item->open) {
        result.differences.push_back(fmt::format(
            "{} of patient {} ({}): expected nothing, found {}", item->key.pathway, item->patient,
            key.focus.empty() ? "no number" : key.focus, found_as(*item)));
      }
    }
  }
  return result;
}

}  // namespace holdfast::day
