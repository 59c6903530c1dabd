#include "views/outbox.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "base/check.h"
#include "views/providers.h"

namespace holdfast::views {
namespace {

// Behind the name of the channel: one row of counts, then what is owed, then what is settled. No
// channel has an empty name: behind that, the providers of orders.
enum class Kind : char { counts = 0, owed = 1, past = 2 };

constexpr std::size_t name_bytes = 12;

Bytes prefix_of(std::string_view channel, Kind kind) {
  Bytes key;
  append_text(key, channel);
  key.push_back(static_cast<char>(kind));
  return key;
}

Bytes key_of(std::string_view channel, Kind kind, DutyName name) {
  Bytes key = prefix_of(channel, kind);
  append_big(key, name.position.value);
  append_big(key, name.index);
  return key;
}

/// Behind all else: rows of what is no order end without.
void append_provided(Bytes& value, std::optional<Provided> provided, DutyName since) {
  if (provided) {
    value.push_back(static_cast<char>(*provided));
    append_varint(value, since.position.value);
    append_varint(value, since.index);
  }
}
/// False where nobody can have written it.
bool read_provided(ByteReader& bytes, std::optional<Provided>& provided, DutyName& since) {
  if (bytes.failed() || bytes.at_end()) {
    return !bytes.failed();
  }
  const auto what = bytes.little<std::uint8_t>();
  provided = static_cast<Provided>(what);
  since.position = Position{bytes.varint()};
  since.index = static_cast<std::uint32_t>(bytes.varint());
  return what >= 1 && what <= 3;
}

Bytes value_of(const Duty& duty) {
  Bytes value;
  value.push_back(duty.held ? '\1' : '\0');
  append_varint(value, duty.row.value);
  append_varint(value, duty.as_of.value);
  append_text(value, duty.lane);
  append_varint(value, duty.others.size());
  for (const std::string& patient : duty.others) {
    append_text(value, patient);
  }
  append_provided(value, duty.provided, duty.since);
  return value;
}

Bytes value_of(const Past& past) {
  Bytes value;
  value.push_back(static_cast<char>(past.settled));
  append_varint(value, past.by.value);
  append_varint(value, past.row.value);
  append_varint(value, past.as_of.value);
  append_text(value, past.lane);
  append_provided(value, past.provided, past.since);
  return value;
}

Bytes value_of(const OutboxCounts& counts) {
  Bytes value;
  append_varint(value, counts.owed);
  append_varint(value, counts.held);
  append_varint(value, counts.delivered);
  append_varint(value, counts.dead);
  append_varint(value, counts.needless);
  append_varint(value, counts.released);
  return value;
}

std::unexpected<Error> bad() { return fail(Code::corrupt, "outbox: a row that cannot be read"); }

Result<Duty> duty_of(BytesView value) {
  ByteReader bytes(value);
  const auto held = bytes.little<std::uint8_t>();
  Duty duty;
  duty.held = held == 1;
  duty.row = RowId{bytes.varint()};
  duty.as_of = RowId{bytes.varint()};
  duty.lane = bytes.text();
  for (std::uint64_t left = bytes.varint(); left > 0 && !bytes.failed(); --left) {
    duty.others.emplace_back(bytes.text());
  }
  if (!read_provided(bytes, duty.provided, duty.since) || bytes.failed() || !bytes.at_end() ||
      held > 1) {
    return bad();
  }
  return duty;
}

Result<Past> past_of(BytesView value) {
  ByteReader bytes(value);
  const auto settled = bytes.little<std::uint8_t>();
  Past past;
  past.settled = static_cast<Settled>(settled);
  past.by = Position{bytes.varint()};
  past.row = RowId{bytes.varint()};
  past.as_of = RowId{bytes.varint()};
  past.lane = bytes.text();
  if (!read_provided(bytes, past.provided, past.since) || bytes.failed() || !bytes.at_end() ||
      !(settled == 1 || settled == 4 || settled == 5)) {
    return bad();
  }
  return past;
}

Result<OutboxCounts> counts_of(BytesView value) {
  ByteReader bytes(value);
  OutboxCounts counts;
  counts.owed = bytes.varint();
  counts.held = bytes.varint();
  counts.delivered = bytes.varint();
  counts.dead = bytes.varint();
  counts.needless = bytes.varint();
  counts.released = bytes.varint();
  if (bytes.failed() || !bytes.at_end()) {
    return bad();
  }
  return counts;
}

/// The name at the end of a key of `prefix_bytes` and a name.
Result<DutyName> name_of(BytesView key, std::size_t prefix_bytes) {
  if (key.size() != prefix_bytes + name_bytes) {
    return bad();
  }
  return DutyName{Position{load_big<std::uint64_t>(key.data() + prefix_bytes)},
                  load_big<std::uint32_t>(key.data() + prefix_bytes + 8)};
}

Hash fact(std::string_view what, std::string_view channel, DutyName name,
          std::initializer_list<std::uint64_t> numbers) {
  Bytes text;
  append_text(text, what);
  append_text(text, channel);
  append_varint(text, name.position.value);
  append_varint(text, name.index);
  for (const std::uint64_t number : numbers) {
    append_varint(text, number);
  }
  return sha256(text);
}

/// The count of those that ended so.
std::uint64_t& of(OutboxCounts& counts, Settled settled) {
  return settled == Settled::delivered ? counts.delivered
         : settled == Settled::dead    ? counts.dead
                                       : counts.needless;
}

/// Rows of `kind` behind `after`; each is given to take(name, value).
template <class Take>
Result<void> walk(const Reader& reader, std::string_view channel, Kind kind,
                  std::optional<DutyName> after, std::size_t limit, Take&& take) {
  const Bytes prefix = prefix_of(channel, kind);
  Bytes from = prefix;
  if (after) {
    from = key_of(channel, kind, *after);
    from.push_back('\0');
  }
  const auto cursor = reader.scan(Table::outbox, from, after_prefix(prefix), Direction::forward);
  for (std::size_t i = 0; i < limit && cursor->valid(); ++i, cursor->next()) {
    TRY(const DutyName name, name_of(cursor->key(), prefix.size()));
    TRY_OK(take(name, cursor->value()));
  }
  return cursor->status();
}

}  // namespace

Hash duty_fact(std::string_view channel, DutyName name, RowId row, RowId as_of,
               std::optional<Provided> provided) {
  return provided ? fact("duty", channel, name,
                         {row.value, as_of.value, static_cast<std::uint64_t>(*provided)})
                  : fact("duty", channel, name, {row.value, as_of.value});
}

Hash held_fact(std::string_view channel, DutyName name) { return fact("held", channel, name, {}); }

Hash past_fact(std::string_view channel, DutyName name, Settled settled, Position by) {
  return fact("past", channel, name, {static_cast<std::uint64_t>(settled), by.value});
}

void add_settlement(Digest& digest, const Settlement& settlement, Position by) {
  if (settlement.settled == Settled::tried) {
    digest.add(tried_fact(settlement.channel, settlement.duty));
    return;
  }
  const Hash held = held_fact(settlement.channel, settlement.duty);
  if (settlement.settled == Settled::held) {
    digest.add(held);
    return;
  }
  if (settlement.was_held) {
    digest.remove(held);
  }
  if (settlement.settled != Settled::released) {
    digest.add(past_fact(settlement.channel, settlement.duty, settlement.settled, by));
  }
}

Result<void> OutboxWriter::count(std::string_view channel, const OutboxCounts& add,
                                 const OutboxCounts& take) {
  const Bytes key = prefix_of(channel, Kind::counts);
  TRY(const auto value, layer_.get(Table::outbox, key));
  OutboxCounts counts;
  if (value) {
    TRY(counts, counts_of(*value));
  }
  counts.owed += add.owed - take.owed;
  counts.held += add.held - take.held;
  counts.delivered += add.delivered;
  counts.dead += add.dead;
  counts.needless += add.needless;
  counts.released += add.released;
  layer_.put(Table::outbox, key, value_of(counts));
  return ok();
}

Result<void> OutboxWriter::owe(std::string_view channel, DutyName name, const Duty& duty) {
  layer_.put(Table::outbox, key_of(channel, Kind::owed, name), value_of(duty));
  digest_.add(duty_fact(channel, name, duty.row, duty.as_of, duty.provided));
  return count(channel, {.owed = 1}, {});
}

Result<Duty> OutboxWriter::settle(const Settlement& settlement, Position by) {
  const std::string& channel = settlement.channel;
  const DutyName name = settlement.duty;
  TRY(auto duty, read_duty(layer_, channel, name));
  if (!duty || duty->held != settlement.was_held) {
    return fail(Code::corrupt,
                fmt::format("entry {} settles what is not owed so to channel '{}': number {} of "
                            "entry {}; run `holdfast verify`, then `holdfast rebuild`",
                            by.value, channel, name.index, name.position.value));
  }
  add_settlement(digest_, settlement, by);
  const Bytes key = key_of(channel, Kind::owed, name);
  if (settlement.settled == Settled::tried) {
    TRY_OK(mark_tried(layer_, channel, name, *duty));
    return *std::move(duty);
  }
  const OutboxCounts one{.held = 1};
  if (settlement.settled == Settled::held || settlement.settled == Settled::released) {
    const Duty before = *duty;
    duty->held = settlement.settled == Settled::held;
    layer_.put(Table::outbox, key, value_of(*duty));
    TRY_OK(duty->held ? count(channel, one, {}) : count(channel, {.released = 1}, one));
    return before;
  }
  layer_.erase(Table::outbox, key);
  layer_.put(Table::outbox, key_of(channel, Kind::past, name),
             value_of(Past{name, duty->row, duty->as_of, duty->lane, settlement.settled, by,
                           duty->provided, duty->since}));
  OutboxCounts add;
  ++of(add, settlement.settled);
  TRY_OK(count(channel, add, {.owed = 1, .held = duty->held ? 1U : 0U}));
  return *std::move(duty);
}

Result<std::optional<Duty>> read_duty(const Reader& reader, std::string_view channel,
                                      DutyName name) {
  TRY(const auto value, reader.get(Table::outbox, key_of(channel, Kind::owed, name)));
  if (!value) {
    return std::nullopt;
  }
  TRY(Duty duty, duty_of(*value));
  return duty;
}

Result<std::vector<NamedDuty>> read_duties(const Reader& reader, std::string_view channel,
                                           std::optional<DutyName> after, std::size_t limit) {
  std::vector<NamedDuty> duties;
  TRY_OK(walk(reader, channel, Kind::owed, after, limit,
              [&](DutyName name, BytesView value) -> Result<void> {
                TRY(Duty duty, duty_of(value));
                duties.push_back({name, std::move(duty)});
                return ok();
              }));
  return duties;
}

Result<std::vector<Past>> read_past(const Reader& reader, std::string_view channel,
                                    std::optional<DutyName> after, std::size_t limit) {
  std::vector<Past> all;
  TRY_OK(walk(reader, channel, Kind::past, after, limit,
              [&](DutyName name, BytesView value) -> Result<void> {
                TRY(Past past, past_of(value));
                past.name = name;
                all.push_back(std::move(past));
                return ok();
              }));
  return all;
}

Result<std::optional<Past>> read_settled(const Reader& reader, std::string_view channel,
                                         DutyName name) {
  TRY(const auto value, reader.get(Table::outbox, key_of(channel, Kind::past, name)));
  if (!value) {
    return std::nullopt;
  }
  TRY(Past past, past_of(*value));
  past.name = name;
  return past;
}

Result<std::vector<Past>> read_past_before(const Reader& reader, std::string_view channel,
                                           std::optional<DutyName> before, std::size_t limit) {
  std::vector<Past> all;
  const Bytes prefix = prefix_of(channel, Kind::past);
  const Bytes until = before ? key_of(channel, Kind::past, *before) : after_prefix(prefix);
  const auto cursor = reader.scan(Table::outbox, prefix, until, Direction::backward);
  for (; all.size() < limit && cursor->valid(); cursor->next()) {
    TRY(Past past, past_of(cursor->value()));
    TRY(past.name, name_of(cursor->key(), prefix.size()));
    all.push_back(std::move(past));
  }
  TRY_OK(cursor->status());
  return all;
}

Result<OutboxCounts> read_outbox_counts(const Reader& reader, std::string_view channel) {
  TRY(const auto value, reader.get(Table::outbox, prefix_of(channel, Kind::counts)));
  return value ? counts_of(*value) : Result<OutboxCounts>(OutboxCounts{});
}

Result<std::vector<std::string>> read_channels(const Reader& reader) {
  std::vector<std::string> channels;
  const auto cursor =
      reader.scan(Table::outbox, after_prefix(providers_prefix()), {}, Direction::forward);
  while (cursor->valid()) {
    ByteReader key(cursor->key());
    channels.emplace_back(key.text());
    if (key.failed()) {
      return bad();
    }
    Bytes name;
    append_text(name, channels.back());
    cursor->seek(after_prefix(name));
  }
  TRY_OK(cursor->status());
  return channels;
}

Result<Digest> digest_of_outbox(const Reader& reader) {
  Digest digest;
  TRY(digest, digest_of_providers(reader));
  TRY(const auto channels, read_channels(reader));
  for (const std::string& channel : channels) {
    OutboxCounts found;
    TRY_OK(walk(reader, channel, Kind::owed, {}, SIZE_MAX,
                [&](DutyName name, BytesView value) -> Result<void> {
                  TRY(const Duty duty, duty_of(value));
                  digest.add(duty_fact(channel, name, duty.row, duty.as_of, duty.provided));
                  ++found.owed;
                  if (duty.held) {
                    ++found.held;
                    digest.add(held_fact(channel, name));
                  }
                  return ok();
                }));
    TRY_OK(walk(reader, channel, Kind::past, {}, SIZE_MAX,
                [&](DutyName name, BytesView value) -> Result<void> {
                  TRY(const Past past, past_of(value));
                  digest.add(duty_fact(channel, name, past.row, past.as_of, past.provided));
                  digest.add(past_fact(channel, name, past.settled, past.by));
                  ++of(found, past.settled);
                  return ok();
                }));
    TRY(const OutboxCounts counts, read_outbox_counts(reader, channel));
    found.released = counts.released;  // no row remembers it
    if (counts != found) {
      return fail(Code::corrupt,
                  fmt::format("outbox: the counts of channel '{}' are not those of its rows; run "
                              "`holdfast rebuild`",
                              channel));
    }
  }
  return digest;
}

}  // namespace holdfast::views
