// api/oversight.cpp: $oversight: what is open, seen from above, so that nothing lies where nobody
// looks: how much each owner has, owners that are not there, what each team was made overseer of,
// each state, and how old the oldest open item of each pathway is. It costs what it shows, not what
// is open: sums, but for overseers, whose lists are counted up to a bound.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "api/owner_name.h"
#include "base/text.h"
#include "base/time.h"
#include "pathway/definition.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

/// Those that are not there, then those with most that is overdue.
constexpr std::size_t owners_max = 1000;
/// Of one overseer.
constexpr std::size_t overseen_max = 100'000;
constexpr std::size_t places_at_once = 1000;

std::string day_text(views::Day day) {
  return to_instant(Time{day.value * std::int64_t{86'400'000}}).substr(0, 10);
}

class Oversight {
 public:
  Oversight(const Parts& parts, const Call& call, const node::Moment& moment)
      : parts_(parts), moment_(moment) {
    const std::string base = base_url(parts.options, call.request);
    base_ = base.empty() ? std::string() : base + "/";
  }

  Result<Reply> run() {
    to_.text("time", "Instant", to_instant(moment_.state.time));
    TRY_OK(write_owners());
    TRY_OK(write_overseers());
    TRY_OK(write_states());
    TRY_OK(write_oldest());
    return to_.reply();
  }

 private:
  struct Row {
    views::Owner owner;
    views::ListCounts counts;
    NamedOwner named;
  };

  void write_counts(const views::ListCounts& counts) {
    to_.number("open", counts.open);
    to_.number("overdue", counts.overdue);
    to_.number("escalated", counts.escalated);
  }

  Result<void> write_owners() {
    TRY(auto owners, views::read_owners(*moment_.reader));
    views::ListCounts total;
    std::vector<Row> rows;
    for (auto& [owner, counts] : owners) {
      total.open += counts.open;
      total.overdue += counts.overdue;
      total.escalated += counts.escalated;
      TRY(NamedOwner named, name_owner(parts_, moment_, owner));
      rows.push_back({std::move(owner), counts, std::move(named)});
    }
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
      return std::tuple(!a.named.is_gone, ~a.counts.overdue, ~a.counts.open, a.owner) <
             std::tuple(!b.named.is_gone, ~b.counts.overdue, ~b.counts.open, b.owner);
    });
    to_.open("total");
    write_counts(total);
    to_.number("owners", rows.size());
    to_.close();
    for (const Row& row : std::span(rows).first(std::min(rows.size(), owners_max))) {
      to_.open("owner");
      to_.text("owner", "String", row.owner);
      to_.text("name", "String", row.named.name);
      write_counts(row.counts);
      if (row.named.is_gone) {
        to_.boolean("gone", true);
      }
      to_.text("work-list", "Uri", work_list(row.owner, ""));
      to_.close();
    }
    if (rows.size() > owners_max) {
      to_.number("owners-left-out", rows.size() - owners_max);
    }
    return ok();
  }

  /// Whoever a definition in force names for what is late, or for what has lost its owner.
  [[nodiscard]] std::set<views::Owner> overseers() const {
    std::set<views::Owner> all;
    if (const pathway::Definitions* const definitions = parts_.node.pathways()) {
      for (const pathway::Definition& one : definitions->all()) {
        all.insert(one.fallback);
        for (const pathway::State& state : one.states) {
          for (const pathway::Step& step : state.steps) {
            all.insert(step.to);
          }
        }
      }
    }
    return all;
  }

  Result<void> write_overseers() {
    for (const views::Owner& one : overseers()) {
      std::size_t open = 0;
      std::optional<views::Place> after;
      for (bool more = true; more && open < overseen_max;) {
        TRY(auto places, views::read_work_list(*moment_.reader, views::List::overseen, one, after,
                                               places_at_once));
        open += places.size();
        more = places.size() == places_at_once;
        if (more) {
          after = std::move(places.back());
        }
      }
      to_.open("overseer");
      to_.text("overseer", "String", one);
      to_.number("open", open);
      if (open >= overseen_max) {
        to_.boolean("at-least", true);
      }
      to_.text("work-list", "Uri", work_list(one, "&overseer=1"));
      to_.close();
    }
    return ok();
  }

  Result<void> write_states() {
    TRY(const auto states, views::read_states(*moment_.reader));
    const pathway::Definitions* const definitions = parts_.node.pathways();
    for (const views::StateCount& one : states) {
      const pathway::Definition* const definition =
          definitions == nullptr ? nullptr : definitions->find(one.pathway);
      const pathway::State* const state =
          definition == nullptr ? nullptr : definition->state(one.state);
      to_.open("state");
      to_.text("pathway", "Code", one.pathway);
      to_.text("state", "Code", one.state);
      if (state != nullptr) {
        to_.text("title", "String", state->title);
      } else {
        to_.boolean("undefined", true);  // nothing moves these on: a definition is missing
      }
      to_.number("open", one.open);
      to_.close();
    }
    return ok();
  }

  /// From the ledger: the first day of which an item is still open.
  Result<void> write_oldest() {
    TRY(const auto rows, views::read_ledger(*moment_.reader));
    std::map<std::string, std::pair<views::Day, std::uint64_t>> oldest;
    for (const views::LedgerRow& row : rows) {
      if (row.opened <= row.closed) {
        continue;
      }
      const std::uint64_t open = row.opened - row.closed;
      const auto [at, fresh] = oldest.emplace(row.pathway, std::pair(row.day, open));
      if (!fresh && row.day < at->second.first) {
        at->second = {row.day, open};
      } else if (!fresh && row.day == at->second.first) {
        at->second.second += open;
      }
    }
    for (const auto& [pathway, first] : oldest) {
      to_.open("oldest");
      to_.text("pathway", "Code", pathway);
      to_.text("opened", "Date", day_text(first.first));
      to_.number("open", first.second);
      to_.text(
          "items", "Uri",
          fmt::format("{}Task?code={}&authored-on={}&status:not=completed,cancelled,failed,"
                      "rejected,entered-in-error",
                      base_, percent_encode(fmt::format("{}|{}", views::pathway_system, pathway)),
                      day_text(first.first)));
      to_.close();
    }
    return ok();
  }

  [[nodiscard]] std::string work_list(const views::Owner& owner, std::string_view more) const {
    return fmt::format("{}Task/$work-list?owner={}{}", base_, percent_encode(owner, "/:"), more);
  }

  const Parts& parts_;
  const node::Moment& moment_;
  std::string base_;
  ParametersWriter to_;
};

}  // namespace

Result<Reply> oversight(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {}));
  return Oversight(parts, call, moment).run();
}

}  // namespace holdfast::api
