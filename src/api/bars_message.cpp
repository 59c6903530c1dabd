#include "api/bars_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/nhs_number.h"
#include "fhir/check.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "fhir/subset.h"

namespace holdfast::api::bars {
namespace {

using fhir::JsonValue;
using fhir::text_member;

struct EventName {
  std::string_view code;
  Event event;
};
constexpr std::array events{EventName{"servicerequest-request", Event::referral},
                            EventName{"servicerequest-response", Event::referral_answer},
                            EventName{"booking-request", Event::booking},
                            EventName{"booking-response", Event::booking_answer}};

constexpr std::string_view header_place = "Bundle.entry[0].resource";

std::optional<JsonValue> first_of(std::optional<JsonValue> list) {
  return list && list->is_array() && list->size() > 0 ? std::optional(*list->children().begin())
                                                      : std::nullopt;
}

std::string text_in(const std::optional<JsonValue>& object, std::string_view key) {
  return object ? text_member(*object, key) : std::string();
}

Result<Event> read_event(JsonValue header) {
  const auto coding = header.find("eventCoding");
  const std::string system = text_in(coding, "system");
  const std::string code = text_in(coding, "code");
  const auto* known = std::ranges::find(events, code, &EventName::code);
  if (system == event_system && known != events.end()) {
    return known->event;
  }
  const std::string given =
      coding ? fmt::format("{}|{}", system, code) : text_member(header, "eventUri");
  return fail(Code::unsupported,
              fmt::format("the event {} is not taken here, only {}|servicerequest-request, "
                          "servicerequest-response, booking-request and booking-response",
                          given.substr(0, 200), event_system),
              fmt::format("{}.event", header_place));
}

Result<Reason> read_reason(JsonValue header, Event event) {
  const auto reason = header.find("reason");
  const auto codings = reason ? reason->find("coding") : std::nullopt;
  std::string code;
  if (codings) {
    for (const JsonValue coding : codings->children()) {
      if (text_member(coding, "system") == reason_system) {
        code = text_member(coding, "code");
      }
    }
  }
  for (const Reason known : {Reason::fresh, Reason::update, Reason::cancel}) {
    if (code == code_of(known)) {
      return known;
    }
  }
  const bool answers = event == Event::referral_answer || event == Event::booking_answer;
  if (code.empty() && answers) {
    return Reason::none;
  }
  return fail(code.empty() ? Code::required : Code::value,
              fmt::format("a {} says why it is sent: a reason.coding of {} with the code new, "
                          "update or delete{}",
                          code_of(event), reason_system,
                          code.empty() ? std::string() : fmt::format(", not '{}'", code)),
              fmt::format("{}.reason", header_place));
}

/// The MessageHeader, which is first and alone. https://hl7.org/fhir/R4/bundle.html: bdl-12
Result<JsonValue> header_of(JsonValue bundle) {
  const auto entries = bundle.find("entry");
  std::optional<JsonValue> header;
  std::size_t index = 0;
  if (entries) {
    for (const JsonValue entry : entries->children()) {
      const auto resource = entry.find("resource");
      if (text_in(resource, "resourceType") == "MessageHeader") {
        if (header) {
          return fail(Code::structure, "a message has one MessageHeader; here is another",
                      fmt::format("Bundle.entry[{}]", index));
        }
        if (index > 0) {
          return fail(Code::structure, "the MessageHeader is the first entry of its message",
                      fmt::format("Bundle.entry[{}]", index));
        }
        header = resource;
      }
      ++index;
    }
  }
  if (!header) {
    return fail(Code::required, "a message begins with a MessageHeader, and there is none",
                "Bundle.entry");
  }
  return *header;
}

void add_reference(const std::optional<JsonValue>& reference, std::vector<Subject>& to) {
  if (reference && reference->is_object()) {
    const auto identifier = reference->find("identifier");
    to.push_back({text_member(*reference, "reference"),
                  {text_in(identifier, "system"), text_in(identifier, "value")}});
  }
}

std::vector<Subject> based_on(JsonValue resource) {
  std::vector<Subject> all;
  if (const auto listed = resource.find("basedOn"); listed && listed->is_array()) {
    for (const JsonValue one : listed->children()) {
      add_reference(one, all);
    }
  }
  return all;
}

Result<Entry> read_entry(JsonValue entry) {
  const auto resource = entry.find("resource");
  if (!resource) {
    return fail(Code::required, "an entry of a message has a resource", "resource");
  }
  Entry read;
  TRY(read.type, fhir::type_of(*resource));
  if (auto whole = fhir::check_whole(*resource); !whole) {
    whole.error().where = "resource." + whole.error().where;
    return fail(std::move(whole).error());
  }
  read.full_url = text_member(entry, "fullUrl");
  if (read.full_url.empty()) {
    return fail(Code::required, "an entry of a message has a fullUrl, by which others name it",
                "fullUrl");
  }
  read.id = text_member(*resource, "id");
  read.identifiers = identifiers_of(*resource);
  read.subjects = subjects_of(*resource);
  read.based_on = based_on(*resource);
  read.status = text_member(*resource, "status");
  read.body = resource->raw();
  return read;
}

Result<void> check_patient(const Entry& patient, std::size_t entry) {
  if (patient.identifiers.empty()) {
    return fail(Code::required,
                "the Patient has no identifier: send its NHS number, or the number by which you "
                "know it, with its system",
                place_of(entry));
  }
  for (const Identifier& one : patient.identifiers) {
    if (one.system == nhs_number_system && nhs_number(one.value) != one.value) {
      return fail(Code::value,
                  fmt::format("'{}' is no NHS number: ten digits without blanks, the last of which "
                              "checks the others",
                              one.value.substr(0, 40)),
                  place_of(entry) + ".resource.identifier");
    }
  }
  return ok();
}

/// A message is about one patient.
Result<std::size_t> find_patient(const std::vector<Entry>& entries) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (fhir::name(entries[i].type) != "Patient") {
      continue;
    }
    if (found) {
      return fail(Code::structure, "a message is about one patient; here is another Patient",
                  place_of(i));
    }
    found = i;
  }
  if (!found) {
    return fail(Code::required, "the message has no Patient", "Bundle.entry");
  }
  TRY_OK(check_patient(entries[*found], *found));
  return *found;
}

