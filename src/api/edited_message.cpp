#include "api/edited_message.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "hl7v2/message.h"
#include "hl7v2/text.h"

namespace holdfast::api {
namespace {

constexpr std::size_t type_bytes_max = 20;

}  // namespace

Result<std::optional<EditedMessage>> read_edited(const OperationInput& input) {
  if (!input.has("message")) {
    return std::nullopt;
  }
  Bytes message(input.text("message"));
  if (input.type("message") == "Base64Binary") {
    auto bytes = from_base64(message);
    if (!bytes) {
      return fail(Code::value, "message is no base64", "http.message");
    }
    message = *std::move(bytes);
  }
  message = hl7v2::with_returns(message);
  if (!message.ends_with('\r')) {
    message.push_back('\r');
  }
  const auto parsed = hl7v2::Message::parse(message);
  if (!parsed) {
    return fail(Code::value, fmt::format("message is none of HL7 v2: {}", parsed.error().what),
                "http.message");
  }
  if (parsed->fault()) {
    return fail(Code::value, fmt::format("message: {}", parsed->fault()->what), "http.message");
  }
  const auto header = parsed->header();
  if (header.name() != "MSH" || header.field(9).empty() || header.field(10).text().empty()) {
    return fail(Code::value,
                "message: it begins with MSH, and has a type (MSH-9) and an id (MSH-10), which the "
                "answer names",
                "http.message");
  }
  if (message.find('\x0b') != Bytes::npos || message.find('\x1c') != Bytes::npos) {
    return fail(Code::value, "message: VT and FS end it on the wire; leave them out",
                "http.message");
  }
  EditedMessage edited;
  std::string type = fmt::format("{}^{}", header.field(9).component(1).text(),
                                 header.field(9).component(2).text());
  if (type.size() <= type_bytes_max &&
      std::ranges::all_of(type, [](char c) { return c > ' ' && c < 0x7f; })) {
    edited.type = std::move(type);
  }
  edited.bytes = std::move(message);
  return edited;
}

Bytes edited_provenance(const EditedWhy& why, const Principal& author, Time now) {
  fhir::JsonWriter to(512);
  to.open('{');
  to.text("resourceType", "Provenance");
  to.open("target", '[');
  to.open('{');
  to.text("reference", fmt::format("Binary/{}", why.binary));
  to.close('}');
  to.close(']');
  to.text("recorded", to_instant(now));
  if (!why.reason.empty()) {
    to.open("reason", '[');
    to.open('{');
    to.text("text", why.reason);
    to.close('}');
    to.close(']');
  }
  to.open("agent", '[');
  to.open('{');
  to.open("who", '{');
  to.open("identifier", '{');
  to.text("system", "urn:holdfast:principal");
  to.text("value", author.name);
  to.close('}');
  to.close('}');
  to.close('}');
  to.close(']');
  to.open("entity", '[');
  for (const auto& [role, what] : {std::pair{"revision", std::string(why.of)},
                                   std::pair{"source", fmt::format("Task/{}", why.task)}}) {
    to.open('{');
    to.text("role", role);
    to.open("what", '{');
    to.text("reference", what);
    to.close('}');
    to.close('}');
  }
  to.close(']');
  to.close('}');
  return to.take();
}

}  // namespace holdfast::api
