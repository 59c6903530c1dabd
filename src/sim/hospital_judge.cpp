#include "sim/hospital_judge.h"

#include <fmt/format.h>

#include <algorithm>

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
  return now.pathway == "blood" && same == now && before.wake &&
         (!now.wake || *now.wake > *before.wake);
}

}  // namespace

void HospitalJudge::violated(std::string what) {
  if (report_.violations.size() < violations_max) {
    report_.violations.push_back(std::move(what));
  }
}

void HospitalJudge::look(const node::Moment& moment, const Cause& cause) {
  std::map<std::string, views::Item> now;
  for (const std::string& id : all_ids(*moment.reader)) {
    const auto item = views::find_item(*moment.reader, id);
    if (!item || !*item) {
      violated("item " + id + " cannot be read");
      continue;
    }
    const auto before = items_.find(id);
    if (before == items_.end() || !(before->second == **item)) {
      compare(before == items_.end() ? nullptr : &before->second, **item, moment, cause);
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
                            const node::Moment& moment, const Cause& cause) {
  const std::string name = fmt::format("entry {}: item {} ({} in {})", moment.state.position.value,
                                       now.id, now.pathway, now.state);
  report_.opened += before == nullptr ? 1U : 0U;
  if (before == nullptr && (!now.is_open() || cause.is_tick)) {
    violated(name + " began closed, or because time passed");
  }
  if (now.owner.empty() || (!now.owner.starts_with("team:") && !teams_.contains(now.owner))) {
    violated(name + " lies with '" + now.owner + "', who is not there");
  }
  if (has_twice(now.overseers)) {
    violated(name + " has an overseer twice");
  }
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
  if (cause.is_tick) {
    report_.escalated +=
        now.overseers.size() - std::min(now.overseers.size(), before->overseers.size());
    if (now.owner != before->owner) {
      violated(name + " changed hands because time passed");
    }
    if (now.step <= before->step && now.state == before->state && !was_looked_at(*before, now)) {
      violated(name + " was changed by time without a step");
    }
  }
  if (!now.offered.empty() && now.offered != before->offered &&
      (now.owner != before->owner || now.due != before->due || now.wake != before->wake ||
       now.step != before->step || now.overseers != before->overseers)) {
    violated(name + " was offered, and is owned or due otherwise than before");
  }
  if (now.opened != before->opened || now.organisation != before->organisation ||
      now.focus != before->focus) {
    violated(name + " is about something else than before");
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
        (!item.is_open() || item.offered == item.owner ||
         (!item.offered.starts_with("team:") && !teams_.contains(item.offered)))) {
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
