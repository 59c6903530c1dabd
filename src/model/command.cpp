#include "model/command.h"

#include <algorithm>

namespace holdfast {
namespace {

// Two formats, so that what carries no message needs no byte to say so.
constexpr std::uint8_t plain_format = 1;
constexpr std::uint8_t message_format = 2;
// An operation takes at least this many bytes: bounds what a lying count can make us reserve.
constexpr std::size_t operation_bytes_min = 7;

enum class Has : std::uint8_t { nothing = 0, if_match = 1 };

void append_operation(Bytes& to, const Operation& operation) {
  to.push_back(static_cast<char>(operation.verb));
  to.push_back(static_cast<char>(operation.if_match ? Has::if_match : Has::nothing));
  if (operation.if_match) {
    append_varint(to, operation.if_match->value);
  }
  append_text(to, operation.type);
  append_text(to, operation.id);
  append_text(to, operation.condition);
  append_text(to, operation.full_url);
  append_text(to, operation.body);
  if (operation.verb == Verb::patch) {
    to.push_back(static_cast<char>(operation.patch_form));
    append_text(to, operation.patch);
  }
}

bool read_operation(ByteReader& reader, Operation& operation) {
  const auto verb = reader.little<std::uint8_t>();
  if (verb < 1 || verb > 4) {
    return false;
  }
  operation.verb = static_cast<Verb>(verb);
  const auto has = reader.little<std::uint8_t>();
  if (has > 1) {
    return false;
  }
  if (has == 1) {
    operation.if_match = Version{reader.varint()};
  }
  operation.type = reader.text();
  operation.id = reader.text();
  operation.condition = reader.text();
  operation.full_url = reader.text();
  operation.body = reader.text();
  if (operation.verb == Verb::patch) {
    const auto form = reader.little<std::uint8_t>();
    if (form < 1 || form > 5 || has == 0) {
      return false;
    }
    operation.patch_form = static_cast<PatchForm>(form);
    operation.patch = reader.text();
  }
  return !reader.failed();
}

void append_message(Bytes& to, const Message& message) {
  to.push_back(static_cast<char>(message.disposition));
  append_varint(to, message.attempt);
  append_varint(to, message.others);
  append_text(to, message.neighbour);
  append_text(to, message.control_id);
  append_text(to, message.evidence);
  append_text(to, message.bytes);
  append_text(to, message.report);
}

bool read_message(ByteReader& reader, Message& message) {
  const auto disposition = reader.little<std::uint8_t>();
  const std::uint64_t attempt = reader.varint();
  const std::uint64_t others = reader.varint();
  if (disposition < 1 || disposition > 3 || attempt < 1 || attempt > UINT32_MAX ||
      others > UINT32_MAX) {
    return false;
  }
  message.disposition = static_cast<Disposition>(disposition);
  message.attempt = static_cast<std::uint32_t>(attempt);
  message.others = static_cast<std::uint32_t>(others);
  message.neighbour = reader.text();
  message.control_id = reader.text();
  message.evidence = reader.text();
  message.bytes = reader.text();
  message.report = reader.text();
  return !reader.failed();
}

}  // namespace

IdempotencyKey idempotency_key(const Principal& principal, std::string_view given) {
  Bytes text;
  append_text(text, principal.name);
  append_text(text, given);
  const Hash hash = sha256(text);
  IdempotencyKey key;
  std::copy_n(hash.view().begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

Bytes encode(const Command& command) {
  std::size_t size = 128;
  if (command.message) {
    size += command.message->bytes.size() + command.message->report.size() + 128;
  }
  for (const Operation& operation : command.operations) {
    size += operation.body.size() + operation.patch.size() + operation.full_url.size() +
            operation.condition.size() + 96;
  }
  Bytes bytes;
  bytes.reserve(size);
  bytes.push_back(static_cast<char>(command.message ? message_format : plain_format));
  bytes.append(command.key.view());
  bytes.push_back(static_cast<char>(command.key_origin));
  bytes.append(command.request_hash.view());
  append_text(bytes, command.principal.name);
  append_text(bytes, command.purpose);
  append_text(bytes, command.channel);
  append_varint(bytes, command.operations.size());
  for (const Operation& operation : command.operations) {
    append_operation(bytes, operation);
  }
  if (command.message) {
    append_message(bytes, *command.message);
  }
  return bytes;
}

Result<Command> decode_command(BytesView bytes) {
  ByteReader reader(bytes);
  const auto format = reader.little<std::uint8_t>();
  if (format != plain_format && format != message_format) {
    return fail(Code::corrupt, "command: unknown format number");
  }
  Command command;
  const BytesView key = reader.bytes(command.key.bytes.size());
  const auto origin = reader.little<std::uint8_t>();
  const BytesView request_hash = reader.bytes(sizeof(Hash::bytes));
  command.principal.name = reader.text();
  command.purpose = reader.text();
  command.channel = reader.text();
  const std::uint64_t count = reader.varint();
  if (reader.failed() || origin > 1 || count > reader.rest().size() / operation_bytes_min) {
    return fail(Code::corrupt, "command: shorter than its own lengths say");
  }
  std::copy(key.begin(), key.end(), command.key.bytes.begin());
  command.key_origin = static_cast<KeyOrigin>(origin);
  command.request_hash = Hash::from(request_hash);
  command.operations.resize(count);
  for (Operation& operation : command.operations) {
    if (!read_operation(reader, operation)) {
      return fail(Code::corrupt, "command: an operation cannot be read");
    }
  }
  if (format == message_format && !read_message(reader, command.message.emplace())) {
    return fail(Code::corrupt, "command: its message cannot be read");
  }
  if (reader.failed() || !reader.at_end()) {
    return fail(Code::corrupt, "command: bytes after its end");
  }
  return command;
}

}  // namespace holdfast
