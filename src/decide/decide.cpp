#include "decide/decide.h"

#include <fmt/format.h>

#include "base/check.h"
#include "decide/decision.h"
#include "decide/follow.h"
#include "views/versions.h"

namespace holdfast::decide {

Result<Outcome> decide(const views::Reader& view, const views::BodyCodec& codec,
                       const fhir::SearchParams& params, const Prepared& prepared,
                       const Rules& rules, Bug planted) {
  check(prepared.signals_under == rules.pathways, "signals are those of the pathways in force");
  check(prepared.operations.size() == prepared.command.operations.size(),
        "every operation is prepared");
  TRY(Outcome outcome, Decision(view, codec, params, prepared, planted).run());
  TRY_OK(follow(view, codec, params, rules, prepared, planted, outcome));
  return outcome;
}

Result<Outcome> Decision::run() {
  TRY_OK(check_message());
  TRY_OK(run_all(Verb::remove, &Decision::remove));
  TRY_OK(run_all(Verb::create, &Decision::create));
  TRY_OK(run_all(Verb::update, &Decision::update));
  TRY_OK(run_all(Verb::patch, &Decision::patch));
  TRY_OK(resolve_references());
  TRY_OK(owe());
  TRY_OK(settle());
  return std::move(outcome_);
}

Result<void> Decision::run_all(Verb verb, Result<void> (Decision::*one)(std::size_t)) {
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (operation(i).verb == verb) {
      TRY_OK((this->*one)(i));
    }
  }
  return ok();
}

std::string Decision::where(std::size_t index) const {
  return outcome_.results.size() == 1 ? std::string() : fmt::format("Bundle.entry[{}]", index);
}

Result<void> Decision::claim(std::size_t index, const std::string& id) {
  const std::string_view type = operation(index).type;
  const auto [at, fresh] = claimed_.try_emplace({type, id}, index);
  if (!fresh) {
    return fail(Code::structure,
                fmt::format("two operations of one transaction mean {}/{} (entries {} and {}); "
                            "send them one after the other",
                            type, id, at->second, index),
                where(index));
  }
  return ok();
}

Result<Decision::Named> Decision::take_named(std::size_t index, const std::string& id) {
  TRY_OK(claim(index, id));
  TRY(const auto current, views::read_current(view_, prepared_.operations[index].type, id));
  Named named;
  if (current) {
    named = {current->version, current->presence == views::Presence::present};
  }
  TRY_OK(check_version(index, named.there ? std::optional(named.newest) : std::nullopt));
  return named;
}

Result<void> Decision::check_version(std::size_t index, std::optional<Version> current) const {
  const Operation& wanted = operation(index);
  if (!wanted.if_match || planted_ == Bug::ignore_version_conflict) {
    return ok();
  }
  const std::string& id = outcome_.results[index].id;
  if (!current) {
    return fail(Code::precondition,
                fmt::format("If-Match names version {} of {}/{}, which is not there",
                            wanted.if_match->value, wanted.type, id),
                where(index));
  }
  if (*wanted.if_match != *current) {
    return fail(Code::conflict,
                fmt::format("If-Match names version {} of {}/{}, but version {} is current; read "
                            "it, and send the change again on top of that",
                            wanted.if_match->value, wanted.type, id, current->value),
                where(index));
  }
  return ok();
}

}  // namespace holdfast::decide
