// decide/follow_absence.cpp: an owner who is not there (docs/adr/0024). He keeps what is his: time
// takes nothing from anybody. But each version of an open item that is made while he is away has
// his deputy among its overseers, and when an absence begins, whatever is his gets that version.
#include <fmt/format.h>

#include <algorithm>

#include "decide/following.h"
#include "fhir/sites.h"
#include "search/matches.h"
#include "views/absences.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Roles of one person that are looked at: whoever has more is there in one of them.
constexpr std::size_t roles_max = 32;
/// Deputies of deputies who are away, too; behind that the pathway's fallback is asked.
constexpr int deputies_max = 4;
constexpr std::size_t places_at_once = 1000;

bool is_person(std::string_view owner) {
  return owner.starts_with("Practitioner/") || owner.starts_with("PractitionerRole/");
}

}  // namespace

Result<std::optional<pathway::Rota>> Following::rota_of(const std::string& role) {
  const auto literal = fhir::parse_literal(role);
  if (!literal) {
    return std::nullopt;
  }
  Bytes body;
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (writes(i) && reference_to(i) == role) {
      body = resolved_body(i);
    }
  }
  if (body.empty()) {
    TRY(const auto current, views::read_current(view_, literal->type, literal->id));
    if (!current || current->presence != views::Presence::present) {
      return std::nullopt;
    }
    TRY(views::Body stored, views::read_body(view_, codec_, current->row));
    body = std::move(stored.bytes);
  }
  fhir::Json json;
  TRY_OK(task_reader().read(body, json));
  return pathway::read_rota(json.root());
}

Result<std::vector<pathway::Rota>> Following::rotas_of(const views::Owner& owner) {
  static const fhir::TypeId role_type = *fhir::type_id("PractitionerRole");
  std::vector<std::string> roles;
  if (owner.starts_with("PractitionerRole/")) {
    roles.push_back(owner);
  } else if (owner.starts_with("Practitioner/")) {
    TRY(const auto ids,
        search::matches({view_, codec_, params_}, role_type, "practitioner=" + owner, roles_max));
    for (const std::string& id : ids) {
      roles.push_back("PractitionerRole/" + id);
    }
  }
  std::vector<pathway::Rota> rotas;
  for (const std::string& role : roles) {
    TRY(auto rota, rota_of(role));
    if (rota && rota->is_active &&
        (owner == role || rota->practitioner == owner)) {  // this Command may have changed it
      rotas.push_back(*std::move(rota));
    }
  }
  return rotas;
}

Result<const Following::Presence*> Following::presence_of(const views::Owner& owner) {
  const auto known = presence_.find(owner);
  if (known != presence_.end()) {
    return &known->second;
  }
  Presence found;
  TRY(const auto rotas, rotas_of(owner));
  std::size_t away = 0;
  std::size_t off = 0;
  for (const pathway::Rota& rota : rotas) {
    const pathway::Rota::Away* const at = pathway::away_at(rota, rules_.now);
    const auto on = pathway::on_duty_from(rota, rules_.now);
    away += at != nullptr ? 1U : 0U;
    off += at != nullptr || !on || *on > rules_.now ? 1U : 0U;
    const views::Owner& deputy = at != nullptr && !at->deputy.empty() ? at->deputy : rota.deputy;
    found.deputy = found.deputy.empty() ? deputy : found.deputy;
    if (at != nullptr && found.why.empty()) {
      found.why = at->why;
    }
    if (at == nullptr && on) {
      found.back = found.back ? std::min(*found.back, *on) : *on;
    }
  }
  // Whoever has several roles is there where one of them says so.
  found.is_away = !rotas.empty() && away == rotas.size();
  found.is_off_duty = !rotas.empty() && off == rotas.size();
  return &presence_.emplace(owner, std::move(found)).first->second;
}

