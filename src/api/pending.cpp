// api/pending.cpp: Patient/[id]/$pending and Encounter/[id]/$pending: what was asked for before a
// stay ended and is open still, for whoever discharges and whoever receives the patient. The order
// keeps its owner: to be on this list changes nothing. By pages, in the order of a work-list; the
// header counts the whole list on each of them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "api/discharges.h"
#include "api/interactions.h"
#include "api/item_bundle.h"
#include "api/item_page.h"
#include "api/pending_link.h"
#include "api/stored.h"
#include "base/time.h"
#include "fhir/member.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::string_view pending_extension = "urn:holdfast:pending";
/// Open items of one patient that are looked at; nobody has so many.
constexpr std::size_t items_max = 10'000;

struct Pending {
  views::Item item;
  Stay stay;
};

struct Answer {
  std::string words;
  std::size_t open = 0;  ///< of the patient
  std::vector<Pending> all;
};

Result<std::vector<views::Item>> open_items(const node::Moment& moment,
                                            const std::string& patient) {
  TRY(const auto ids, views::open_items_of(*moment.reader, patient, items_max + 1));
  if (ids.size() > items_max) {
    return fail(Code::too_costly,
                fmt::format("{} has more than {} open items: take them from the work-lists, with "
                            "pending-at-discharge=1",
                            patient, items_max));
  }
  std::vector<views::Item> items;
  for (const std::string& id : ids) {
    TRY(auto item, views::find_item(*moment.reader, id));
    if (item) {
      items.push_back(*std::move(item));
    }
  }
  std::ranges::sort(items, {}, views::place_of);
  return items;
}

