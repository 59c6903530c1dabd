#include "views/state.h"

#include "views/overlay.h"

namespace holdfast::views {
namespace {

constexpr std::uint8_t state_format = 5;

}  // namespace

void Digest::add(const Hash& fact) {
  Digest one;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    one.lanes[i] = load_little<std::uint64_t>(fact.view().data() + i * sizeof(std::uint64_t));
  }
  add(one);
}

void Digest::add(const Digest& other) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const std::uint64_t lane = other.lanes[i];
    const std::uint64_t partial = lanes[i] + carry;
    const std::uint64_t first_carry = partial < carry ? 1 : 0;
    lanes[i] = partial + lane;
    carry = first_carry + (lanes[i] < lane ? 1 : 0);
  }
}

void Digest::remove(const Hash& fact) {
  // Adding 2^256 - fact: every bit of it turned, and one more.
  Digest less;
  less.add(fact);
  for (std::uint64_t& lane : less.lanes) {
    lane = ~lane;
  }
  add(less);
  add(Digest{{1, 0, 0, 0}});
}

std::string Digest::hex() const {
  Bytes bytes;
  for (const std::uint64_t lane : lanes) {
    append_little(bytes, lane);
  }
  return to_hex(bytes);
}

Hash version_fact(std::string_view type, std::string_view id, Version version,
                  const Hash& body_hash) {
  Bytes fact;
  append_text(fact, "version");
  append_text(fact, type);
  append_text(fact, id);
  append_varint(fact, version.value);
  fact.append(body_hash.view());
  return sha256(fact);
}

Bytes encode(const State& state) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(state_format));
  append_little(bytes, state.position.value);
  bytes.append(state.chain.view());
  append_little(bytes, state.time.ms);
  append_little(bytes, state.last_row.value);
  append_little(bytes, state.resources);
  for (const std::uint64_t lane : state.digest.lanes) {
    append_little(bytes, lane);
  }
  append_little(bytes, state.undo_pruned);
  append_little(bytes, state.undo_oldest.ms);
  append_little(bytes, state.definitions.value);
  append_little(bytes, state.active.value);
  return bytes;
}

Result<State> decode_state(BytesView bytes) {
  ByteReader reader(bytes);
  const auto format = reader.little<std::uint8_t>();
  State state;
  state.position = Position{reader.little<std::uint64_t>()};
  const BytesView chain = reader.bytes(sizeof(Hash::bytes));
  state.time = Time{reader.little<std::int64_t>()};
  state.last_row = RowId{reader.little<std::uint64_t>()};
  state.resources = reader.little<std::uint64_t>();
  for (std::uint64_t& lane : state.digest.lanes) {
    lane = reader.little<std::uint64_t>();
  }
  state.undo_pruned = reader.little<std::uint64_t>();
  state.undo_oldest = Time{reader.little<std::int64_t>()};
  state.definitions = Position{reader.little<std::uint64_t>()};
  state.active = Position{reader.little<std::uint64_t>()};
  if (reader.failed() || !reader.at_end() || format != state_format) {
    return fail(Code::corrupt, "state: a row that cannot be read; run `holdfast rebuild`");
  }
  state.chain = Hash::from(chain);
  return state;
}

Result<State> read_state(const Reader& reader) {
  TRY(const auto value, reader.get(Table::meta, state_key));
  if (!value) {
    return State{};
  }
  return decode_state(*value);
}

void write_state(WorkLayer& layer, const State& state) {
  layer.put(Table::meta, state_key, encode(state));
}

}  // namespace holdfast::views
