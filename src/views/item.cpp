#include "views/item.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.h"

namespace holdfast::views {
namespace {

constexpr std::array<std::string_view, 5> final_statuses{"rejected", "cancelled", "failed",
                                                         "completed", "entered-in-error"};

std::string text_at(const std::optional<fhir::JsonValue>& value) {
  return value && value->is_string() ? value->text() : std::string();
}

std::string text_at(fhir::JsonValue object, std::string_view key) {
  return text_at(object.find(key));
}

std::optional<std::uint32_t> number_of(fhir::JsonValue value) {
  const BytesView raw = value.raw();
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  return error == std::errc() && end == raw.data() + raw.size() ? std::optional(number)
                                                                : std::nullopt;
}

std::optional<Time> time_of(const std::string& text) {
  const auto range = parse_date_time(text);
  return range ? std::optional(range->from) : std::nullopt;
}

/// The code of a CodeableConcept in a system that begins so; the rest of the system in `rest`.
std::string code_in(fhir::JsonValue task, std::string_view element, std::string_view system,
                    std::string* rest = nullptr) {
  const auto concept_value = task.find(element);
  const auto coding = concept_value ? concept_value->find("coding") : std::nullopt;
  if (!coding) {
    return {};
  }
  for (const fhir::JsonValue one : coding->children()) {
    const std::string in = text_at(one, "system");
    if (rest == nullptr ? in == system : in.starts_with(system)) {
      if (rest != nullptr) {
        *rest = in.substr(system.size());
      }
      return text_at(one, "code");
    }
  }
  return {};
}

std::string reference_at(fhir::JsonValue task, std::string_view key) {
  const auto reference = task.find(key);
  return reference ? text_at(*reference, "reference") : std::string();
}

std::optional<fhir::JsonValue> extension_of(fhir::JsonValue task) {
  const auto extensions = task.find("extension");
  if (!extensions) {
    return {};
  }
  for (const fhir::JsonValue one : extensions->children()) {
    if (const auto url = one.find("url"); url && url->equals(item_extension)) {
      return one;
    }
  }
  return {};
}

bool read_extension(fhir::JsonValue extension, Item& item) {
  const auto parts = extension.find("extension");
  if (!parts) {
    return false;
  }
  for (const fhir::JsonValue part : parts->children()) {
    const std::string url = text_at(part, "url");
    if (url == "urgency") {
      item.urgency = text_at(part, "valueString");
    } else if (url == "organisation") {
      item.organisation = text_at(part, "valueString");
    } else if (url == "offered") {
      const auto to = part.find("valueReference");
      item.offered = to ? owner_of(*to) : Owner();
      if (item.offered.empty()) {
        return false;
      }
    } else if (url == "wake") {
      item.wake = time_of(text_at(part, "valueInstant"));
    } else if (const auto number = part.find("valueUnsignedInt")) {
      const auto value = number_of(*number);
      if (!value) {
        return false;
      }
      if (url == "definition") {
        item.definition = *value;
      } else if (url == "step") {
        item.step = *value;
      } else if (url == "reopened") {
        item.reopened = *value;
      }
    }
  }
  return item.definition > 0 && !item.organisation.empty();
}

void read_restriction(fhir::JsonValue task, Item& item) {
  const auto restriction = task.find("restriction");
  if (!restriction) {
    return;
  }
  if (const auto period = restriction->find("period")) {
    item.due = time_of(text_at(*period, "end"));
  }
  if (const auto recipients = restriction->find("recipient")) {
    for (const fhir::JsonValue one : recipients->children()) {
      item.overseers.push_back(owner_of(one));
    }
  }
}

}  // namespace

bool is_final_status(std::string_view status) {
  return std::ranges::find(final_statuses, status) != final_statuses.end();
}

bool Item::is_open() const { return !is_final_status(status); }

Owner owner_of(fhir::JsonValue reference) {
  if (std::string text = text_at(reference, "reference"); !text.empty()) {
    return text;
  }
  const auto identifier = reference.find("identifier");
  if (identifier && text_at(*identifier, "system") == team_system) {
    return "team:" + text_at(*identifier, "value");
  }
  return {};
}

Result<std::optional<Item>> read_item(fhir::JsonValue task, std::string_view id) {
  const auto extension = extension_of(task);
  if (!extension) {
    return std::nullopt;
  }
  Item item;
  item.id = id;
  std::string of;
  item.pathway = code_in(task, "code", pathway_system);
  item.state = code_in(task, "businessStatus", pathway_state_prefix, &of);
  item.status = text_at(task, "status");
  item.priority = text_at(task, "priority");
  item.focus = reference_at(task, "focus");
  item.patient = reference_at(task, "for");
  if (const auto owner = task.find("owner")) {
    item.owner = owner_of(*owner);
  }
  if (const auto parents = task.find("partOf"); parents && parents->size() > 0) {
    item.parent = text_at(*parents->children().begin(), "reference");
  }
  const auto opened = time_of(text_at(task, "authoredOn"));
  read_restriction(task, item);
  if (!read_extension(*extension, item) || !opened || item.pathway.empty() || item.state.empty() ||
      of != item.pathway || item.status.empty() || item.owner.empty()) {
    return fail(
        Code::structure,
        fmt::format("Task/{} has the extension {} of an item, but not the pathway, state, "
                    "owner, authoredOn or organisation that every item has, or an `offered` "
                    "that names nobody",
                    id, item_extension));
  }
  item.opened = *opened;
  return item;
}

}  // namespace holdfast::views
