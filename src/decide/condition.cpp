// decide/condition.cpp: the resource that a condition means, as the record says below this Command.
// https://hl7.org/fhir/R4/http.html#cond-update, #3.1.0.7.1 (conditional delete), #concurrency
#include <fmt/format.h>

#include "base/check.h"
#include "decide/decision.h"
#include "search/criteria.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::decide {

Result<std::vector<std::string>> Decision::matching(std::size_t index, fhir::TypeId type,
                                                    std::string_view query,
                                                    std::size_t limit) const {
  auto found = search::matches({view_, codec_, params_}, type, query, limit);
  if (!found && found.error().where.empty()) {
    found.error().where = where(index);
  }
  return found;
}

Result<std::optional<std::string>> Decision::selected(std::size_t index) const {
  const Operation& wanted = operation(index);
  TRY(auto found,
      matching(index, prepared_.operations[index].type, wanted.condition, search::matches_wanted));
  if (found.size() > 1) {
    return fail(Code::multiple_matches,
                fmt::format("the condition {}?{} selects {} and {}; make it narrower", wanted.type,
                            wanted.condition, found[0], found[1]),
                where(index));
  }
  return found.empty() ? std::nullopt : std::optional(std::move(found[0]));
}

// One match: that one, and the content may name no other. None: a new resource, under the id that
// the content names or else the one drawn. R4 does not say what becomes of an id that is taken by a
// resource which the condition does not select; as R5 does, that is a conflict.
Result<std::string> Decision::updated_by_condition(std::size_t index) {
  const Operation& wanted = operation(index);
  const fhir::TypeId type = prepared_.operations[index].type;
  const bool names_id = prepared_.operations[index].sites.id.present();
  TRY(auto found, selected(index));
  if (found) {
    if (names_id && *found != wanted.id) {
      return fail(Code::mismatch,
                  fmt::format("the condition {}?{} selects {}, but the content names the id {}",
                              wanted.type, wanted.condition, *found, wanted.id),
                  where(index));
    }
    return *std::move(found);
  }
  // However often and however it is written: one condition never makes two resources.
  TRY(const auto criteria, search::parse_condition(params_, type, wanted.condition, Time{}));
  const auto [first, fresh] =
      updated_if_none_.try_emplace({wanted.type, criteria.understood}, index);
  if (!fresh) {
    return fail(Code::structure,
                fmt::format("entries {} and {} both create what the condition {}?{} selects; send "
                            "them one after the other",
                            first->second, index, wanted.type, wanted.condition),
                where(index));
  }
  TRY(const auto current, views::read_current(view_, type, wanted.id));
  if (current && (!names_id || current->presence == views::Presence::present)) {
    return fail(Code::conflict,
                fmt::format("the condition {}?{} selects nothing, and the id {} is taken by a "
                            "resource that it does not select",
                            wanted.type, wanted.condition, wanted.id),
                where(index));
  }
  return wanted.id;
}

}  // namespace holdfast::decide
