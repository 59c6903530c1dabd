#include "views/messages.h"

#include <utility>

#include "base/check.h"

namespace holdfast::views {
namespace {

constexpr std::size_t attempt_bytes = 4;

/// What all messages with this sender and control id begin with. The texts say how long they are,
/// so that none is the beginning of another.
Bytes prefix_of(std::string_view neighbour, std::string_view control_id) {
  Bytes key;
  append_text(key, neighbour);
  append_text(key, control_id);
  return key;
}

Bytes key_of(const MessageName& name) {
  Bytes key = prefix_of(name.neighbour, name.control_id);
  key.append(name.hash.view());
  return key;
}

Bytes value_of(const MessageRow& row) {
  Bytes value;
  value.push_back(static_cast<char>(row.disposition));
  append_varint(value, row.position.value);
  append_text(value, row.evidence);
  return value;
}

Bytes with_attempt(Bytes key, std::uint32_t attempt) {
  append_big(key, attempt);
  return key;
}

Result<MessageRow> row_of(BytesView key, BytesView value) {
  const auto bad = [] { return fail(Code::corrupt, "message: a row that cannot be read"); };
  if (key.size() < sizeof(Hash::bytes) + attempt_bytes) {
    return bad();
  }
  MessageRow row;
  row.attempt = load_big<std::uint32_t>(key.data() + key.size() - attempt_bytes);
  ByteReader bytes(value);
  const auto disposition = bytes.little<std::uint8_t>();
  row.disposition = static_cast<Disposition>(disposition);
  row.position = Position{bytes.varint()};
  row.evidence = bytes.text();
  if (bytes.failed() || !bytes.at_end() || disposition < 1 || disposition > 3 || row.attempt == 0) {
    return bad();
  }
  return row;
}

Hash fact(BytesView key, BytesView value) {
  Bytes text = "message ";
  append_text(text, key);
  append_text(text, value);
  return sha256(text);
}

}  // namespace

void write_message(WorkLayer& layer, const MessageName& name, const MessageRow& row) {
  check(row.attempt > 0, "attempts are counted from 1");
  layer.put(Table::message, with_attempt(key_of(name), row.attempt), value_of(row));
}

Result<KnownMessage> read_message(const Reader& reader, const MessageName& name) {
  KnownMessage known;
  const Bytes key = key_of(name);
  // One walk finds its own rows and those of others, unless there are very many others before it.
  const Bytes prefix = name.control_id.empty() ? key : prefix_of(name.neighbour, name.control_id);
  const auto cursor = reader.scan(Table::message, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid() && known.others < others_max; cursor->next()) {
    TRY(MessageRow row, row_of(cursor->key(), cursor->value()));
    if (cursor->key().starts_with(key)) {
      known.newest = std::move(row);
    } else if (row.attempt == 1) {
      ++known.others;
    }
  }
  TRY_OK(cursor->status());
  if (known.others == others_max) {
    const auto attempts = reader.scan(Table::message, key, after_prefix(key), Direction::backward);
    if (attempts->valid()) {
      TRY(known.newest, row_of(attempts->key(), attempts->value()));
    }
    TRY_OK(attempts->status());
  }
  return known;
}

Hash message_fact(const MessageName& name, const MessageRow& row) {
  return fact(with_attempt(key_of(name), row.attempt), value_of(row));
}

Result<Digest> digest_of_messages(const Reader& reader) {
  Digest digest;
  const auto cursor = reader.scan(Table::message, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY_OK(row_of(cursor->key(), cursor->value()));
    digest.add(fact(cursor->key(), cursor->value()));
  }
  TRY_OK(cursor->status());
  return digest;
}

}  // namespace holdfast::views
