#include "views/items.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "views/items_rows.h"

namespace holdfast::views {
namespace {

using namespace items;  // the keys

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::array<std::string_view, 3> ranks{"stat", "asap", "urgent"};

/// What an item adds to its row of the ledger.
LedgerCounts counted(const Item& item) { return {1, item.is_open() ? 0U : 1U, item.reopened, 0}; }

template <class Change>
Result<void> change_ledger(WorkLayer& layer, const Bytes& key, Change&& change) {
  TRY(const auto value, layer.get(Table::item, key));
  LedgerCounts counts;
  if (value) {
    TRY(counts, ledger_of(*value));
  }
  change(counts);
  Bytes now;
  for (const std::uint64_t one : {counts.opened, counts.closed, counts.reopened, counts.before}) {
    append_varint(now, one);
  }
  layer.put(Table::item, key, now);
  return ok();
}

ListCounts counted_for_owner(const Item& item) {
  return {1, item.is_overdue() ? 1U : 0U, item.is_escalated() ? 1U : 0U};
}

LedgerCounts sum_of(const LedgerCounts& a, const LedgerCounts& b) {
  return {a.opened + b.opened, a.closed + b.closed, a.reopened + b.reopened, a.before + b.before};
}
LedgerCounts minus_of(const LedgerCounts& a) {
  return {0 - a.opened, 0 - a.closed, 0 - a.reopened, 0 - a.before};
}
ListCounts sum_of(const ListCounts& a, const ListCounts& b) {
  return {a.open + b.open, a.overdue + b.overdue, a.escalated + b.escalated};
}
ListCounts minus_of(const ListCounts& a) { return {0 - a.open, 0 - a.overdue, 0 - a.escalated}; }
std::uint64_t sum_of(std::uint64_t a, std::uint64_t b) { return a + b; }
std::uint64_t minus_of(std::uint64_t a) { return 0 - a; }

/// What is added to the counts of one row; what an item said before is taken away, so the numbers
/// go round through zero.
template <class Counts>
struct Change {
  Bytes key;
  Counts counts;
};
/// Of two changes: one, where they are of one row, and none where that says nothing.
template <class Counts>
std::vector<Change<Counts>> together(std::optional<Change<Counts>> minus,
                                     std::optional<Change<Counts>> plus) {
  std::vector<Change<Counts>> all;
  if (minus) {
    minus->counts = minus_of(minus->counts);
  }
  if (minus && plus && minus->key == plus->key) {
    plus->counts = sum_of(plus->counts, minus->counts);
    minus.reset();
  }
  for (auto& one : {minus, plus}) {
    if (one && one->counts != Counts{}) {
      all.push_back(*one);
    }
  }
  return all;
}

std::optional<Change<LedgerCounts>> in_ledger(const std::optional<Item>& item) {
  if (!item) {
    return std::nullopt;
  }
  return Change<LedgerCounts>{ledger_key(item->pathway, item->organisation, day_of(item->opened)),
                              counted(*item)};
}
std::optional<Change<ListCounts>> in_list(const std::optional<Item>& item) {
  if (!item || !item->is_open()) {
    return std::nullopt;
  }
  return Change<ListCounts>{key_of(Kind::counts, item->owner), counted_for_owner(*item)};
}
std::optional<Change<std::uint64_t>> in_state(const std::optional<Item>& item) {
  if (!item || !item->is_open()) {
    return std::nullopt;
  }
  return Change<std::uint64_t>{state_key_of(*item), 1};
}

Result<void> change_list(WorkLayer& layer, const Change<ListCounts>& change) {
  TRY(const auto value, layer.get(Table::item, change.key));
  ListCounts counts;
  if (value) {
    TRY(counts, counts_of(*value));
  }
  counts = sum_of(counts, change.counts);
  if (counts.open == 0) {
    layer.erase(Table::item, change.key);
    return ok();
  }
  Bytes now;
  for (const std::uint64_t one : {counts.open, counts.overdue, counts.escalated}) {
    append_varint(now, one);
  }
  layer.put(Table::item, change.key, now);
  return ok();
}

Result<void> change_state(WorkLayer& layer, const Change<std::uint64_t>& change) {
  TRY(const auto value, layer.get(Table::item, change.key));
  std::uint64_t open = 0;
  if (value) {
    TRY(open, open_of(*value));
  }
  open += change.counts;
  if (open == 0) {
    layer.erase(Table::item, change.key);
    return ok();
  }
  Bytes now;
  append_varint(now, open);
  layer.put(Table::item, change.key, now);
  return ok();
}

using KeysAndValues = std::vector<std::pair<Bytes, Bytes>>;
KeysAndValues rows_of(const std::optional<Item>& item) {
  KeysAndValues rows;
  if (item) {
    each_row(*item,
             [&](const Bytes& key, BytesView value) { rows.emplace_back(key, Bytes(value)); });
  }
  return rows;
}

/// Nothing wakes before it: what has woken leaves marks in the store that a scan from the first key
/// on would go through each time.
Result<std::optional<Time>> wake_floor(const Reader& reader) {
  TRY(const auto value, reader.get(Table::item, key_of(Kind::floor)));
  if (!value) {
    return std::nullopt;
  }
  ByteReader bytes(*value);
  const Time floor{bytes.little<std::int64_t>()};
  if (bytes.failed()) {
    return bad("the first wake");
  }
  return std::optional(floor);
}
void put_wake_floor(WorkLayer& layer, Time floor) {
  Bytes value;
  append_little(value, floor.ms);
  layer.put(Table::item, key_of(Kind::floor), value);
}

/// A cursor over what wakes, up to `end` (empty: all of it).
Result<std::unique_ptr<Cursor>> wakes_from_floor(const Reader& reader, const Bytes& end) {
  TRY(const auto floor, wake_floor(reader));
  Bytes from = key_of(Kind::wake);
  const Bytes until = end.empty() ? after_prefix(from) : end;
  if (floor) {
    append_time(from, floor->ms);
  }
  return reader.scan(Table::item, std::min(from, until), until, Direction::forward);
}

/// The ends of the keys that begin with `prefix`.
Result<std::vector<std::string>> ends(const Reader& reader, const Bytes& prefix, Which which,
                                      std::size_t limit) {
  std::vector<std::string> found;
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  for (; found.size() < limit && cursor->valid(); cursor->next()) {
    if (which == Which::all || cursor->value() != BytesView("\0", 1)) {
      found.emplace_back(cursor->key().substr(prefix.size()));
    }
  }
  TRY_OK(cursor->status());
  return found;
}

}  // namespace

Day day_of(Time time) {
  const std::int64_t days = time.ms / day_ms - (time.ms % day_ms < 0 ? 1 : 0);
  return {static_cast<std::int32_t>(days)};
}

Place place_of(const Item& item) {
  const auto rank = std::ranges::find(ranks, item.priority) - ranks.begin();
  return {static_cast<std::uint8_t>(rank), item.due ? item.due->ms : INT64_MAX, item.opened,
          item.id};
}

Result<void> write_item(WorkLayer& layer, const std::optional<Item>& before,
                        const std::optional<Item>& after, Time now) {
  const KeysAndValues was = rows_of(before);
  const KeysAndValues is = rows_of(after);
  for (const auto& row : was) {
    if (std::ranges::find(is, row.first, &KeysAndValues::value_type::first) == is.end()) {
      layer.erase(Table::item, row.first);
    }
  }
  for (const auto& row : is) {
    if (std::ranges::find(was, row) == was.end()) {
      layer.put(Table::item, row.first, row.second);
    }
  }
  for (const auto& change : together(in_ledger(before), in_ledger(after))) {
    TRY_OK(change_ledger(layer, change.key,
                         [&](LedgerCounts& counts) { counts = sum_of(counts, change.counts); }));
  }
  for (const auto& change : together(in_state(before), in_state(after))) {
    TRY_OK(change_state(layer, change));
  }
  for (const auto& change : together(in_list(before), in_list(after))) {
    TRY_OK(change_list(layer, change));
  }
  // The floor is never ahead of the time, so only what is late already can lie below it.
  if (after && after->wake && *after->wake <= now) {
    TRY(const auto floor, wake_floor(layer));
    if (floor && *after->wake < *floor) {
      put_wake_floor(layer, *after->wake);
    }
  }
  return ok();
}

Result<void> raise_wake_floor(WorkLayer& layer, Time now) {
  TRY(const auto first, first_wake(layer));
  put_wake_floor(layer, first ? std::min(*first, now) : now);
  return ok();
}

Result<void> write_before(WorkLayer& layer, State& state, const std::vector<Before>& before) {
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    const Before& one = before[i];
    Bytes key = key_of(Kind::before);
    append_big(key, state.position.value);
    append_big(key, i);
    Bytes value;
    append_text(value, one.pathway);
    append_text(value, one.organisation);
    append_varint(value, one.count);
    append_little(value, state.time.ms);
    layer.put(Table::item, key, value);
    state.digest.add(before_fact(state.position, one));
    TRY_OK(change_ledger(layer, ledger_key(one.pathway, one.organisation, day_of(state.time)),
                         [&](LedgerCounts& counts) { counts.before += one.count; }));
  }
  return ok();
}

