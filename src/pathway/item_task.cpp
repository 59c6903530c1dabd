#include "pathway/item_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "fhir/json_writer.h"

namespace holdfast::pathway {
namespace {

using fhir::JsonWriter;

void write_coding(JsonWriter& to, std::string_view system, std::string_view code) {
  to.open('{');
  to.text("system", system);
  to.text("code", code);
  to.close('}');
}

void write_inside(JsonWriter& to, const views::Owner& owner) {
  if (!owner.starts_with("team:")) {
    to.text("reference", owner);
    return;
  }
  to.open("identifier", '{');
  to.text("system", views::team_system);
  to.text("value", std::string_view(owner).substr(5));
  to.close('}');
}

void write_reference(JsonWriter& to, std::string_view key, const views::Owner& owner) {
  to.open(key, '{');
  write_inside(to, owner);
  to.close('}');
}

void write_extension(JsonWriter& to, const views::Item& item) {
  const auto number = [&](std::string_view url, std::uint64_t value) {
    to.open('{');
    to.text("url", url);
    to.number("valueUnsignedInt", value);
    to.close('}');
  };
  const auto text = [&](std::string_view url, std::string_view key, std::string_view value) {
    to.open('{');
    to.text("url", url);
    to.text(key, value);
    to.close('}');
  };
  to.open('{');
  to.text("url", views::item_extension);
  to.open("extension", '[');
  number("definition", item.definition);
  text("organisation", "valueString", item.organisation);
  if (!item.urgency.empty()) {
    text("urgency", "valueString", item.urgency);
  }
  if (!item.offered.empty()) {
    to.open('{');
    to.text("url", "offered");
    write_reference(to, "valueReference", item.offered);
    to.close('}');
  }
  if (item.wake) {
    text("wake", "valueInstant", to_instant(*item.wake));
  }
  if (item.step > 0) {
    number("step", item.step);
  }
  if (item.reopened > 0) {
    number("reopened", item.reopened);
  }
  to.close(']');
  to.close('}');
}

void write_state(JsonWriter& to, const Definition& definition, const views::Item& item) {
  to.open("businessStatus", '{');
  to.open("coding", '[');
  write_coding(to, fmt::format("{}{}", views::pathway_state_prefix, item.pathway), item.state);
  to.close(']');
  const State* const state = definition.state(item.state);
  to.text("text", state != nullptr ? state->title : item.state);
  to.close('}');
}

void write_restriction(JsonWriter& to, const views::Item& item) {
  if (!item.due && item.overseers.empty()) {
    return;
  }
  to.open("restriction", '{');
  if (item.due) {
    to.open("period", '{');
    to.text("end", to_instant(*item.due));
    to.close('}');
  }
  if (!item.overseers.empty()) {
    to.open("recipient", '[');
    for (const views::Owner& one : item.overseers) {
      to.open('{');
      write_inside(to, one);
      to.close('}');
    }
    to.close(']');
  }
  to.close('}');
}

/// Members that say what the item is; the extension apart.
constexpr std::array<std::string_view, 8> kept_by_item{
    "for",   "status",       "businessStatus", "priority",
    "owner", "lastModified", "restriction",    "statusReason"};

/// All extensions that are not ours, then ours.
void write_extensions(JsonWriter& to, std::optional<fhir::JsonValue> there,
                      const views::Item& item) {
  to.open("extension", '[');
  if (there) {
    for (const fhir::JsonValue one : there->children()) {
      const auto url = one.find("url");
      if (!url || !url->equals(views::item_extension)) {
        to.raw(one.raw());
      }
    }
  }
  write_extension(to, item);
  to.close(']');
}

void write_state_members(JsonWriter& to, const Definition& definition, const views::Item& item,
                         Time now) {
  to.text("status", item.status);
  write_state(to, definition, item);
  if (!item.priority.empty()) {
    to.text("priority", item.priority);
  }
  if (!item.patient.empty()) {
    write_reference(to, "for", item.patient);
  }
  to.text("lastModified", to_instant(now));
  write_reference(to, "owner", item.owner);
  write_restriction(to, item);
}

void write_reason(JsonWriter& to, std::string_view why) {
  if (!why.empty()) {
    to.open("statusReason", '{');
    to.text("text", why);
    to.close('}');
  }
}

/// Elements of `list`, those of the system or the others.
Bytes elements(std::optional<fhir::JsonValue> list, std::string_view system, bool of_system) {
  Bytes all;
  if (list && list->is_array()) {
    for (const fhir::JsonValue one : list->children()) {
      if (is_in_system(one, system) == of_system) {
        all.append(all.empty() ? "" : ",").append(one.raw());
      }
    }
  }
  return all;
}

void write_list(JsonWriter& to, std::string_view key, Bytes there, const Bytes& added) {
  there.append(there.empty() || added.empty() ? "" : ",").append(added);
  if (!there.empty()) {
    to.raw(key, "[" + there + "]");
  }
}

}  // namespace

bool is_in_system(fhir::JsonValue element, std::string_view system) {
  const auto type = element.find("type");
  const auto coding = type ? type->find("coding") : std::nullopt;
  if (coding) {
    for (const fhir::JsonValue one : coding->children()) {
      if (const auto of = one.find("system"); of && of->equals(system)) {
        return true;
      }
    }
  }
  return false;
}

Bytes inputs_in(fhir::JsonValue task, std::string_view system) {
  return elements(task.find("input"), system, true);
}

Bytes task_of(const Definition& definition, const views::Item& item, const Wording& wording,
              Time now) {
  JsonWriter to(1024);
  to.open('{');
  to.text("resourceType", "Task");
  write_extensions(to, {}, item);
  if (!item.parent.empty()) {
    to.open("partOf", '[');
    to.open('{');
    to.text("reference", item.parent);
    to.close('}');
    to.close(']');
  }
  to.text("intent", "order");
  to.open("code", '{');
  to.open("coding", '[');
  write_coding(to, views::pathway_system, item.pathway);
  write_coding(to, "http://hl7.org/fhir/CodeSystem/task-code", "fulfill");
  to.close(']');
  to.text("text", definition.title);
  to.close('}');
  if (!wording.description.empty()) {
    to.text("description", wording.description);
  }
  if (!item.focus.empty()) {
    write_reference(to, "focus", item.focus);
  }
  to.text("authoredOn", to_instant(item.opened));
  if (!wording.requester.empty()) {
    to.raw("requester", wording.requester);
  }
  write_reason(to, wording.reason);
  if (!wording.more.empty()) {
    to.raw(wording.more);
  }
  write_state_members(to, definition, item, now);
  to.close('}');
  return to.take();
}

Bytes changed_task(fhir::JsonValue task, const Definition& definition, const views::Item& item,
                   std::string_view why, const Beside& beside, Time now) {
  JsonWriter to(task.raw().size() + 256);
  std::string scratch;
  to.open('{');
  for (const fhir::JsonValue member : task.children()) {
    const std::string_view key = member.key(scratch);
    const bool replaced = std::ranges::find(kept_by_item, key) != kept_by_item.end() &&
                          (key != "statusReason" || !why.empty());
    const bool added_to =
        (key == "input" && beside.inputs) || (key == "output" && !beside.output.empty());
    if (key != "extension" && !replaced && !added_to) {
      to.raw(key, member.raw());
    }
  }
  if (beside.inputs) {
    write_list(to, "input", elements(task.find("input"), beside.system, false), *beside.inputs);
  }
  if (!beside.output.empty()) {
    const auto outputs = task.find("output");
    Bytes there = elements(outputs, blood_system, true);
    Bytes others = elements(outputs, blood_system, false);
    others.append(others.empty() || there.empty() ? "" : ",").append(there);
    write_list(to, "output", std::move(others), beside.output);
  }
  write_extensions(to, task.find("extension"), item);
  write_reason(to, why);
  write_state_members(to, definition, item, now);
  to.close('}');
  return to.take();
}

}  // namespace holdfast::pathway
