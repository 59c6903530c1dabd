#include "api/our_side.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/stored.h"
#include "base/text.h"
#include "base/time.h"
#include "fhir/member.h"
#include "pathway/definition.h"
#include "search/matches.h"
#include "views/items.h"
#include "views/messages.h"

namespace holdfast::api {
namespace {

using reconcile::Ours;

/// Things under one number; behind those nobody could tell them apart anyway.
constexpr std::size_t same_number_max = 20;
/// Further numbers that one line may be known by.
constexpr std::size_t numbers_tried_max = 10;
constexpr std::size_t items_of_one_max = 256;
constexpr std::size_t places_at_once = 1000;
constexpr std::string_view findings_pathway = "reconciliation";

/// A list may leave out in which system a number is: then it may be in any.
std::string by_identifier(std::string_view system, std::string_view value) {
  return system.empty() ? "identifier=" + percent_encode(search::escaped_value(value))
                        : search::identifier_condition(system, value);
}

/// Whether something is still to be done for a resource of that status.
bool is_open_status(std::string_view status) {
  constexpr std::array<std::string_view, 12> over{
      "completed", "revoked",   "entered-in-error", "final",  "amended",  "corrected",
      "appended",  "cancelled", "fulfilled",        "noshow", "rejected", "failed"};
  return std::ranges::find(over, status) == over.end();
}

std::string reference_in(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value ? fhir::text_member(*value, "reference") : std::string();
}

std::string patient_of(fhir::JsonValue resource) {
  for (const std::string_view key : {"subject", "patient", "for"}) {
    if (std::string patient = reference_in(resource, key); patient.starts_with("Patient/")) {
      return patient;
    }
  }
  if (const auto participants = resource.find("participant")) {
    for (const fhir::JsonValue one : participants->children()) {
      if (std::string patient = reference_in(one, "actor"); patient.starts_with("Patient/")) {
        return patient;
      }
    }
  }
  return {};
}

std::vector<reconcile::Number> numbers_of(fhir::JsonValue resource) {
  std::vector<reconcile::Number> all;
  if (const auto identifiers = resource.find("identifier");
      identifiers && identifiers->is_array()) {
    for (const fhir::JsonValue one : identifiers->children()) {
      all.push_back({fhir::text_member(one, "system"), fhir::text_member(one, "value")});
    }
  }
  return all;
}

/// Whether the request was made by that organisation, or lies with it.
bool concerns(fhir::JsonValue request, const views::Item& item, std::string_view organisation) {
  if (item.owner == organisation || reference_in(request, "requester") == organisation) {
    return true;
  }
  if (const auto performers = request.find("performer")) {
    for (const fhir::JsonValue one : performers->children()) {
      if (fhir::text_member(one, "reference") == organisation) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> OurSide::ids_with(const std::string& type,
                                                   const reconcile::Number& number) {
  return search::matches({*moment_.reader, parts_.node.codec(), *moment_.params},
                         *fhir::type_id(type), by_identifier(number.system, number.value),
                         same_number_max);
}

Result<std::optional<fhir::Json>> OurSide::body(const std::string& reference) {
  const std::size_t slash = reference.find('/');
  const auto type = fhir::type_id(reference.substr(0, slash));
  if (!type || slash == std::string::npos) {
    return std::optional<fhir::Json>();
  }
  TRY(const auto current, views::read_current(*moment_.reader, *type, reference.substr(slash + 1)));
  if (!current || current->presence != views::Presence::present) {
    return std::optional<fhir::Json>();
  }
  TRY(views::Body stored, stored_row(parts_, moment_, current->row));
  fhir::ReaderPool::Lease reader = parts_.readers.take();
  TRY(fhir::Json json, reader->read(std::move(stored.bytes)));
  return std::optional(std::move(json));
}

std::string OurSide::state_words(const views::Item& item) const {
  const pathway::Definitions* const all = parts_.node.pathways();
  const pathway::Definition* const of = all == nullptr ? nullptr : all->find(item.pathway);
  const pathway::State* const state = of == nullptr ? nullptr : of->state(item.state);
  return state == nullptr ? item.state : state->title;
}

Result<void> OurSide::describe_by_items(Ours& ours, const std::vector<std::string>& items) {
  for (const std::string& id : items) {
    TRY(const auto item, views::find_item(*moment_.reader, id));
    if (!item || (ours.is_open && !item->is_open()) || item->pathway == findings_pathway) {
      continue;
    }
    const bool takes = ours.item.empty() || (item->is_open() && !ours.is_open);
    if (takes) {
      ours.item = fmt::format("Task/{}", id);
      ours.patient = item->patient;
      ours.is_open = item->is_open();
      ours.state = state_words(*item);
      ours.kind = item->pathway;
    }
  }
  return ok();
}

Result<void> OurSide::describe_by_itself(Ours& ours, const std::string& type,
                                         const std::string& id) {
  TRY(const auto json, body(fmt::format("{}/{}", type, id)));
  if (json) {
    const std::string status = fhir::text_member(json->root(), "status");
    ours.is_open = is_open_status(status);
    ours.state = status;
    ours.patient = patient_of(json->root());
  }
  return ok();
}

Result<Ours> OurSide::describe(const std::string& type, const std::string& id) {
  Ours ours;
  ours.reference = fmt::format("{}/{}", type, id);
  std::vector<std::string> items;
  if (type == "ServiceRequest") {
    TRY(items,
        views::items_about(*moment_.reader, ours.reference, views::Which::all, items_of_one_max));
  } else if (type == "Task") {
    items.push_back(id);
  }
  TRY_OK(describe_by_items(ours, items));
  if (ours.item.empty()) {
    TRY_OK(describe_by_itself(ours, type, id));
  }
  return ours;
}

Result<const std::vector<std::string>*> OurSide::nhs_numbers_of(const std::string& patient) {
  const auto [at, fresh] = nhs_numbers_.try_emplace(patient);
  if (fresh) {
    TRY(const auto json, body(patient));
    if (json) {
      for (reconcile::Number& one : numbers_of(json->root())) {
        if (one.system == reconcile::nhs_number_system) {
          at->second.push_back(std::move(one.value));
        }
      }
    }
  }
  return &at->second;
}

Result<bool> OurSide::has_answer(const std::string& reference) {
  TRY(const auto found,
      search::matches({*moment_.reader, parts_.node.codec(), *moment_.params},
                      *fhir::type_id("DiagnosticReport"),
                      fmt::format("based-on={}&status=final,amended,corrected,appended", reference),
                      1));
  return !found.empty();
}

// By its number alone: a copy in a file ends its lines otherwise than what came.
Result<std::optional<Ours>> OurSide::find_message(const std::string& control_id) {
  const Hash nothing;
  TRY(const auto known, views::read_message(*moment_.reader, {source_, control_id, nothing}));
  if (!known.newest && known.others == 0) {
    return std::optional<Ours>();
  }
  return std::optional(Ours{});
}

Result<std::optional<Ours>> OurSide::find(const reconcile::Row& row,
                                          const reconcile::States& states) {
  if (row.type == reconcile::message_type) {
    return find_message(row.number.value);
  }
  TRY(auto ids, ids_with(row.type, row.number));
  for (std::size_t i = 0; ids.empty() && i < std::min(row.others.size(), numbers_tried_max); ++i) {
    TRY(ids, ids_with(row.type, row.others[i]));
  }
  std::optional<Ours> best;
  std::set<std::string> patients;
  for (const std::string& id : ids) {
    TRY(Ours one, describe(row.type, id));
    patients.insert(one.patient);
    if (!best || (one.is_open && !best->is_open)) {
      best = std::move(one);
    }
  }
  if (!best) {
    return best;
  }
  best->is_ambiguous = patients.size() > 1;
  if (!best->patient.empty()) {
    TRY(const auto* const numbers, nhs_numbers_of(best->patient));
    best->nhs_numbers = *numbers;
  }
  if (best->is_open && row.type == "ServiceRequest" &&
      states.find(row.state) == reconcile::Stand::answered) {
    TRY(best->is_answered, has_answer(best->reference));
  }
  return best;
}

Result<std::optional<Ours>> OurSide::in_scope(const views::Item& item,
                                              const reconcile::Scope& scope) {
  if (!item.focus.starts_with("ServiceRequest/") ||
      (!scope.kinds.empty() && !scope.kinds.contains(item.pathway))) {
    return std::optional<Ours>();
  }
  TRY(const auto json, body(item.focus));
  if (!json) {
    return std::optional<Ours>();
  }
  std::string day = fhir::text_member(json->root(), "authoredOn").substr(0, 10);
  if (day.size() < 10) {
    day = to_instant(item.opened).substr(0, 10);
  }
  const bool in_period =
      (scope.from.empty() || scope.from <= day) && (scope.to.empty() || day <= scope.to);
  if (!in_period ||
      (!scope.organisation.empty() && !concerns(json->root(), item, scope.organisation))) {
    return std::optional<Ours>();
  }
  Ours ours;
  ours.reference = item.focus;
  ours.item = fmt::format("Task/{}", item.id);
  ours.patient = item.patient;
  ours.is_open = true;
  ours.state = state_words(item);
  ours.numbers = numbers_of(json->root());
  ours.kind = item.pathway;
  ours.authored = std::move(day);
  return std::optional(std::move(ours));
}

Result<std::vector<Ours>> OurSide::open_in(const reconcile::Scope& scope) {
  std::vector<Ours> all;
  if (!scope.is_stated()) {
    return all;
  }
  std::set<std::string> seen;
  std::size_t looked = 0;
  TRY(const auto owners, views::read_owners(*moment_.reader));
  for (const auto& [owner, counts] : owners) {
    std::optional<views::Place> after;
    for (bool more = true; more;) {
      TRY(auto places,
          views::read_work_list(*moment_.reader, views::List::owned, owner, after, places_at_once));
      more = places.size() == places_at_once;
      looked += places.size();
      if (looked > open_items_max || all.size() > in_scope_max) {
        return fail(
            Code::too_costly,
            fmt::format("more than {} requests in the scope, or {} items, are open: state a "
                        "narrower scope, or none",
                        in_scope_max, open_items_max));
      }
      for (const views::Place& place : places) {
        TRY(const auto item, views::find_item(*moment_.reader, place.id));
        TRY(auto ours, item ? in_scope(*item, scope) : std::optional<Ours>());
        if (ours && seen.insert(ours->reference).second) {
          all.push_back(*std::move(ours));
        }
      }
      if (more) {
        after = std::move(places.back());
      }
    }
  }
  std::ranges::sort(all, {}, &Ours::reference);
  return all;
}

Result<std::string> OurSide::patient_with(const std::string& nhs_number) {
  TRY(const auto ids, ids_with("Patient", {std::string(reconcile::nhs_number_system), nhs_number}));
  return ids.size() == 1 ? fmt::format("Patient/{}", ids.front()) : std::string();
}

}  // namespace holdfast::api