Hash before_fact(Position position, const Before& before) {
  Bytes text;
  append_text(text, "before");
  append_varint(text, position.value);
  append_text(text, before.pathway);
  append_text(text, before.organisation);
  append_varint(text, before.count);
  return sha256(text);
}

Result<Digest> digest_of_before(const Reader& reader) {
  Digest digest;
  TRY_OK(each_before(reader, [&](Position position, const Before& one, Time) {
    digest.add(before_fact(position, one));
  }));
  return digest;
}

Result<std::optional<Item>> find_item(const Reader& reader, std::string_view id) {
  TRY(const auto value, reader.get(Table::item, key_of(Kind::row).append(id)));
  if (!value) {
    return std::nullopt;
  }
  TRY(Item item, item_of(id, *value));
  return item;
}

Result<std::vector<std::string>> items_about(const Reader& reader, std::string_view focus,
                                             Which which, std::size_t limit) {
  return ends(reader, key_of(Kind::about, focus), which, limit);
}

Result<std::vector<std::string>> open_items_of(const Reader& reader, std::string_view patient,
                                               std::size_t limit) {
  return ends(reader, key_of(Kind::patient, patient), Which::all, limit);
}

Result<std::vector<std::string>> items_to_wake(const Reader& reader, Time until,
                                               std::size_t limit) {
  const Bytes prefix = key_of(Kind::wake);
  Bytes end = prefix;
  append_time(end, until.ms + 1);
  std::vector<std::string> found;
  TRY(const auto cursor, wakes_from_floor(reader, end));
  for (; found.size() < limit && cursor->valid(); cursor->next()) {
    found.emplace_back(cursor->key().substr(prefix.size() + 8));
  }
  TRY_OK(cursor->status());
  return found;
}

