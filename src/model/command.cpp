#include "model/command.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast {
namespace {

// Several formats, so that what has nothing to do with neighbours needs no byte to say so.
constexpr std::uint8_t plain_format = 1;
constexpr std::uint8_t message_format = 2;
constexpr std::uint8_t delivery_format = 3;
constexpr std::uint8_t tick_format = 4;      // nothing but that time has passed
constexpr std::uint8_t provider_format = 5;  // as delivery_format, with who should do an order
constexpr bool has_deliveries(std::uint8_t format) {
  return format == delivery_format || format == provider_format;
}
// An operation takes at least this many bytes: bounds what a lying count can make us reserve.
constexpr std::size_t operation_bytes_min = 7;
constexpr std::size_t delivery_bytes_min = 3;
constexpr std::size_t settlement_bytes_min = 39;

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

/// Beside what became of a message: a number follows. Those that have none say nothing of it.
constexpr std::uint8_t numbered = 0x80;

void append_message(Bytes& to, const Message& message) {
  const std::uint8_t has_number = message.sequence != 0 ? numbered : 0;
  to.push_back(static_cast<char>(static_cast<std::uint8_t>(message.disposition) | has_number));
  if (has_number != 0) {
    append_varint(to, static_cast<std::uint64_t>(message.sequence - sequence_anew));
  }
  append_varint(to, message.attempt);
  append_varint(to, message.others);
  append_text(to, message.neighbour);
  append_text(to, message.control_id);
  append_text(to, message.evidence);
  append_text(to, message.bytes);
  append_text(to, message.report);
}

bool read_message(ByteReader& reader, Message& message) {
  const auto first = reader.little<std::uint8_t>();
  const unsigned disposition = first & ~unsigned{numbered};
  if ((first & numbered) != 0) {
    const std::uint64_t number = reader.varint();
    if (number > std::uint64_t{sequence_max} + 1) {
      return false;
    }
    message.sequence = static_cast<std::int64_t>(number) + sequence_anew;
    if (message.sequence == 0) {
      return false;  // written otherwise: one Command has one encoding
    }
  }
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

enum class Provides : std::uint8_t { nothing = 0, open = 1, ended = 2 };

void append_provision(Bytes& to, const Delivery& delivery) {
  if (!delivery.provision) {
    to.push_back(static_cast<char>(Provides::nothing));
    return;
  }
  to.push_back(static_cast<char>(delivery.provision->ended ? Provides::ended : Provides::open));
  append_varint(to, delivery.provision->sources.size());
  for (const std::string& source : delivery.provision->sources) {
    append_text(to, source);
  }
}

bool read_provision(ByteReader& reader, Delivery& delivery) {
  const auto provides = reader.little<std::uint8_t>();
  if (provides > 2) {
    return false;
  }
  if (static_cast<Provides>(provides) == Provides::nothing) {
    return !reader.failed();
  }
  Provision& provision = delivery.provision.emplace();
  provision.ended = static_cast<Provides>(provides) == Provides::ended;
  const std::uint64_t count = reader.varint();
  if (count > reader.rest().size()) {
    return false;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    provision.sources.emplace_back(reader.text());
  }
  return !reader.failed();
}

bool has_provision(const Command& command) {
  return std::ranges::any_of(command.deliveries,
                             [](const Delivery& one) { return one.provision.has_value(); });
}

void append_delivery(Bytes& to, const Delivery& delivery, std::uint8_t format) {
  append_text(to, delivery.channel);
  append_text(to, delivery.lane);
  if (format == provider_format) {
    append_provision(to, delivery);
  }
  if (delivery.operation) {
    append_varint(to, std::uint64_t{*delivery.operation} + 1);
    return;
  }
  append_varint(to, 0);
  append_text(to, delivery.type);
  append_text(to, delivery.id);
}

bool read_delivery(ByteReader& reader, Delivery& delivery, std::uint8_t format) {
  delivery.channel = reader.text();
  delivery.lane = reader.text();
  if (format == provider_format && !read_provision(reader, delivery)) {
    return false;
  }
  const std::uint64_t operation = reader.varint();
  if (operation > UINT32_MAX) {
    return false;
  }
  if (operation > 0) {
    delivery.operation = static_cast<std::uint32_t>(operation - 1);
  } else {
    delivery.type = reader.text();
    delivery.id = reader.text();
  }
  return !reader.failed();
}

void append_settlement(Bytes& to, const Settlement& settlement) {
  to.push_back(static_cast<char>(settlement.settled));
  to.push_back(settlement.was_held ? '\1' : '\0');
  append_varint(to, settlement.duty.position.value);
  append_varint(to, settlement.duty.index);
  append_text(to, settlement.channel);
  to.append(settlement.sent.view());
  append_text(to, settlement.bytes);
  append_text(to, settlement.answer);
}

bool read_settlement(ByteReader& reader, Settlement& settlement) {
  const auto settled = reader.little<std::uint8_t>();
  const auto was_held = reader.little<std::uint8_t>();
  settlement.duty.position = Position{reader.varint()};
  const std::uint64_t index = reader.varint();
  settlement.channel = reader.text();
  const BytesView sent = reader.bytes(sizeof(Hash::bytes));
  settlement.bytes = reader.text();
  settlement.answer = reader.text();
  if (reader.failed() || settled < 1 || settled > 6 || was_held > 1 || index > UINT32_MAX) {
    return false;
  }
  settlement.settled = static_cast<Settled>(settled);
  settlement.was_held = was_held == 1;
  settlement.duty.index = static_cast<std::uint32_t>(index);
  settlement.sent = Hash::from(sent);
  return true;
}

void append_deliveries(Bytes& to, const Command& command, std::uint8_t format) {
  append_varint(to, command.deliveries.size());
  for (const Delivery& delivery : command.deliveries) {
    append_delivery(to, delivery, format);
  }
  append_varint(to, command.settlements.size());
  for (const Settlement& settlement : command.settlements) {
    append_settlement(to, settlement);
  }
}

bool read_deliveries(ByteReader& reader, Command& command, std::uint8_t format) {
  const std::uint64_t deliveries = reader.varint();
  if (deliveries > reader.rest().size() / delivery_bytes_min) {
    return false;
  }
  command.deliveries.resize(deliveries);
  for (Delivery& delivery : command.deliveries) {
    if (!read_delivery(reader, delivery, format)) {
      return false;
    }
  }
  const std::uint64_t settlements = reader.varint();
  if (settlements > reader.rest().size() / settlement_bytes_min) {
    return false;
  }
  command.settlements.resize(settlements);
  for (Settlement& settlement : command.settlements) {
    if (!read_settlement(reader, settlement)) {
      return false;
    }
  }
  // Written otherwise where there are none: one Command has one encoding.
  return format == provider_format ? has_provision(command) : deliveries + settlements > 0;
}

bool read_tick(ByteReader& reader, Command& command) {
  Tick& tick = command.tick.emplace();
  tick.until.ms = reader.little<std::int64_t>();
  const std::uint64_t items = reader.varint();
  tick.items_max = static_cast<std::uint32_t>(items);
  return !reader.failed() && items > 0 && items <= UINT32_MAX && command.operations.empty();
}

std::uint8_t format_of(const Command& command) {
  if (command.tick) {
    check(command.operations.empty() && !command.message && command.deliveries.empty() &&
              command.settlements.empty(),
          "time passes alone");
    return tick_format;
  }
  if (!command.deliveries.empty() || !command.settlements.empty()) {
    return has_provision(command) ? provider_format : delivery_format;
  }
  return command.message ? message_format : plain_format;
}

std::size_t size_hint(const Command& command) {
  std::size_t size = 128;
  if (command.message) {
    size += command.message->bytes.size() + command.message->report.size() + 128;
  }
  for (const Operation& operation : command.operations) {
    size += operation.body.size() + operation.patch.size() + operation.full_url.size() +
            operation.condition.size() + 96;
  }
  for (const Settlement& settlement : command.settlements) {
    size += settlement.bytes.size() + settlement.answer.size() + 96;
  }
  return size + 64 * command.deliveries.size();
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
  const std::uint8_t format = format_of(command);
  Bytes bytes;
  bytes.reserve(size_hint(command));
  bytes.push_back(static_cast<char>(format));
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
  if (has_deliveries(format)) {
    bytes.push_back(command.message ? '\1' : '\0');
  }
  if (command.message) {
    append_message(bytes, *command.message);
  }
  if (has_deliveries(format)) {
    append_deliveries(bytes, command, format);
  }
  if (command.tick) {
    append_little(bytes, command.tick->until.ms);
    append_varint(bytes, command.tick->items_max);
  }
  return bytes;
}

Result<Command> decode_command(BytesView bytes) {
  ByteReader reader(bytes);
  const auto format = reader.little<std::uint8_t>();
  if (format < plain_format || format > provider_format) {
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
  const std::uint8_t has_message = has_deliveries(format) ? reader.little<std::uint8_t>()
                                                          : std::uint8_t{format == message_format};
  if (has_message > 1 || (has_message == 1 && !read_message(reader, command.message.emplace()))) {
    return fail(Code::corrupt, "command: its message cannot be read");
  }
  if (has_deliveries(format) && !read_deliveries(reader, command, format)) {
    return fail(Code::corrupt, "command: its deliveries cannot be read");
  }
  if (format == tick_format && !read_tick(reader, command)) {
    return fail(Code::corrupt, "command: the time that has passed cannot be read");
  }
  if (reader.failed() || !reader.at_end()) {
    return fail(Code::corrupt, "command: bytes after its end");
  }
  return command;
}

}  // namespace holdfast
