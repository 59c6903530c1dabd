// cli/hospital_day_read.cpp: what the server says is owed: the items of each person of a day, the
// work-lists of their owners, the ledger.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/hospital_day.h"
#include "fhir/member.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view pathway_system = "urn:holdfast:pathway";
constexpr std::string_view message_item_system = "urn:holdfast:message-item";
constexpr std::string_view team_system = "urn:holdfast:team";
/// Of one owner: a record in which more is open than that is not made for a look.
constexpr int pages_max = 200;

std::string reference_of(fhir::JsonValue resource, std::string_view key) {
  const auto member = resource.find(key);
  return member ? fhir::text_member(*member, "reference") : std::string();
}

std::string owner_of(fhir::JsonValue task) {
  const auto owner = task.find("owner");
  if (!owner) {
    return {};
  }
  const auto identifier = owner->find("identifier");
  if (identifier && fhir::text_member(*identifier, "system") == team_system) {
    return "team:" + fhir::text_member(*identifier, "value");
  }
  return fhir::text_member(*owner, "reference");
}

/// The first code that a concept has in that system.
std::string code_in(fhir::JsonValue resource, std::string_view key, std::string_view system) {
  const auto concept_there = resource.find(key);
  const auto codings = concept_there ? concept_there->find("coding") : std::nullopt;
  if (codings) {
    for (const fhir::JsonValue coding : codings->children()) {
      if (fhir::text_member(coding, "system").starts_with(system)) {
        return fhir::text_member(coding, "code");
      }
    }
  }
  return {};
}

std::string number_of(fhir::JsonValue resource) {
  const auto identifiers = resource.find("identifier");
  if (identifiers && identifiers->is_array()) {
    for (const fhir::JsonValue one : identifiers->children()) {
      if (fhir::text_member(one, "system") == day::number_system) {
        return fhir::text_member(one, "value");
      }
    }
  }
  return {};
}

bool is_final(std::string_view status) {
  return status == "completed" || status == "cancelled" || status == "failed" ||
         status == "rejected" || status == "entered-in-error";
}

/// Nothing for a Task that is no item.
std::optional<day::Found> item_of(fhir::JsonValue task, const std::string& patient) {
  day::Found item;
  item.id = fhir::text_member(task, "id");
  item.patient = patient;
  item.owner = owner_of(task);
  item.priority = fhir::text_member(task, "priority");
  item.open = !is_final(fhir::text_member(task, "status"));
  item.key.pathway = code_in(task, "code", pathway_system);
  item.state = code_in(task, "businessStatus", pathway_system);
  if (item.key.pathway.empty()) {  // about a message: it has no state but open and closed
    item.key.pathway = code_in(task, "code", message_item_system);
    item.key.focus = patient;
    item.state = item.open ? "open" : "closed";
  } else if (item.key.pathway == "message") {  // about such a Task
    item.key.focus = patient;
  }
  return item.key.pathway.empty() ? std::nullopt : std::optional(std::move(item));
}

/// Where the next page is, without scheme, authority and "/fhir"; empty: this was the last.
std::string next_of(fhir::JsonValue bundle) {
  if (const auto links = bundle.find("link")) {
    for (const fhir::JsonValue link : links->children()) {
      const std::string url = fhir::text_member(link, "url");
      const std::size_t path = url.find("/fhir/");
      if (fhir::text_member(link, "relation") == "next" && path != std::string::npos) {
        return url.substr(path + 5);
      }
    }
  }
  return {};
}

void take_page(fhir::JsonValue bundle, const std::string& patient, std::vector<day::Found>& items) {
  const auto entries = bundle.find("entry");
  if (!entries) {
    return;
  }
  std::map<std::string, std::string> numbers;
  for (const fhir::JsonValue entry : entries->children()) {
    if (const auto resource = entry.find("resource")) {
      numbers.emplace(fmt::format("{}/{}", fhir::text_member(*resource, "resourceType"),
                                  fhir::text_member(*resource, "id")),
                      number_of(*resource));
    }
  }
  for (const fhir::JsonValue entry : entries->children()) {
    const auto resource = entry.find("resource");
    if (!resource || fhir::text_member(*resource, "resourceType") != "Task") {
      continue;
    }
    if (auto item = item_of(*resource, patient)) {
      if (item->key.focus.empty()) {
        item->key.focus = numbers[reference_of(*resource, "focus")];
      }
      items.push_back(*std::move(item));
    }
  }
}

}  // namespace

Task<Result<std::vector<day::Found>>> HospitalDay::items_of(std::string patient) {
  std::vector<day::Found> items;
  std::string target =
      fmt::format("/Task?patient.identifier={}%7C{}&_include=Task:focus&_count=500",
                  day::number_system, patient);
  while (!target.empty()) {
    CO_TRY(const auto page, co_await get(target));
    take_page(page.root(), patient, items);
    target = next_of(page.root());
  }
  co_return items;
}

Task<Result<std::vector<day::Found>>> HospitalDay::read_items(
    const std::vector<std::string>& patients) {
  std::vector<day::Found> all;
  for (const std::string& patient : patients) {
    CO_TRY(auto items, co_await items_of(patient));
    std::ranges::move(items, std::back_inserter(all));
  }
  co_return all;
}

Task<Result<void>> HospitalDay::read_list(std::string owner, std::vector<day::Found>& items) {
  std::set<std::string> ids;
  std::string target = fmt::format("/Task/$work-list?owner={}&_count=500", owner);
  for (int i = 0; i < pages_max && !target.empty(); ++i) {
    CO_TRY(const auto page, co_await get(target));
    const auto entries = page.root().find("entry");
    if (entries) {
      for (const fhir::JsonValue entry : entries->children()) {
        ids.insert(fhir::text_member(*entry.find("resource"), "id"));
      }
    }
    target = next_of(page.root());
  }
  for (day::Found& item : items) {
    if (ids.contains(item.id)) {
      item.lists.push_back(owner);
    }
  }
  co_return ok();
}

Task<Result<void>> HospitalDay::read_lists(std::vector<day::Found>& items) {
  std::set<std::string> owners;
  for (const day::Found& item : items) {
    if (item.open && !item.owner.empty()) {
      owners.insert(item.owner);
    }
  }
  for (const std::string& owner : owners) {
    CO_TRY_OK(co_await read_list(owner, items));
  }
  co_return ok();
}

Task<Result<std::string>> HospitalDay::read_ledger() {
  CO_TRY(const auto ledger, co_await get("/$ledger?_count=1"));
  std::string fault = "the ledger does not say whether it balances";
  if (const auto all = ledger.root().find("parameter")) {
    for (const fhir::JsonValue one : all->children()) {
      const std::string name = fhir::text_member(one, "name");
      const auto value = one.find("valueBoolean");
      if (name == "balanced" && value && value->raw() == "true") {
        co_return std::string();
      }
      if (name == "fault") {
        fault = fhir::text_member(one, "valueString");
      }
    }
  }
  co_return fault;
}

}  // namespace holdfast::cli