Result<std::optional<Time>> first_wake(const Reader& reader) {
  TRY(const auto cursor, wakes_from_floor(reader, {}));
  if (!cursor->valid()) {
    TRY_OK(cursor->status());
    return std::nullopt;
  }
  return Time{load_time(cursor->key().data() + key_of(Kind::wake).size())};
}

Result<std::vector<Place>> read_work_list(const Reader& reader, List list, std::string_view whose,
                                          const std::optional<Place>& after, std::size_t limit) {
  const Bytes prefix = key_of(kind_of(list), whose);
  Bytes from = prefix;
  if (after) {
    append_place(from, *after);
    from.push_back('\0');
  }
  std::vector<Place> places;
  const auto cursor = reader.scan(Table::item, from, after_prefix(prefix), Direction::forward);
  for (; places.size() < limit && cursor->valid(); cursor->next()) {
    const BytesView key = cursor->key().substr(prefix.size());
    if (key.size() < 18) {
      return bad("a work-list");
    }
    places.push_back({static_cast<std::uint8_t>(key[0]), load_time(key.data() + 1),
                      Time{load_time(key.data() + 9)}, std::string(key.substr(17))});
  }
  TRY_OK(cursor->status());
  return places;
}

Result<ListCounts> read_list_counts(const Reader& reader, std::string_view owner) {
  TRY(const auto value, reader.get(Table::item, key_of(Kind::counts, owner)));
  return value ? counts_of(*value) : Result<ListCounts>(ListCounts{});
}

Result<std::vector<std::pair<Owner, ListCounts>>> read_owners(const Reader& reader) {
  std::vector<std::pair<Owner, ListCounts>> owners;
  const Bytes prefix = key_of(Kind::counts);
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader name(cursor->key().substr(1));
    Owner owner(name.text());
    TRY(const ListCounts counts, counts_of(cursor->value()));
    owners.emplace_back(std::move(owner), counts);
  }
  TRY_OK(cursor->status());
  return owners;
}

Result<std::vector<StateCount>> read_states(const Reader& reader) {
  std::vector<StateCount> states;
  const Bytes prefix = key_of(Kind::state);
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader key(cursor->key().substr(1));
    StateCount one;
    one.pathway = key.text();
    one.state = key.text();
    TRY(one.open, open_of(cursor->value()));
    states.push_back(std::move(one));
  }
  TRY_OK(cursor->status());
  return states;
}

Result<std::vector<LedgerRow>> read_ledger(const Reader& reader) {
  std::vector<LedgerRow> rows;
  const Bytes prefix = key_of(Kind::ledger);
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader key(cursor->key().substr(1));
    LedgerRow row;
    row.pathway = key.text();
    row.organisation = key.text();
    row.day.value = static_cast<std::int32_t>(key.big<std::uint32_t>() ^ (std::uint32_t{1} << 31U));
    TRY(const LedgerCounts counts, ledger_of(cursor->value()));
    if (key.failed() || !key.at_end()) {
      return bad("the ledger");
    }
    std::tie(row.opened, row.closed, row.reopened, row.before) =
        std::tuple(counts.opened, counts.closed, counts.reopened, counts.before);
    rows.push_back(std::move(row));
  }
  TRY_OK(cursor->status());
  return rows;
}

}  // namespace holdfast::views
