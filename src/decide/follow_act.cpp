// decide/follow_act.cpp: an act of a person: which one the Task that he sends means, what it needs,
// and where the item comes by it. What an act needs is given with it: what stood there before was
// said of something else.
#include <fmt/format.h>

#include <algorithm>

#include "base/time.h"
#include "decide/following.h"
#include "decide/task_words.h"
#include "fhir/member.h"

namespace holdfast::decide {
namespace {

std::unexpected<Error> refuse(std::string what, std::string where) {
  return fail(Code::invariant, std::move(what), std::move(where));
}

std::optional<std::string> reference_in(fhir::JsonValue output) {
  const auto value = output.find("valueReference");
  return value ? std::optional(fhir::text_member(*value, "reference")) : std::nullopt;
}

std::optional<Time> time_in(fhir::JsonValue output) {
  for (const std::string_view key : {"valueDateTime", "valueDate", "valueInstant"}) {
    if (const auto range = parse_date_time(fhir::text_member(output, key))) {
      return range->from;
    }
  }
  return {};
}

/// The state that businessStatus names, in the system of that pathway; empty where it names none.
std::string state_in(fhir::JsonValue task, std::string_view pathway) {
  const std::string system = fmt::format("{}{}", views::pathway_state_prefix, pathway);
  const auto status = task.find("businessStatus");
  const auto coding = status ? status->find("coding") : std::nullopt;
  if (coding) {
    for (const fhir::JsonValue one : coding->children()) {
      if (fhir::text_member(one, "system") == system) {
        return fhir::text_member(one, "code");
      }
    }
  }
  return {};
}

/// Of a refusal, where what is needed is there and is not this act's.
std::string stood_there(bool stands) {
  return stands ? " given with it: what stands there was said before" : std::string();
}

/// An output that is a time to be done by: what follows is due from it.
constexpr std::string_view see_by = "see-by";

}  // namespace

// The state that is wanted, or the act by its name where it leads to where the item is.
Result<const pathway::Act*> Following::meant_act(const pathway::Definition& definition,
                                                 const views::Item& item, fhir::JsonValue task,
                                                 std::size_t index) const {
  std::string wanted = state_in(task, item.pathway);
  const std::string status = fhir::text_member(task, "status");
  if (const auto named = said_of_change(task, "act"); !named.empty()) {
    const auto at = std::ranges::find(definition.acts, named.front(), &pathway::Act::name);
    if (at == definition.acts.end() || std::ranges::find(at->from, item.state) == at->from.end() ||
        (!wanted.empty() && wanted != item.state && wanted != at->to)) {
      return refuse(fmt::format("Task/{} is in state '{}' of pathway '{}': its act is not '{}'; it "
                                "can go to {}",
                                item.id, item.state, item.pathway, named.front(),
                                pathway::legal_acts(definition, item.state)),
                    where(index));
    }
    return &*at;
  }
  if ((wanted.empty() || wanted == item.state) && status != item.status) {
    wanted.clear();  // only the status says where to: the state that has it, if there is one
    for (const pathway::Act& act : definition.acts) {
      const bool fits = definition.state(act.to)->status == status &&
                        std::ranges::find(act.from, item.state) != act.from.end();
      if (fits && !wanted.empty() && wanted != act.to) {
        return refuse(
            fmt::format("Task/{}: several states of pathway '{}' have status '{}'; name "
                        "one in businessStatus: {}",
                        item.id, item.pathway, status, pathway::legal_acts(definition, item.state)),
            where(index));
      }
      wanted = fits ? act.to : wanted;
    }
    wanted = wanted.empty() ? "status " + status : wanted;
  }
  if (wanted.empty() || wanted == item.state) {
    return nullptr;
  }
  const pathway::Act* const act = pathway::find_act(definition, item.state, wanted);
  if (act == nullptr) {
    return refuse(fmt::format("Task/{} is in state '{}' of pathway '{}' and cannot go to '{}'; it "
                              "can go to {}",
                              item.id, item.state, item.pathway, wanted,
                              pathway::legal_acts(definition, item.state)),
                  where(index));
  }
  return act;
}

Result<void> Following::take_state(Touched& touched, fhir::JsonValue task, fhir::JsonValue stored,
                                   std::size_t index) {
  views::Item& item = touched.item;
  const pathway::Definition* const definition = touched.definition;
  if (definition == nullptr) {
    return ok();  // make() refuses it
  }
  TRY(const pathway::Act* const act, meant_act(*definition, item, task, index));
  if (act != nullptr) {
    TRY_OK(check_needs(touched, *act, task, stored, index));
  }
  if (definition->keeps_clock) {
    TRY_OK(take_clock(touched, act, task, stored, index));
  }
  if (act == nullptr) {
    return ok();
  }
  const views::Owner owner = item.owner;
  std::optional<Time> due_from;
  if (const auto by = output_of(task, see_by)) {
    due_from = time_in(*by);
  }
  pathway::enter(definitions_, *definition, item, *definition->state(act->to), rules_.now,
                 act->then.empty() ? due_from : std::nullopt);
  if (owner != touched.before.owner) {
    item.owner = owner;  // a person who gives it away says to whom
  }
  TRY_OK(keep_owned(item, *definition));
  const Touched from = touched;
  return go_on(from, act->then, due_from);
}

Result<void> Following::check_needs(const Touched& touched, const pathway::Act& act,
                                    fhir::JsonValue task, fhir::JsonValue stored,
                                    std::size_t index) {
  for (const std::string& need : act.needs) {
    if (planted_ == Bug::close_without_evidence) {
      break;
    }
    if (need == "reason") {
      const auto reason = task.find("statusReason");
      const bool is_coded = reason && has_code_of(*reason, act.reasons);
      if (act.reasons.empty() ? !gives_reason(task, stored) : !is_coded) {
        return refuse(
            fmt::format("Task/{}: to {} needs a statusReason{}", touched.item.id, act.title,
                        act.reasons.empty()
                            ? stood_there(says_something(task, "statusReason"))
                            : fmt::format(" with a code, one of {}", fmt::join(act.reasons, ", "))),
            where(index));
      }
      continue;
    }
    const auto output = output_given(task, stored, need);
    if (!output) {
      return refuse(fmt::format("Task/{}: to {} needs an output of type '{}'{}", touched.item.id,
                                act.title, need, stood_there(output_of(task, need).has_value())),
                    where(index));
    }
    const auto reference = reference_in(*output);
    if (need == "evidence" && !reference) {
      return refuse(
          fmt::format("Task/{}: its evidence is a valueReference to a resource", touched.item.id),
          where(index));
    }
    if (reference) {
      TRY(const bool there, is_there(*reference));
      if (!there) {
        return refuse(fmt::format("Task/{}: its output '{}' names {}, which is not there",
                                  touched.item.id, need, *reference),
                      where(index));
      }
    }
  }
  return ok();
}

}  // namespace holdfast::decide
