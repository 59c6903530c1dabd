// decide/follow_task.cpp: a person changes an item, by PUT or PATCH of its Task. What he may change
// is its state, by an act of its pathway; its owner, priority and due time; and whatever the item
// does not rest on. The rest stays as the record has it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "decide/following.h"
#include "decide/task_words.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

std::unexpected<Error> refuse(std::string what, std::string where) {
  return fail(Code::invariant, std::move(what), std::move(where));
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
  fhir::Json stored;
  TRY_OK(task_reader().read(touched->stored, stored));
  if (gives_reason(json.root(), stored.root())) {
    touched->reason = reason_text(json.root());
  }
  TRY_OK(check_fixed(*touched, json.root(), index));
  return take_changes(*touched, json.root(), stored.root(), claimed, index);
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

Result<void> Following::take_changes(Touched& touched, fhir::JsonValue task, fhir::JsonValue stored,
                                     const std::optional<views::Item>& claimed, std::size_t index) {
  views::Item& item = touched.item;
  TRY_OK(take_owner(touched, task, index));
  if (const std::string priority = fhir::text_member(task, "priority"); !priority.empty()) {
    item.priority = priority;
  }
  TRY_OK(take_state(touched, task, stored, index));
  if (claimed) {
    TRY_OK(take_offer(touched, without_version(claimed->offered), index));
  }
  const auto restriction = task.find("restriction");
  const auto period = restriction ? restriction->find("period") : std::nullopt;
  const auto due = period ? parse_date_time(fhir::text_member(*period, "end")) : std::nullopt;
  if (due && touched.before.due && due->from != *touched.before.due && item.is_open()) {
    if (!gives_reason(task, stored)) {
      return refuse(
          fmt::format("Task/{} gets another due time only with a statusReason of its own", item.id),
          where(index));
    }
    pathway::set_due(definitions_, *touched.definition, item, due->from, rules_.now);
    touched.due_by_hand = true;
  }
  return ok();
}

}  // namespace holdfast::decide