Result<std::size_t> find_focus(const Head& head, const std::vector<Entry>& entries) {
  const std::string where = fmt::format("{}.focus", header_place);
  if (head.focus.empty()) {
    return fail(Code::required, "the MessageHeader has no focus: what is the message about?",
                where);
  }
  const auto found = std::ranges::find_if(
      entries, [&](const Entry& entry) { return entry.is_named_by(head.focus); });
  if (found == entries.end()) {
    return fail(Code::unmatched,
                fmt::format("the focus {} is no entry of the message", head.focus.substr(0, 200)),
                where);
  }
  const std::string_view type = fhir::name(found->type);
  const bool fits = is_booking(head.event) ? type == "Appointment"
                    : head.event == Event::referral
                        ? type == "ServiceRequest"
                        : type == "ServiceRequest" || type == "Task" || type == "Encounter";
  if (!fits) {
    return fail(Code::structure,
                fmt::format("the focus of a {} is {}, not a {}", code_of(head.event),
                            is_booking(head.event)          ? "an Appointment"
                            : head.event == Event::referral ? "a ServiceRequest"
                                                            : "a ServiceRequest, Task or Encounter",
                            type),
                where);
  }
  return static_cast<std::size_t>(found - entries.begin());
}

bool is_over(std::string_view status) {
  return status == "revoked" || status == "entered-in-error" || status == "cancelled";
}

/// Reason and status tell the same.
Result<void> check_status(const Message& message) {
  const Entry& focus = message.entries[message.focus];
  const std::string place = place_of(message.focus) + ".resource.status";
  const bool booking = is_booking(message.head.event);
  if (message.head.reason == Reason::cancel && !is_over(focus.status)) {
    return fail(Code::invariant,
                fmt::format("the reason is delete, but the status is {}: send {} or "
                            "entered-in-error",
                            focus.status, booking ? "cancelled" : "revoked"),
                place);
  }
  if (message.head.reason != Reason::fresh) {
    return ok();
  }
  if (message.head.event == Event::referral && focus.status != "active") {
    return fail(
        Code::invariant,
        fmt::format("a new referral is active, not {}; cancel one by an update", focus.status),
        place);
  }
  if (is_over(focus.status)) {
    return fail(Code::invariant, fmt::format("what is new cannot be {}", focus.status), place);
  }
  return ok();
}

