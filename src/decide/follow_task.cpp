// decide/follow_task.cpp: a person changes an item, by PUT or PATCH of its Task. What he may change
// is its state, by an act of its pathway; its owner, priority and due time; and whatever the item
// does not rest on. The rest stays as the record has it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

std::unexpected<Error> refuse(std::string what, std::string where) {
  return fail(Code::invariant, std::move(what), std::move(where));
}

/// Of an element that says something: a text, or a code of it.
bool says_something(fhir::JsonValue task, std::string_view element) {
  const auto value = task.find(element);
  if (!value) {
    return false;
  }
  const auto coding = value->find("coding");
  return !fhir::text_member(*value, "text").empty() || (coding && coding->size() > 0);
}

bool has_code_of(fhir::JsonValue coded, const std::vector<std::string>& codes) {
  const auto coding = coded.find("coding");
  if (!coding) {
    return false;
  }
  for (const fhir::JsonValue one : coding->children()) {
    if (std::ranges::find(codes, fhir::text_member(one, "code")) != codes.end()) {
      return true;
    }
  }
  return false;
}

/// The output of that type: by text or by code.
std::optional<fhir::JsonValue> output_of(fhir::JsonValue task, std::string_view type) {
  const auto outputs = task.find("output");
  if (!outputs) {
    return {};
  }
  for (const fhir::JsonValue one : outputs->children()) {
    const auto of = one.find("type");
    if (of && (fhir::text_member(*of, "text") == type || has_code_of(*of, {std::string(type)}))) {
      return one;
    }
  }
  return {};
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

std::string reference_at(fhir::JsonValue task, std::string_view key) {
  const auto value = task.find(key);
  return value ? fhir::text_member(*value, "reference") : std::string();
}

/// A team that is known by its name: it need not be there.
bool is_named_team(const views::Owner& owner) {
  return owner.starts_with("team:") && owner.size() > std::string_view("team:").size();
}

/// Without the version that a reference may name: an owner has one name only.
views::Owner without_version(views::Owner owner) {
  const auto literal = fhir::parse_literal(owner);
  return literal ? fmt::format("{}/{}", fhir::name(literal->type), literal->id) : std::move(owner);
}

/// An output that is a time to be done by: what follows is due from it.
constexpr std::string_view see_by = "see-by";

}  // namespace

Result<void> Following::change(std::size_t index) {
  const Operation& operation = prepared_.command.operations[index];
  if (operation.type != "Task" || !writes(index)) {
    return ok();
  }
  const OperationResult& result = outcome_.results[index];
  TRY(const auto was, views::find_item(view_, result.id));
  fhir::Json json;
  Bytes body = resolved_body(index);
  TRY_OK(task_reader().read(body, json));
  TRY(const auto claimed, views::read_item(json.root(), result.id));
  if (!was) {
    return claimed ? refuse(fmt::format("Task/{} is no item: items are opened by what makes them "
                                        "due; leave out the extension {}",
                                        result.id, views::item_extension),
                            where(index))
                   : ok();
  }
  if (!operation.if_match) {
    return refuse(fmt::format("Task/{} is an item: say with If-Match which version you have read, "
                              "so that nobody's change is lost",
                              result.id),
                  where(index));
  }
  TRY(Touched* const touched, touch(result.id));
  touched->operation = static_cast<std::uint32_t>(index);
  touched->task = std::move(body);
  TRY_OK(check_fixed(*touched, json.root(), index));
  return take_changes(*touched, json.root(), claimed, index);
}

Result<void> Following::check_fixed(const Touched& touched, fhir::JsonValue task,
                                    std::size_t index) const {
  const views::Item& item = touched.before;
  const std::array<std::pair<std::string_view, const std::string*>, 2> fixed{
      {{"focus", &item.focus}, {"for", &item.patient}}};
  for (const auto& [element, value] : fixed) {
    if (reference_at(task, element) != *value) {
      return refuse(fmt::format("Task/{} is an item about {}: its {} does not change", item.id,
                                item.focus, element),
                    where(index));
    }
  }
  if (const auto opened = parse_date_time(fhir::text_member(task, "authoredOn"));
      !opened || opened->from != item.opened) {
    return refuse(fmt::format("Task/{} is an item: its authoredOn, {}, does not change", item.id,
                              to_instant(item.opened)),
                  where(index));
  }
  const auto code = task.find("code");
  if (!code || !has_code_of(*code, {item.pathway})) {
    return refuse(fmt::format("Task/{} is an item of pathway '{}': its code does not change",
                              item.id, item.pathway),
                  where(index));
  }
  return ok();
}

Result<void> Following::take_owner(Touched& touched, fhir::JsonValue task, std::size_t index) {
  views::Item& item = touched.item;
  const auto owner_element = task.find("owner");
  const views::Owner owner =
      owner_element ? without_version(views::owner_of(*owner_element)) : views::Owner();
  if (owner.empty()) {
    return refuse(fmt::format("Task/{} is an item: it has an owner, a reference or the name of a "
                              "team in {}",
                              item.id, views::team_system),
                  where(index));
  }
  if (owner != item.owner) {
    TRY(const bool active, is_active_owner(owner));
    if (!active && !is_named_team(owner)) {
      return refuse(fmt::format("Task/{} cannot be given to {}: there is no such active owner",
                                item.id, owner),
                    where(index));
    }
    item.owner = owner;
  }
  return ok();
}