Result<views::Owner> Following::deputy_for(const views::Owner& owner,
                                           const views::Owner& fallback) {
  views::Owner one = owner;
  for (int hop = 0; hop < deputies_max; ++hop) {
    TRY(const Presence* const presence, presence_of(one));
    if (presence->deputy.empty() || presence->deputy == owner) {
      return fallback;
    }
    one = presence->deputy;
    if (one.starts_with("team:")) {
      return one;
    }
    TRY(const bool active, is_active_owner(one));
    if (!active) {
      return fallback;
    }
    TRY(const Presence* const there, presence_of(one));
    if (!there->is_away) {
      return one;
    }
  }
  return fallback;
}

Result<bool> Following::cover(Touched& touched) {
  views::Item& item = touched.item;
  if (!item.is_open() || touched.definition == nullptr || !is_person(item.owner) ||
      (planted_ == Bug::away_unasked && !prepared_.command.tick)) {
    return false;
  }
  TRY(const Presence* const presence, presence_of(item.owner));
  const bool is_news = touched.current.value == 0 || item.owner != touched.before.owner ||
                       item.state != touched.before.state || !touched.before.is_open();
  // A night is no absence, unless what is new cannot wait for the morning.
  const bool cannot_wait = is_news && presence->is_off_duty && item.due &&
                           (!presence->back || *item.due < *presence->back);
  if (!presence->is_away && !cannot_wait) {
    return false;
  }
  TRY(const views::Owner deputy, deputy_for(item.owner, touched.definition->fallback));
  if (std::ranges::find(item.overseers, deputy) != item.overseers.end()) {
    return false;
  }
  item.overseers.push_back(deputy);
  const std::string why = fmt::format("Its owner {} is {}{}{}: {} oversees it", item.owner,
                                      presence->is_away ? "away" : "not on duty before it is due",
                                      presence->is_away && !presence->why.empty() ? ", " : "",
                                      presence->is_away ? presence->why : std::string(), deputy);
  // What a person says of his act stays; what the record says is said with it.
  std::string& said = touched.current.value == 0 ? touched.wording.reason : touched.why;
  if (!touched.operation) {
    said = said.empty() ? why : fmt::format("{}. {}", said, why);
  }
  return true;
}

Result<std::size_t> Following::cover_absent(Time until, std::size_t items_max) {
  std::size_t covered = 0;
  if (planted_ == Bug::deputy_forgotten) {
    return covered;
  }
  TRY(const auto roles, views::absences_begun(view_, until));
  for (const std::string& id : roles) {
    const std::string role = "PractitionerRole/" + id;
    TRY(const auto rota, rota_of(role));
    if (!rota) {
      continue;
    }
    for (const views::Owner& whose : {role, rota->practitioner}) {
      for (const views::List list : {views::List::owned, views::List::overseen}) {
        TRY_OK(cover_list(list, whose, items_max, covered));
        if (covered == items_max) {
          return covered;
        }
      }
    }
  }
  return covered;
}

Result<void> Following::cover_list(views::List list, const views::Owner& whose,
                                   std::size_t items_max, std::size_t& covered) {
  if (!is_person(whose) || (list == views::List::overseen && planted_ == Bug::stand_in_forgotten)) {
    return ok();
  }
  TRY(const Presence* const there, presence_of(whose));
  if (!there->is_away) {
    return ok();
  }
  std::optional<views::Place> after;
  for (;;) {
    TRY(const auto places, views::read_work_list(view_, list, whose, after, places_at_once));
    for (const views::Place& place : places) {
      if (covered == items_max) {
        return ok();
      }
      TRY(const auto item, views::find_item(view_, place.id));
      const pathway::Definition* const definition =
          item ? definitions_.find(item->pathway) : nullptr;
      if (definition == nullptr || !is_person(item->owner)) {
        continue;
      }
      TRY(const Presence* const owner, presence_of(item->owner));
      if (!owner->is_away) {
        continue;  // who oversees it is away, who has it is not
      }
      TRY(const views::Owner deputy, deputy_for(item->owner, definition->fallback));
      if (std::ranges::find(item->overseers, deputy) != item->overseers.end()) {
        continue;
      }
      TRY(Touched* const touched, touch(place.id));
      TRY(const bool added, cover(*touched));
      covered += added ? 1U : 0U;
    }
    if (places.size() < places_at_once) {
      return ok();
    }
    after = places.back();
  }
}

}  // namespace holdfast::decide