Result<void> check_subject(const Message& message) {
  const Entry& focus = message.entries[message.focus];
  const Entry& patient = message.entries[message.patient];
  // A ServiceRequest that was read here names the Patient as they are called here: whether that is
  // this one, the record says (check_outside).
  const bool named = std::ranges::any_of(focus.subjects, [&](const Subject& one) {
    const auto literal = fhir::parse_literal(one.reference);
    return patient.is_named_by(one.reference) ||
           (literal && fhir::name(literal->type) == "Patient");
  });
  if (!named) {
    return fail(
        Code::invariant,
        fmt::format("the {} is not about the Patient of the message", fhir::name(focus.type)),
        place_of(message.focus));
  }
  return ok();
}

}  // namespace

std::string_view code_of(Reason reason) {
  switch (reason) {
    case Reason::none: return {};
    case Reason::fresh: return "new";
    case Reason::update: return "update";
    case Reason::cancel: return "delete";
  }
  return {};
}

std::string_view code_of(Event event) {
  return std::ranges::find(events, event, &EventName::event)->code;
}

std::string_view answer_code(Event event) {
  return code_of(is_booking(event) ? Event::booking_answer : Event::referral_answer);
}

std::string place_of(std::size_t entry) { return fmt::format("Bundle.entry[{}]", entry + 1); }

std::vector<Subject> subjects_of(JsonValue resource) {
  std::vector<Subject> all;
  for (const std::string_view key : {"subject", "patient", "for"}) {
    add_reference(resource.find(key), all);
  }
  if (const auto participants = resource.find("participant")) {
    for (const JsonValue one : participants->children()) {
      add_reference(one.find("actor"), all);
    }
  }
  return all;
}

std::vector<Identifier> identifiers_of(JsonValue resource) {
  std::vector<Identifier> all;
  const auto listed = resource.find("identifier");
  if (listed && listed->is_array()) {
    for (const JsonValue one : listed->children()) {
      Identifier read{text_member(one, "system"), text_member(one, "value")};
      if (!read.system.empty() && !read.value.empty()) {
        all.push_back(std::move(read));
      }
    }
  }
  return all;
}

bool Entry::is_named_by(std::string_view reference) const {
  if (reference == full_url) {
    return !full_url.empty();
  }
  const auto literal = fhir::parse_literal(reference);
  return literal && literal->type == type && !id.empty() && literal->id == id;
}

Result<Head> read_head(JsonValue bundle) {
  if (text_member(bundle, "resourceType") != "Bundle" || text_member(bundle, "type") != "message") {
    return fail(Code::structure, "$process-message takes a Bundle of type message", "Bundle.type");
  }
  TRY(const JsonValue header, header_of(bundle));
  Head head;
  TRY(head.event, read_event(header));
  TRY(head.reason, read_reason(header, head.event));
  head.id = text_member(header, "id");
  if (head.id.empty()) {
    head.id = text_member(bundle, "id");
  }
  if (head.id.empty()) {
    return fail(Code::required,
                "the message has no id (MessageHeader.id): by it a message that is sent again is "
                "known, and answered",
                fmt::format("{}.id", header_place));
  }
  const auto source = header.find("source");
  head.sender = text_in(source, "endpoint");
  head.sender_name = text_in(source, "name");
  const auto destination = first_of(header.find("destination"));
  head.receiver = text_in(destination, "endpoint");
  head.focus = text_in(first_of(header.find("focus")), "reference");
  return head;
}

Result<Message> read_message(Head head, JsonValue bundle) {
  Message message;
  message.head = std::move(head);
  const auto listed = bundle.find("entry");
  std::size_t index = 0;
  for (const JsonValue entry : listed->children()) {
    if (index++ == 0) {
      continue;  // the MessageHeader
    }
    auto read = read_entry(entry);
    if (!read) {
      Error error = std::move(read).error();
      error.where = fmt::format("{}.{}", place_of(message.entries.size()), error.where);
      return fail(std::move(error));
    }
    message.entries.push_back(*std::move(read));
  }
  TRY(message.focus, find_focus(message.head, message.entries));
  TRY(message.patient, find_patient(message.entries));
  TRY_OK(check_subject(message));
  TRY_OK(check_status(message));
  return message;
}

}  // namespace holdfast::api::bars
