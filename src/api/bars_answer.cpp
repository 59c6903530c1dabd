#include "api/bars_answer.h"

#include <utility>

#include <fmt/format.h>

#include "api/outcome.h"
#include "fhir/json_writer.h"

namespace holdfast::api::bars {
namespace {

void write_reference(fhir::JsonWriter& to, std::string_view key, std::string_view reference) {
  to.open(key, '{');
  to.text("reference", reference);
  to.close('}');
}

/// One Coding of the message's event, in a list.
void write_coding(fhir::JsonWriter& to, std::string_view system, std::string_view code) {
  to.open('{');
  to.text("system", system);
  to.text("code", code);
  to.close('}');
}

void write_event(fhir::JsonWriter& to, std::string_view key, Event event) {
  to.open(key, '[');
  write_coding(to, event_system, code_of(event));
  to.close(']');
}

/// A list of one Reference.
void write_only_reference(fhir::JsonWriter& to, std::string_view key, std::string_view reference) {
  to.open(key, '[');
  to.open('{');
  to.text("reference", reference);
  to.close('}');
  to.close(']');
}

void write_uri_identifier(fhir::JsonWriter& to, std::string_view value) {
  to.open("identifier", '{');
  to.text("system", "urn:ietf:rfc:3986");
  to.text("value", value);
  to.close('}');
}

// RFC 9562 version 8: a name-based UUID of our own.
std::string uuid_of(const IdempotencyKey& key, std::string_view what) {
  std::string hex = to_hex(sha256({key.view(), what}).view().substr(0, 16));
  hex[12] = '8';
  hex[16] = 'a';
  const std::string_view all = hex;
  return fmt::format("{}-{}-{}-{}-{}", all.substr(0, 8), all.substr(8, 4), all.substr(12, 4),
                     all.substr(16, 4), all.substr(20));
}

struct Verdict {
  std::string_view code;      ///< https://hl7.org/fhir/R4/valueset-response-code.html
  std::string_view full_url;  ///< of the second entry
  BytesView resource;         ///< the same: the focus, or an OperationOutcome
};

void write_header(fhir::JsonWriter& to, const Said& said, const Verdict& result) {
  const Head& head = said.head;
  to.open('{');
  to.text("resourceType", "MessageHeader");
  to.text("id", uuid_of(said.key, "header"));
  to.open("eventCoding", '{');
  to.text("system", event_system);
  to.text("code", answer_code(head.event));
  to.close('}');
  to.open("destination", '[');
  to.open('{');
  if (!head.sender_name.empty()) {
    to.text("name", head.sender_name);
  }
  to.text("endpoint", head.sender);
  to.close('}');
  to.close(']');
  to.open("source", '{');
  to.text("name", "Holdfast");
  to.text("endpoint", !head.receiver.empty() ? std::string_view(head.receiver)
                      : !said.base.empty()   ? said.base
                                             : std::string_view("urn:holdfast"));
  to.close('}');
  const bool good = result.code == "ok";
  to.open("response", '{');
  to.text("identifier", head.id);
  to.text("code", result.code);
  if (!good) {
    write_reference(to, "details", result.full_url);
  }
  to.close('}');
  if (good) {
    write_only_reference(to, "focus", result.full_url);
  }
  to.close('}');
}

Bytes write_answer(const Said& said, const Verdict& result) {
  fhir::JsonWriter to(result.resource.size() + 1024);
  to.open('{');
  to.text("resourceType", "Bundle");
  to.text("id", uuid_of(said.key, "bundle"));
  write_uri_identifier(to, fmt::format("urn:uuid:{}", uuid_of(said.key, "bundle")));
  to.text("type", "message");
  to.text("timestamp", to_instant(said.time));
  to.open("entry", '[');
  to.open('{');
  to.text("fullUrl", fmt::format("urn:uuid:{}", uuid_of(said.key, "header")));
  to.raw("resource", [&] {
    fhir::JsonWriter header(768);
    write_header(header, said, result);
    return header.take();
  }());
  to.close('}');
  to.open('{');
  to.text("fullUrl", result.full_url);
  to.raw("resource", result.resource);
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

}  // namespace

Bytes evidence_body(const Head& head, std::string_view media_type, BytesView message) {
  fhir::JsonWriter to(message.size() * 4 / 3 + 1024);
  to.open('{');
  to.text("resourceType", "Binary");
  to.open("meta", '{');
  write_event(to, "tag", head.event);
  to.close('}');
  to.text("contentType", media_type);
  to.text("data", to_base64(message));
  to.close('}');
  return to.take();
}

Bytes provenance_body(const Head& head, std::string_view focus, std::string_view evidence,
                      Time now) {
  fhir::JsonWriter to(768);
  to.open('{');
  to.text("resourceType", "Provenance");
  write_only_reference(to, "target", focus);
  to.text("recorded", to_instant(now));
  to.open("activity", '{');
  to.open("coding", '[');
  write_coding(to, event_system, code_of(head.event));
  if (head.reason != Reason::none) {
    write_coding(to, reason_system, code_of(head.reason));
  }
  to.close(']');
  to.close('}');
  to.open("agent", '[');
  to.open('{');
  to.open("who", '{');
  write_uri_identifier(to, head.sender);
  if (!head.sender_name.empty()) {
    to.text("display", head.sender_name);
  }
  to.close('}');
  to.close('}');
  to.close(']');
  to.open("entity", '[');
  to.open('{');
  to.text("role", "source");
  to.open("what", '{');
  to.text("reference", evidence);
  to.text("display", fmt::format("message {}", head.id));
  to.close('}');
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

IdempotencyKey message_key(const Principal& principal, const Head& head) {
  // NUL keeps it apart from keys that clients give, and sender and id from each other.
  std::string name("message");
  name.push_back('\0');
  name.append(head.sender);
  name.push_back('\0');
  name.append(head.id);
  return idempotency_key(principal, name);
}

Bytes accepted(const Said& said, std::string_view focus, BytesView resource) {
  const std::string full_url = said.base.empty()
                                   ? fmt::format("urn:uuid:{}", uuid_of(said.key, "focus"))
                                   : fmt::format("{}/{}", said.base, focus);
  return write_answer(said, {"ok", full_url, resource});
}

Reply refused(const Said& said, Reply refusal) {
  const std::string full_url = fmt::format("urn:uuid:{}", uuid_of(said.key, "details"));
  const Bytes outcome = refusal.body.joined();
  refusal.body = write_answer(
      said, {refusal.status >= 500 ? "transient-error" : "fatal-error", full_url, outcome});
  return refusal;
}

}  // namespace holdfast::api::bars
