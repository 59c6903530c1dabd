#include "exchange/evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "model/channel_words.h"

namespace holdfast::exchange {
namespace {

using fhir::JsonWriter;

constexpr std::int64_t due_ms = 24 * 3'600'000;  // local default

void write_neighbour(JsonWriter& to, std::string_view key, std::string_view neighbour) {
  to.open(key, '{');
  to.open("identifier", '{');
  to.text("system", "urn:holdfast:neighbour");
  to.text("value", neighbour.empty() ? "unknown" : neighbour);
  to.close('}');
  to.close('}');
}

void write_reference(JsonWriter& to, std::string_view key, std::string_view reference) {
  to.open(key, '{');
  to.text("reference", reference);
  to.close('}');
}

void write_code(JsonWriter& to, std::string_view key, std::string_view system,
                std::string_view code, std::string_view text) {
  to.open(key, '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", system);
  to.text("code", code);
  to.close('}');
  to.close(']');
  to.text("text", text);
  to.close('}');
}

constexpr std::size_t sentence_bytes_max = 2000;

/// What strangers wrote into a sentence, as FHIR takes it: UTF-8 without control characters, and
/// not without end. https://hl7.org/fhir/R4/datatypes.html#string
std::string printable(std::string_view text) {
  std::string safe(text.substr(0, sentence_bytes_max));
  if (const auto bad = find_bad_utf8(safe)) {
    safe.resize(*bad);
    safe += "…";
  }
  for (char& c : safe) {
    c = static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return safe.find_first_not_of(' ') == std::string::npos ? "without words" : safe;
}

/// Whether a text that a stranger sent can be a code or an identifier: printed, without blanks.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 200 &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string_view code_of(ItemKind kind) {
  switch (kind) {
    case ItemKind::not_mapped: return "not-mapped";
    case ItemKind::not_applied: return "not-applied";
    case ItemKind::same_id: return "same-id";
    case ItemKind::identity_conflict: return "identity-conflict";
    case ItemKind::out_of_sequence: return "out-of-sequence";
    case ItemKind::refused: return "refused";
    case ItemKind::broken_frame: return "broken-frame";
    case ItemKind::batch: return "batch";
    case ItemKind::order_request: return "order-request";
    case ItemKind::wrong_patient: return "wrong-patient";
    case ItemKind::undelivered: return item_undelivered;
    case ItemKind::not_sent: return item_not_sent;
    case ItemKind::channel_down: return "channel-down";
    case ItemKind::no_channel: return "no-channel";
    case ItemKind::feed_quiet: return "feed-quiet";
  }
  return "";
}

std::string_view title_of(ItemKind kind) {
  switch (kind) {
    case ItemKind::not_mapped: return "A message could not be mapped";
    case ItemKind::not_applied: return "A message could not be applied";
    case ItemKind::same_id: return "A message has the id of another one";
    case ItemKind::identity_conflict: return "A message's identifiers contradict the record";
    case ItemKind::out_of_sequence: return "A message came out of its sender's sequence";
    case ItemKind::refused: return "A message was refused";
    case ItemKind::broken_frame: return "A message was cut off on its way";
    case ItemKind::batch: return "A batch does not add up";
    case ItemKind::order_request: return "A change of an order is asked for";
    case ItemKind::wrong_patient: return "A result was of the wrong patient";
    case ItemKind::undelivered: return "A neighbour does not take a message";
    case ItemKind::not_sent: return "A message was not sent";
    case ItemKind::channel_down: return "A neighbour does not answer";
    case ItemKind::no_channel: return "Messages wait for a channel that is not there";
    case ItemKind::feed_quiet: return "A neighbour sends less than usual";
  }
  return "";
}

Bytes binary_body(const About& about) {
  JsonWriter to(256);
  to.open('{');
  to.text("resourceType", "Binary");
  to.text("id", about.evidence);
  to.open("meta", '{');
  to.text("source", fmt::format("urn:holdfast:neighbour:{}",
                                about.neighbour.empty() ? "unknown" : about.neighbour));
  if (is_plain(about.type)) {
    to.open("tag", '[');
    to.open('{');
    to.text("system", message_type_system);
    to.text("code", about.type);
    to.close('}');
    to.close(']');
  }
  to.close('}');
  to.text("contentType", hl7v2_media_type);
  to.close('}');
  return to.take();
}

Bytes provenance_body(const About& about, const std::vector<std::string>& targets,
                      std::string_view occurred) {
  JsonWriter to(512);
  to.open('{');
  to.text("resourceType", "Provenance");
  to.open("target", '[');
  for (const std::string& target : targets) {
    to.open('{');
    to.text("reference", target);
    to.close('}');
  }
  to.close(']');
  if (!occurred.empty()) {
    to.text("occurredDateTime", occurred);
  }
  to.text("recorded", to_instant(about.now));
  const std::size_t caret = about.type.find('^');
  if (const std::string_view event = about.type.substr(std::min(caret, about.type.size() - 1) + 1);
      is_plain(event)) {
    write_code(to, "activity", "http://terminology.hl7.org/CodeSystem/v2-0003", event, about.type);
  }
  to.open("agent", '[');
  to.open('{');
  write_neighbour(to, "who", about.neighbour);
  to.close('}');
  to.close(']');
  to.open("entity", '[');
  to.open('{');
  to.text("role", "source");
  write_reference(to, "what", fmt::format("Binary/{}", about.evidence));
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

Bytes task_body(const ItemFacts& facts, const Item& item) {
  JsonWriter to(768);
  to.open('{');
  to.text("resourceType", "Task");
  if (!facts.identifier_system.empty()) {
    to.open("identifier", '[');
    to.open('{');
    to.text("system", facts.identifier_system);
    to.text("value", facts.identifier);
    to.close('}');
    to.close(']');
  }
  to.text("status", "requested");
  write_code(to, "businessStatus", item_state_system, "open", "Open");
  to.text("intent", "order");
  to.text("priority", item.kind == ItemKind::wrong_patient ? "stat" : "urgent");
  write_code(to, "code", item_system, code_of(item.kind), title_of(item.kind));
  if (!item.control.empty() && is_plain(item.control)) {
    write_code(to, "reasonCode", "http://terminology.hl7.org/CodeSystem/v2-0119", item.control,
               item.control);
  }
  to.text("description", printable(item.what));
  if (!item.order.empty()) {
    to.open("basedOn", '[');
    to.open('{');
    to.text("reference", item.order);
    to.close('}');
    to.close(']');
  }
  if (!facts.focus.empty()) {
    write_reference(to, "focus", facts.focus);
  }
  if (!item.patient.empty()) {
    write_reference(to, "for", item.patient);
  }
  to.text("authoredOn", to_instant(facts.now));
  write_neighbour(to, "requester", facts.neighbour);
  to.open("owner", '{');
  to.open("identifier", '{');
  to.text("system", "urn:holdfast:team");
  to.text("value", facts.owner);
  to.close('}');
  to.close('}');
  to.open("restriction", '{');
  to.open("period", '{');
  to.text("end", to_instant(Time{facts.now.ms + due_ms}));
  to.close('}');
  to.close('}');
  to.close('}');
  return to.take();
}

Bytes task_body(const About& about, const Item& item) {
  const std::string system = fmt::format("urn:holdfast:message-id:{}",
                                         about.neighbour.empty() ? "unknown" : about.neighbour);
  const std::string focus = fmt::format("Binary/{}", about.evidence);
  ItemFacts facts{{}, {}, focus, about.neighbour, about.owner, about.now};
  if (is_plain(about.control_id)) {
    facts.identifier_system = system;
    facts.identifier = about.control_id;
  }
  return task_body(facts, item);
}

}  // namespace holdfast::exchange
