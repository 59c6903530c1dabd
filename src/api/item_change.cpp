#include "api/item_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "api/offer.h"
#include "api/stored.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "pathway/step.h"

namespace holdfast::api {
namespace {

// ---- which act ----------------------------------------------------------------------------------

std::unexpected<Error> refuse_act(const ItemTask& task, std::string_view what) {
  const views::Item& item = task.item;
  std::string names;
  for (const pathway::Act& act : task.definition->acts) {
    if (std::ranges::find(act.from, item.state) != act.from.end()) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", act.name);
    }
  }
  return fail(
      Code::invariant,
      fmt::format("Task/{} is in state '{}' of pathway '{}' and {}; it can go to {}{}{}", item.id,
                  item.state, item.pathway, what, pathway::legal_acts(*task.definition, item.state),
                  names.empty() ? "" : "; the acts are: ", names));
}

/// Whether the operation asks for acts of that kind.
bool fits(Interaction interaction, const pathway::State& to) {
  return interaction == Interaction::item_advance ||
         (interaction == Interaction::item_close) == to.is_closed();
}

/// The state to go to.
Result<std::string> choose_state(const ItemTask& task, const AskedChange& asked) {
  const views::Item& item = task.item;
  if (task.definition == nullptr) {
    return fail(Code::invariant,
                fmt::format("Task/{} is an item of pathway '{}', of which there is no definition: "
                            "bring it back before items of it are changed",
                            item.id, item.pathway));
  }
  if (asked.interaction == Interaction::item_reopen && item.is_open()) {
    return refuse_act(task, "is open: there is nothing to open again");
  }
  if (asked.interaction == Interaction::item_close && !item.is_open()) {
    return refuse_act(task, "is closed already");
  }
  std::set<std::string> states;
  for (const pathway::Act& act : task.definition->acts) {
    if (std::ranges::find(act.from, item.state) == act.from.end() ||
        (!asked.act.empty() && act.name != asked.act) ||
        (!asked.to.empty() && act.to != asked.to)) {
      continue;
    }
    const pathway::State& to = *task.definition->state(act.to);
    if (fits(asked.interaction, to)) {
      states.insert(act.to);
    } else if (!asked.to.empty() || !asked.act.empty()) {
      return refuse_act(
          task, fmt::format("'{}' leads to '{}', which {}: that is for $advance", act.name, act.to,
                            to.is_closed() ? "is closed" : "is open"));
    }
  }
  if (states.size() > 1) {
    return refuse_act(task,
                      fmt::format("there are several ways to {} it: say which by `to` or "
                                  "`act`",
                                  asked.interaction == Interaction::item_close ? "close" : "open"));
  }
  if (states.empty()) {
    return refuse_act(
        task, !asked.act.empty() ? fmt::format("there is no act '{}' from there", asked.act)
              : !asked.to.empty()
                  ? fmt::format("cannot go to '{}'", asked.to)
                  : fmt::format("{} does nothing there", operation_name(asked.interaction)));
  }
  if (*states.begin() == item.state && asked.act.empty()) {
    return refuse_act(task, "is there already");
  }
  return *states.begin();
}

// ---- the Task that is to be ---------------------------------------------------------------------

/// An output that is a time to be done by counts for the act that it came with.
constexpr std::string_view see_by = "see-by";

/// Types of outputs that are given anew: what an earlier act needed is no evidence of this one. It
/// stays in the versions before.
std::set<std::string> replaced_outputs(const ItemTask& task, const AskedChange& asked,
                                       std::string_view to) {
  std::set<std::string> types{std::string(see_by)};
  for (const Output& output : asked.outputs) {
    types.insert(output.type);
  }
  for (const pathway::Act& act : task.definition->acts) {
    const bool meant =
        act.to == to && std::ranges::find(act.from, task.item.state) != act.from.end();
    if (meant) {
      types.insert(act.needs.begin(), act.needs.end());
    }
  }
  return types;
}

bool has_type(fhir::JsonValue output, const std::set<std::string>& types) {
  const auto type = output.find("type");
  if (!type) {
    return false;
  }
  const auto coding = type->find("coding");
  bool one = types.contains(fhir::text_member(*type, "text"));
  if (coding) {
    for (const fhir::JsonValue code : coding->children()) {
      one = one || types.contains(fhir::text_member(code, "code"));
    }
  }
  return one;
}

void write_outputs(fhir::JsonWriter& to, fhir::JsonValue task, const std::vector<Output>& given,
                   const std::set<std::string>& replaced) {
  std::vector<BytesView> kept;
  if (const auto outputs = task.find("output")) {
    for (const fhir::JsonValue one : outputs->children()) {
      if (!has_type(one, replaced)) {
        kept.push_back(one.raw());
      }
    }
  }
  if (kept.empty() && given.empty()) {
    return;
  }
  to.open("output", '[');
  for (const BytesView one : kept) {
    to.raw(one);
  }
  for (const Output& one : given) {
    to.raw(one.json);
  }
  to.close(']');
}

/// One part of the item's extension that says something of this change only.
void write_part(fhir::JsonWriter& to, std::string_view url, std::string_view value) {
  to.open('{');
  to.text("url", url);
  to.text("valueString", value);
  to.close('}');
}

/// The extensions as they are, and in the item's what is given with this act: it counts though it
/// may read as what stands there. `stays`: the state does not say which act it is.
void write_given(fhir::JsonWriter& to, fhir::JsonValue task, const AskedChange& asked, bool stays) {
  to.open("extension", '[');
  for (const fhir::JsonValue one : task.find("extension")->children()) {
    if (fhir::text_member(one, "url") != views::item_extension) {
      to.raw(one.raw());
      continue;
    }
    to.open('{');
    to.text("url", views::item_extension);
    to.open("extension", '[');
    for (const fhir::JsonValue part : one.find("extension")->children()) {
      to.raw(part.raw());
    }
    if (!asked.reason.empty()) {
      write_part(to, "given", "reason");
    }
    for (const Output& output : asked.outputs) {
      write_part(to, "given", output.type);
    }
    if (stays) {
      write_part(to, "act", asked.act);
    }
    to.close(']');
    to.close('}');
  }
  to.close(']');
}

/// Elements of the Task that `asked` writes anew.
std::set<std::string_view> replaced_elements(const AskedChange& asked) {
  std::set<std::string_view> all;
  if (asked.interaction == Interaction::item_assign) {
    all = {"owner"};
  } else if (asked.interaction == Interaction::item_accept) {
    all = {"owner", "extension"};
  } else if (is_about_offer(asked.interaction)) {
    all = {"extension"};
  } else {
    all = {"businessStatus", "statusReason", "output", "extension"};
  }
  if (!asked.reason.empty()) {
    all.insert("statusReason");
  }
  return all;
}

void write_business_status(fhir::JsonWriter& to, const ItemTask& task, std::string_view state) {
  to.open("businessStatus", '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", fmt::format("{}{}", views::pathway_state_prefix, task.item.pathway));
  to.text("code", state);
  to.close('}');
  to.close(']');
  to.close('}');
}

}  // namespace

Result<ItemTask> read_item_task(const Parts& parts, std::string_view id,
                                const node::Moment& moment) {
  TRY(const auto current, views::read_current(*moment.reader, *fhir::type_id("Task"), id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no Task/{}", id));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("Task/{} was deleted", id));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  ItemTask task;
  task.version = current->version;
  task.body = std::move(body.bytes);
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(task.body));
  TRY(auto item, views::read_item(json.root(), id));
  if (!item) {
    return fail(Code::unsupported,
                fmt::format("Task/{} is no item of a pathway: it has no extension {}; change it "
                            "by PUT or PATCH",
                            id, views::item_extension));
  }
  task.item = *std::move(item);
  const pathway::Definitions* const definitions = parts.node.pathways();
  task.definition = definitions == nullptr ? nullptr : definitions->find(task.item.pathway);
  return task;
}

Result<Bytes> changed_task(const Parts& parts, const ItemTask& task, const AskedChange& asked) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(task.body));
  fhir::JsonWriter to(task.body.size() + 1024);
  const std::set<std::string_view> replaced = replaced_elements(asked);
  std::string state;
  if (is_about_offer(asked.interaction)) {
    TRY_OK(check_offer(task.item, asked));
  } else if (!replaced.contains("owner")) {
    TRY(state, choose_state(task, asked));
  }
  std::string scratch;
  to.open('{');
  for (const fhir::JsonValue member : json.root().children()) {
    const std::string_view key = member.key(scratch);
    if (!replaced.contains(key)) {
      to.raw(key, member.raw());
    }
  }
  if (!asked.reason.empty()) {
    to.raw("statusReason", asked.reason);
  }
  if (is_about_offer(asked.interaction)) {
    write_offer(to, json.root(), asked);
  } else if (!state.empty()) {
    write_given(to, json.root(), asked, state == task.item.state);
  }
  if (replaced.contains("owner")) {
    to.raw("owner", asked.interaction == Interaction::item_accept
                        ? owner_reference(task.item.offered)
                        : asked.owner);
  }
  if (!state.empty()) {
    write_business_status(to, task, state);
    write_outputs(to, json.root(), asked.outputs, replaced_outputs(task, asked, state));
  }
  to.close('}');
  return to.take();
}

}  // namespace holdfast::api