/// What the address names, read.
Result<std::pair<fhir::Json, Time>> read_named(const Parts& parts, const Call& call,
                                               const node::Moment& moment) {
  const std::string name = fmt::format("{}/{}", fhir::name(call.match.type), call.match.id);
  TRY(const auto current, views::read_current(*moment.reader, call.match.type, call.match.id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no {}", name));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("{} was deleted", name));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  const Time written = body.header.time;
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(fhir::Json json, reader->read(std::move(body.bytes)));
  return std::pair(std::move(json), written);
}

Result<Answer> of_patient(const Parts& parts, const node::Moment& moment,
                          const std::string& patient) {
  Answer answer;
  TRY(auto items, open_items(moment, patient));
  answer.open = items.size();
  Discharges discharges(parts, moment);
  for (views::Item& item : items) {
    TRY(const Stay* const stay, discharges.ended_behind(item));
    if (stay != nullptr) {
      answer.all.push_back({std::move(item), *stay});
    }
  }
  TRY(const auto* const stays, discharges.stays_of(patient));
  answer.words =
      stays->empty()
          ? fmt::format("{} has not been discharged from a stay.", patient)
          : fmt::format(
                "{} was last discharged at {}. {} of {} open items were there before a "
                "discharge.",
                patient, to_instant(stays->front().until), answer.all.size(), answer.open);
  return answer;
}

Result<Answer> of_encounter(const Parts& parts, const node::Moment& moment, const std::string& id,
                            const std::pair<fhir::Json, Time>& encounter) {
  Answer answer;
  const fhir::JsonValue root = encounter.first.root();
  const std::string status = fhir::text_member(root, "status");
  const auto subject = root.find("subject");
  const std::string patient = subject ? fhir::text_member(*subject, "reference") : std::string();
  const std::string name = "Encounter/" + id;
  if (status == "cancelled" || status == "entered-in-error" || patient.empty()) {
    answer.words = fmt::format("{} is {}: nothing is pending for it.", name,
                               patient.empty() ? "about nobody" : status);
    return answer;
  }
  TRY(auto items, open_items(moment, patient));
  answer.open = items.size();
  Stay stay = stay_of(root, id, encounter.second);
  const bool is_over = status == "finished";
  if (!is_over) {
    stay.until = std::max(parts.clock.wall(), moment.state.time);
  }
  for (views::Item& item : items) {
    if (item.focus != name && (!is_over || item.opened < stay.until)) {
      answer.all.push_back({std::move(item), stay});
    }
  }
  answer.words = is_over
                     ? fmt::format(
                           "{} ended at {}. {} of {} open items of {} were there before "
                           "that.",
                           name, to_instant(stay.until), answer.all.size(), answer.open, patient)
                     : fmt::format(
                           "{} has not ended. If it ended now, {} open items of {} would "
                           "be pending.",
                           name, answer.all.size(), patient);
  return answer;
}

/// All that a page has to go on with; by their order, whether or not the last one shown is there.
std::span<const Pending> behind_place(const Answer& answer,
                                      const std::optional<views::Place>& after) {
  std::span<const Pending> rest(answer.all);
  if (after) {
    const auto at = std::ranges::upper_bound(
        rest, *after, {}, [](const Pending& one) { return views::place_of(one.item); });
    rest = rest.subspan(static_cast<std::size_t>(at - rest.begin()));
  }
  return rest;
}

void write_number(fhir::JsonWriter& json, std::string_view url, std::uint64_t value) {
  json.open('{');
  json.text("url", url);
  json.number("valueUnsignedInt", value);
  json.close('}');
}

void write_reference(fhir::JsonWriter& json, std::string_view url, std::string_view reference) {
  json.open('{');
  json.text("url", url);
  json.open("valueReference", '{');
  json.text("reference", reference);
  json.close('}');
  json.close('}');
}

void write_line(fhir::JsonWriter& json, const Pending& one) {
  json.open('{');
  json.text("url", "item");
  json.open("extension", '[');
  write_reference(json, "task", "Task/" + one.item.id);
  write_reference(json, "stay", "Encounter/" + one.stay.id);
  json.open('{');
  json.text("url", "opened-in-stay");
  json.boolean("valueBoolean",
               one.stay.from <= one.item.opened && one.item.opened < one.stay.until);
  json.close('}');
  json.close(']');
  json.close('}');
}

/// `shown`: those of the page.
void write_header(fhir::JsonWriter& json, const Answer& answer, std::span<const Pending> shown) {
  json.open('{');
  json.open("resource", '{');
  json.text("resourceType", "OperationOutcome");
  json.open("extension", '[');
  json.open('{');
  json.text("url", pending_extension);
  json.open("extension", '[');
  write_number(json, "open", answer.open);
  write_number(json, "pending", answer.all.size());
  write_number(json, "overdue",
               static_cast<std::uint64_t>(std::ranges::count_if(
                   answer.all, [](const Pending& one) { return one.item.is_overdue(); })));
  for (const Pending& one : shown) {
    write_line(json, one);
  }
  json.close(']');
  json.close('}');
  json.close(']');
  json.open("issue", '[');
  write_issue(json, "information", "informational", answer.words);
  json.close(']');
  json.close('}');
  json.open("search", '{');
  json.text("mode", "outcome");
  json.close('}');
  json.close('}');
}

}  // namespace

Result<Reply> pending(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const PendingLink asked, read_pending_link(parts, call));
  TRY(const auto named, read_named(parts, call, moment));
  const bool is_patient = fhir::name(call.match.type) == "Patient";
  TRY(const Answer answer, is_patient ? of_patient(parts, moment, asked.of)
                                      : of_encounter(parts, moment, call.match.id, named));
  const std::span<const Pending> behind = behind_place(answer, asked.after);
  std::vector<views::Place> places;
  for (const Pending& one : behind.first(std::min<std::size_t>(asked.count, behind.size()))) {
    places.push_back(views::place_of(one.item));
  }
  fhir::JsonWriter tasks(places.size() * 1536 + 2);
  TRY(const std::size_t shown, write_tasks(parts, call, moment, places, tasks));
  fhir::JsonWriter json(tasks.size() + shown * 384 + 2048);
  json.open('{');
  json.text("resourceType", "Bundle");
  json.text("type", "searchset");
  json.number("total", answer.all.size());
  const std::string base = base_url(parts.options, call.request);
  const std::string address =
      fmt::format("{}{}{}/$pending", base, base.empty() ? "" : "/", asked.of);
  json.open("link", '[');
  write_link(json, "self", address + self_query(call));
  if (shown > 0 && shown < behind.size()) {
    PendingLink next = asked;
    next.after = places[shown - 1];
    const bool asks_for_xml = call.format == Format::xml && parameter(call, "_format");
    write_link(json, "next",
               fmt::format("{}?{}={}{}", address, item_page, seal(next, parts.node.link_secret()),
                           asks_for_xml ? "&_format=xml" : ""));
  }
  json.close(']');
  json.open("entry", '[');
  write_header(json, answer, behind.first(shown));
  if (shown > 0) {
    json.raw(tasks.take());
  }
  json.close(']');
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json.take();
  return reply;
}

}  // namespace holdfast::api
