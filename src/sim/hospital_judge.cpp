#include "sim/hospital_judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "views/versions.h"

namespace holdfast::sim {
namespace {

constexpr std::size_t violations_max = 10;

/// Ids of all items: table item has one row `i` and the id for each.
std::vector<std::string> all_ids(const views::Reader& reader) {
  std::vector<std::string> ids;
  const auto cursor =
      reader.scan(views::Table::item, "i", views::after_prefix("i"), views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ids.emplace_back(cursor->key().substr(1));
  }
  return ids;
}

bool has_twice(std::vector<views::Owner> owners) {
  std::ranges::sort(owners);
  return std::ranges::adjacent_find(owners) != owners.end();
}

/// A sample has expired, which nobody writes: the item says so, and wakes for its next step again.
bool was_looked_at(const views::Item& before, const views::Item& now) {
  views::Item same = before;
  same.wake = now.wake;
  same.overseers = now.overseers;  // who covers is another matter
  return now.pathway == "blood" && same == now && before.wake &&
         (!now.wake || *now.wake > *before.wake);
}

/// When the current version of a Task was written.
Time written_at(const node::Moment& moment, const views::BodyCodec& codec, const std::string& id) {
  const auto current = views::read_current(*moment.reader, *fhir::type_id("Task"), id);
  check(current && *current, "an item is a Task");
  const auto body = views::read_body(*moment.reader, codec, (*current)->row);
  check(body.has_value(), "a Task can be read");
  return body->header.time;
}

}  // namespace

void HospitalJudge::violated(std::string what) {
  if (report_.violations.size() < violations_max) {
    report_.violations.push_back(std::move(what));
  }
}

bool HospitalJudge::is_there(const std::string& owner) const {
  return owner.starts_with("team:") || is_person(owner) || teams_.contains(owner);
}

std::string HospitalJudge::deputy_of(const views::Item& item, Time at) const {
  return rotas_.deputy_of(item.owner, definitions_.find(item.pathway)->fallback, at, teams_);
}

void HospitalJudge::note_deputy(const views::Item& item, Time at) {
  if (!item.is_open() || !rotas_.is_away(item.owner, at)) {
    return;
  }
  std::string deputy = deputy_of(item, at);
  if (std::ranges::find(item.overseers, deputy) != item.overseers.end()) {
    asked_[item.id].insert(std::move(deputy));
  }
}

void HospitalJudge::look(const node::Moment& moment, const views::BodyCodec& codec,
                         const Cause& cause) {
  for (const std::string& owner : rotas_.learn(moment, codec)) {
    std::erase_if(asked_, [&](const auto& one) { return items_.at(one.first).owner == owner; });
  }
  std::map<std::string, views::Item> now;
  for (const std::string& id : all_ids(*moment.reader)) {
    const auto item = views::find_item(*moment.reader, id);
    if (!item || !*item) {
      violated("item " + id + " cannot be read");
      continue;
    }
    const auto before = items_.find(id);
    if (before == items_.end() || !(before->second == **item)) {
      if (before == items_.end() || before->second.owner != (*item)->owner ||
          before->second.state != (*item)->state) {
        asked_.erase(id);
      }
      compare(before == items_.end() ? nullptr : &before->second, **item, moment, cause,
              written_at(moment, codec, id));
    }
    if (!(*item)->is_open() || !rotas_.is_away((*item)->owner, moment.state.time)) {
      asked_.erase(id);
    }
    now.emplace(id, **item);
  }
  for (const auto& [id, item] : items_) {
    if (!now.contains(id)) {
      violated(fmt::format("item {} of pathway {} is gone", id, item.pathway));
    }
  }
  items_ = std::move(now);
}

void HospitalJudge::compare(const views::Item* before, const views::Item& now,
                            const node::Moment& moment, const Cause& cause, Time written) {
  const std::string name = fmt::format("entry {}: item {} ({} in {})", moment.state.position.value,
                                       now.id, now.pathway, now.state);
  report_.opened += before == nullptr ? 1U : 0U;
  if (before == nullptr && (!now.is_open() || cause.is_tick)) {
    violated(name + " began closed, or because time passed");
  }
  if (now.owner.empty() || !is_there(now.owner)) {
    violated(name + " lies with '" + now.owner + "', who is not there");
  }
  if (has_twice(now.overseers)) {
    violated(name + " has an overseer twice");
  }
  check_deputy(now, written, name);
  if (before == nullptr) {
    return;
  }
  if (before->is_open() && !now.is_open()) {
    ++report_.closed;
    if (cause.acted_on != now.id && !cause.closes.contains(now.pathway)) {
      violated(name + (cause.is_tick ? " was closed by time" : " was closed by nobody"));
    }
  }
  if (!before->is_open() && now.is_open()) {
    ++report_.reopened;
    if (now.reopened != before->reopened + 1) {
      violated(name + " was opened again and does not say so");
    }
  }
  compare_overseers(*before, now, cause, written, name);
  if (now.opened != before->opened || now.organisation != before->organisation ||
      now.focus != before->focus) {
    violated(name + " is about something else than before");
  }
}

void HospitalJudge::compare_overseers(const views::Item& before, const views::Item& now,
                                      const Cause& cause, Time written, const std::string& name) {
  std::vector<views::Owner> with_deputy = before.overseers;
  if (now.is_open() && rotas_.is_away(now.owner, written)) {
    const std::string deputy = deputy_of(now, written);
    if (std::ranges::find(with_deputy, deputy) == with_deputy.end()) {
      with_deputy.push_back(deputy);
    }
  }
  if (cause.is_tick) {
    const bool stands = now.step <= before.step && now.state == before.state;
    const bool covered = stands && with_deputy != before.overseers && now.overseers == with_deputy;
    (covered ? report_.covered : report_.escalated) +=
        now.overseers.size() - std::min(now.overseers.size(), before.overseers.size());
    if (now.owner != before.owner) {
      violated(name + " changed hands because time passed");
    }
    const bool looked_at =
        was_looked_at(before, now) && (covered || now.overseers == before.overseers);
    if (stands && !looked_at && !(covered && now.due == before.due && now.wake == before.wake)) {
      violated(name + " was changed by time without a step");
    }
  }
  if (!now.offered.empty() && now.offered != before.offered &&
      (now.owner != before.owner || now.due != before.due || now.wake != before.wake ||
       now.step != before.step || now.overseers != with_deputy)) {
    violated(name + " was offered, and is owned or due otherwise than before");
  }
}

void HospitalJudge::check_deputy(const views::Item& now, Time written, const std::string& name) {
  if (!now.is_open() || !rotas_.is_away(now.owner, written)) {
    return;
  }
  const std::string deputy = deputy_of(now, written);
  if (std::ranges::find(now.overseers, deputy) == now.overseers.end()) {
    violated(fmt::format("{} was written while {} is away, and {} does not see it", name, now.owner,
                         deputy));
  }
  note_deputy(now, written);
}

void HospitalJudge::look_at_absences(const node::Moment& moment, Time ticked, Time now) {
  // The Tick that found nothing more to do had a time of its own, somewhere from here on: behind a
  // crash entries follow the clock at its pace.
  const Time from = std::min(moment.state.time, ticked);
  const std::vector<Time> moments = rotas_.changes(from, now);
  for (const auto& [id, item] : items_) {
    for (const Time at : moments) {
      note_deputy(item, at);
    }
    if (item.is_open() && !asked_.contains(id) && rotas_.is_away_through(item.owner, from, now)) {
      violated(fmt::format("item {} ({} in {}): {} is away, and {} does not see it", id,
                           item.pathway, item.state, item.owner, deputy_of(item, from)));
    }
    const auto asked = asked_.find(id);
    const bool nobody_is_there =
        asked != asked_.end() && std::ranges::all_of(asked->second, [&](const views::Owner& one) {
          return rotas_.is_away_through(one, from, now);
        });
    if (item.is_open() && nobody_is_there && rotas_.is_away_through(item.owner, from, now)) {
      violated(fmt::format("item {} ({} in {}): {} is away, and so is whoever was asked to see it",
                           id, item.pathway, item.state, item.owner));
    }
  }
}

void HospitalJudge::look_through(const node::Moment& moment, const views::BodyCodec& codec) {
  if (const auto sound = views::check_items(*moment.reader, codec); !sound) {
    violated(sound.error().what);
  }
  std::uint64_t open = 0;
  std::map<std::string, std::uint64_t> roots;  // open items about one thing, without a parent
  for (const auto& [id, item] : items_) {
    open += item.is_open() ? 1U : 0U;
    if (item.is_open() && item.parent.empty() && ++roots[item.focus] == 2) {
      violated(fmt::format("{} has two open items: two would be responsible for it", item.focus));
    }
    if (!item.offered.empty() &&
        (!item.is_open() || item.offered == item.owner || !is_there(item.offered))) {
      violated(fmt::format("item {} of {} is offered to {}, who cannot take it", id, item.owner,
                           item.offered));
    }
    if (item.is_open() && item.wake && *item.wake > Time{moment.state.time.ms} && item.due &&
        *item.due < moment.state.time && item.overseers.empty()) {
      violated(fmt::format("item {} is late and nobody else sees it", id));
    }
  }
  std::uint64_t balance = 0;
  const auto ledger = views::read_ledger(*moment.reader);
  for (const views::LedgerRow& row : *ledger) {
    balance += row.opened - row.closed;
  }
  std::uint64_t listed = 0;
  const auto owners = views::read_owners(*moment.reader);
  for (const auto& [owner, counts] : *owners) {
    const auto list =
        views::read_work_list(*moment.reader, views::List::owned, owner, std::nullopt, 1'000'000);
    if (list->size() != counts.open) {
      violated(
          fmt::format("the list of {} has {} items and says {}", owner, list->size(), counts.open));
    }
    listed += list->size();
  }
  if (open != balance || open != listed) {
    violated(fmt::format("{} items are open, the ledger says {}, the work-lists {}", open, balance,
                         listed));
  }
  report_.open = open;
}

}  // namespace holdfast::sim