Result<void> Following::take_offer(Touched& touched, const views::Owner& wanted,
                                   std::size_t index) {
  views::Item& item = touched.item;
  if (wanted == touched.before.offered) {
    return ok();  // make() ends it where it ends
  }
  if (wanted.empty()) {
    item.offered.clear();
    return ok();
  }
  const auto refuse_offer = [&](std::string_view why) {
    return refuse(fmt::format("Task/{} cannot be offered to {}: {}", item.id, wanted, why),
                  where(index));
  };
  if (!item.is_open()) {
    return refuse_offer("it is closed, and there is nothing to hand over");
  }
  if (item.owner == wanted) {
    return refuse_offer("it is theirs already");
  }
  if (item.owner != touched.before.owner) {
    return refuse_offer(
        fmt::format("with this change it becomes that of {}, who may offer it then", item.owner));
  }
  TRY(const bool active, is_active_owner(wanted));
  if (!active && !is_named_team(wanted)) {
    return refuse_offer("there is no such active owner");
  }
  item.offered = wanted;
  return ok();
}

Result<void> Following::take_changes(Touched& touched, fhir::JsonValue task,
                                     const std::optional<views::Item>& claimed, std::size_t index) {
  views::Item& item = touched.item;
  TRY_OK(take_owner(touched, task, index));
  if (const std::string priority = fhir::text_member(task, "priority"); !priority.empty()) {
    item.priority = priority;
  }
  TRY_OK(take_state(touched, task, index));
  if (claimed) {
    TRY_OK(take_offer(touched, without_version(claimed->offered), index));
  }
  const auto restriction = task.find("restriction");
  const auto period = restriction ? restriction->find("period") : std::nullopt;
  const auto due = period ? parse_date_time(fhir::text_member(*period, "end")) : std::nullopt;
  if (due && touched.before.due && due->from != *touched.before.due && item.is_open()) {
    if (!says_something(task, "statusReason")) {
      return refuse(fmt::format("Task/{} gets another due time only with a statusReason", item.id),
                    where(index));
    }
    pathway::set_due(definitions_, *touched.definition, item, due->from, rules_.now);
  }
  return ok();
}

Result<void> Following::take_state(Touched& touched, fhir::JsonValue task, std::size_t index) {
  views::Item& item = touched.item;
  const pathway::Definition* const definition = touched.definition;
  if (definition == nullptr) {
    return ok();  // make() refuses it
  }
  std::string wanted = state_in(task, item.pathway);
  const std::string status = fhir::text_member(task, "status");
  if ((wanted.empty() || wanted == item.state) && status != item.status) {
    wanted.clear();  // only the status says where to: the state that has it, if there is one
    for (const pathway::Act& act : definition->acts) {
      const bool fits = definition->state(act.to)->status == status &&
                        std::ranges::find(act.from, item.state) != act.from.end();
      if (fits && !wanted.empty() && wanted != act.to) {
        return refuse(fmt::format("Task/{}: several states of pathway '{}' have status '{}'; name "
                                  "one in businessStatus: {}",
                                  item.id, item.pathway, status,
                                  pathway::legal_acts(*definition, item.state)),
                      where(index));
      }
      wanted = fits ? act.to : wanted;
    }
    wanted = wanted.empty() ? "status " + status : wanted;
  }
  if (wanted.empty() || wanted == item.state) {
    return ok();
  }
  const pathway::Act* const act = pathway::find_act(*definition, item.state, wanted);
  if (act == nullptr) {
    return refuse(fmt::format("Task/{} is in state '{}' of pathway '{}' and cannot go to '{}'; it "
                              "can go to {}",
                              item.id, item.state, item.pathway, wanted,
                              pathway::legal_acts(*definition, item.state)),
                  where(index));
  }
  TRY_OK(check_needs(touched, *act, task, index));
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
                                    fhir::JsonValue task, std::size_t index) {
  for (const std::string& need : act.needs) {
    if (planted_ == Bug::close_without_evidence) {
      break;
    }
    if (need == "reason") {
      const auto reason = task.find("statusReason");
      if (!says_something(task, "statusReason") ||
          (!act.reasons.empty() && !has_code_of(*reason, act.reasons))) {
        return refuse(
            fmt::format("Task/{}: to {} needs a statusReason{}", touched.item.id, act.title,
                        act.reasons.empty()
                            ? std::string()
                            : fmt::format(" with a code, one of {}", fmt::join(act.reasons, ", "))),
            where(index));
      }
      continue;
    }
    const auto output = output_of(task, need);
    if (!output) {
      return refuse(fmt::format("Task/{}: to {} needs an output of type '{}'", touched.item.id,
                                act.title, need),
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
