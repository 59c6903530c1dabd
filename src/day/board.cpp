#include "day/board.h"

#include "base/check.h"
#include "day/rules.h"

namespace holdfast::day {

void Board::apply(const Change& change) {
  if (const auto* opens = std::get_if<Opens>(&change)) {
    const bool fresh = duties_.emplace(opens->duty.key, opens->duty).second;
    check(fresh, "a duty of the day is opened once");
  } else if (const auto* becomes = std::get_if<Becomes>(&change)) {
    const auto found = duties_.find(becomes->key);
    check(found != duties_.end(), "a duty of the day moves after it was opened");
    found->second.state = becomes->state;
    found->second.open = !is_closed(becomes->key.pathway, becomes->state);
    if (!becomes->priority.empty()) {
      found->second.priority = becomes->priority;
    }
  } else if (const auto* handed = std::get_if<Handed>(&change)) {
    const auto found = duties_.find(handed->key);
    check(found != duties_.end() && found->second.open, "what is handed over is open");
    found->second.owner = handed->owner;
  } else if (const auto* merged = std::get_if<Merged>(&change)) {
    for (auto& [key, duty] : duties_) {
      if (duty.open && duty.patient == merged->from) {
        duty.patient = merged->into;
      }
    }
  } else if (const auto* left = std::get_if<Left>(&change)) {
    for (auto& [key, duty] : duties_) {
      if (duty.open && duty.owner == left->who) {
        duty.owner = std::string(fallback_team);
      }
    }
  }
}

void Board::apply(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    apply(change);
  }
}

const Duty* Board::find(const DutyKey& key) const {
  const auto found = duties_.find(key);
  return found == duties_.end() ? nullptr : &found->second;
}

}  // namespace holdfast::day
