#include "evidence/entry.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "hl7v2/message.h"
#include "node/fold.h"

namespace holdfast::evidence {
namespace {

void write_message(fhir::JsonWriter& json, const Command& command) {
  const Message& message = *command.message;
  json.open("message", '{');
  json.text("sender", clean(message.neighbour));
  json.text("controlId", clean(message.control_id));
  if (const std::string type = message_type(message); !type.empty()) {
    json.text("type", type);
  }
  json.text("disposition", word(message.disposition));
  json.number("attempt", message.attempt);
  json.text("binary", fmt::format("Binary/{}", clean(message.evidence)));
  json.number("bytes", message.bytes.size());
  json.close('}');
}

void write_operation(fhir::JsonWriter& json, const Operation& operation,
                     const OperationResult& result) {
  json.open('{');
  json.text("verb", word(operation.verb));
  json.text("result", word(result.status));
  if (!result.id.empty()) {
    json.text("resource", clean(fmt::format("{}/{}", operation.type, result.id)));
    json.number("version", result.version.value);
  } else {
    json.text("type", clean(operation.type));
  }
  if (operation.if_match) {
    json.number("ifMatch", operation.if_match->value);
  }
  if (!operation.condition.empty()) {
    json.text("condition", clean(operation.condition));
  }
  if (const std::string state = member_text(operation, "status"); !state.empty()) {
    json.text("state", state);
  }
  json.close('}');
}

void write_owed(fhir::JsonWriter& json, const Said& said) {
  json.open("owed", '[');
  for (const MadeDuty& made : duties_of(said.command, said.outcome)) {
    const Delivery& delivery = *made.delivery;
    json.open('{');
    json.text("channel", clean(std::string(made.channel)));
    json.number("number", made.index);
    if (made.provided) {
      json.text("provider", word(*made.provided));
    }
    if (delivery.operation && *delivery.operation < said.outcome.results.size()) {
      const OperationResult& result = said.outcome.results[*delivery.operation];
      const std::string& type = said.command.operations[*delivery.operation].type;
      json.text("resource", clean(fmt::format("{}/{}", type, result.id)));
      json.number("version", result.version.value);
    } else {
      json.text("resource", clean(fmt::format("{}/{}", delivery.type, delivery.id)));
    }
    json.close('}');
  }
  json.close(']');
}

void write_settled(fhir::JsonWriter& json, const Command& command) {
  json.open("settled", '[');
  for (const Settlement& one : command.settlements) {
    json.open('{');
    json.text("channel", clean(one.channel));
    json.number("entry", one.duty.position.value);
    json.number("number", one.duty.index);
    json.text("how", word(one.settled));
    if (one.sent != Hash{}) {
      json.text("sent", to_hex(one.sent.view()));
    }
    if (!one.answer.empty()) {
      json.text("answer", clean(one.answer));
    }
    json.close('}');
  }
  json.close(']');
}

/// What decide made beside the operations: items.
void write_made(fhir::JsonWriter& json, const Outcome& outcome) {
  json.open("made", '[');
  for (const Made& made : outcome.made) {
    if (made.operation) {
      continue;  // its version is that of the operation
    }
    json.open('{');
    json.text("resource", clean(fmt::format("{}/{}", made.type, made.id)));
    json.number("version", made.version.value);
    json.close('}');
  }
  json.close(']');
}

void write_said(fhir::JsonWriter& json, const Said& said) {
  const Command& command = said.command;
  json.text("who", clean(command.principal.name));
  json.text("purpose", clean(command.purpose));
  json.text("channel", clean(command.channel));
  json.text("request", to_hex(command.request_hash.view()));
  if (command.message) {
    write_message(json, command);
  }
  json.open("operations", '[');
  for (std::size_t i = 0; i < said.outcome.results.size(); ++i) {
    write_operation(json, command.operations[i], said.outcome.results[i]);
  }
  json.close(']');
  if (!said.outcome.made.empty()) {
    write_made(json, said.outcome);
  }
  if (!said.outcome.owed.empty()) {
    write_owed(json, said);
  }
  if (!command.settlements.empty()) {
    write_settled(json, command);
  }
}

}  // namespace

Result<Entry> read_entry(journal::Record record) {
  Entry entry;
  const bool is_command = static_cast<EntryKind>(record.header.kind) == EntryKind::command;
  if (is_command && record.redacted == journal::Redacted::none) {
    TRY(auto said, node::decode_entry(record));
    entry.said = Said{std::move(said.first), std::move(said.second)};
  }
  entry.record = std::move(record);
  return entry;
}

Bytes entry_line(const Entry& entry, const journal::Proof& proof) {
  const journal::Record& record = entry.record;
  fhir::JsonWriter json(1024 + record.raw.size() * 4 / 3);
  json.open('{');
  json.number("position", record.header.position.value);
  json.text("time", to_instant(record.header.time));
  json.text("kind", word(static_cast<EntryKind>(record.header.kind)));
  if (record.redacted != journal::Redacted::none) {
    json.text("redacted", word(record.redacted));
  }
  if (entry.said) {
    write_said(json, *entry.said);
  }
  json.text("hash", to_hex(record.header.hash.view()));
  json.open("proof", '[');
  for (const Hash& hash : proof) {
    json.text(to_base64(hash.view()));
  }
  json.close(']');
  Bytes line = json.take();
  line += record_member;
  line += to_base64(record.raw);
  line += line_end;
  return line;
}

std::string_view word(EntryKind kind) {
  switch (kind) {
    case EntryKind::command: return "command";
    case EntryKind::audit: return "audit";
    case EntryKind::dictionary: return "dictionary";
    case EntryKind::definitions: return "definitions";
    case EntryKind::activation: return "activation";
    case EntryKind::pathways: return "pathways";
  }
  return "unknown";
}

std::string_view word(Verb verb) {
  switch (verb) {
    case Verb::create: return "create";
    case Verb::update: return "update";
    case Verb::remove: return "delete";
    case Verb::patch: return "patch";
  }
  return "unknown";
}

std::string_view word(Status status) {
  switch (status) {
    case Status::created: return "created";
    case Status::updated: return "updated";
    case Status::removed: return "deleted";
    case Status::matched: return "matched";
    case Status::absent: return "absent";
  }
  return "unknown";
}

std::string_view word(Disposition disposition) {
  switch (disposition) {
    case Disposition::applied: return "applied";
    case Disposition::faulty: return "faulty";
    case Disposition::refused: return "refused";
  }
  return "unknown";
}

std::string_view word(Settled settled) {
  switch (settled) {
    case Settled::delivered: return "delivered";
    case Settled::held: return "held";
    case Settled::released: return "released";
    case Settled::tried: return "tried";
    case Settled::dead: return "dead";
    case Settled::needless: return "needless";
  }
  return "unknown";
}

std::string_view word(Provided what) {
  switch (what) {
    case Provided::begins: return "begins";
    case Provided::goes_on: return "goes-on";
    case Provided::withdrawn: return "withdrawn";
    case Provided::known: return "known";
    case Provided::nobody: return "nobody";
    case Provided::ends: return "ends";
  }
  return "unknown";
}

std::string_view word(journal::Redacted redacted) {
  switch (redacted) {
    case journal::Redacted::none: return "none";
    case journal::Redacted::command: return "command";
    case journal::Redacted::outcome: return "outcome";
    case journal::Redacted::both: return "both";
  }
  return "unknown";
}

std::string message_type(const Message& message) {
  const auto parsed = hl7v2::Message::parse(message.bytes);
  return parsed ? clean(parsed->header().field(9).repetition(1).raw()) : std::string();
}

std::string clean(std::string_view text) {
  std::string good;
  for (;;) {
    const auto bad = find_bad_utf8(text);
    if (!bad) {
      return good.append(text);
    }
    good.append(text.substr(0, *bad)).append("\xef\xbf\xbd");
    text.remove_prefix(*bad + 1);
  }
}

bool writes(const OperationResult& result) {
  return result.status == Status::created || result.status == Status::updated ||
         result.status == Status::removed;
}

std::string member_text(const Operation& operation, std::string_view member) {
  if (operation.body.empty()) {
    return {};
  }
  thread_local fhir::JsonReader reader;
  const auto json = reader.read(operation.body);
  return json ? clean(fhir::text_member(json->root(), member)) : std::string();
}

}  // namespace holdfast::evidence
