// views/items_rows.h: how the rows of table item lie. Inside this folder; docs/INDEXES.md shows
// them to people.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "views/items.h"

namespace holdfast::views::items {

// The first byte of a key.
enum class Kind : char {
  row = 'i',            // id -> the item
  about = 'f',          // focus, id -> whether it is open
  patient = 'p',        // patient, id: open
  owned = 'o',          // owner, place: open
  overseen = 'v',       // overseer, place: open
  offered = 'h',        // who is asked to take it over, place: open
  counts = 'c',         // owner -> counts
  state = 's',          // pathway, state -> how many are open
  wake = 'w',           // time, id
  floor = 'x',          // -> the time that nothing wakes before
  ledger = 'l',         // pathway, organisation, day -> counts
  before = 'b',         // position, number -> what was not taken up
  absence = 'a',        // time that it begins, id of the PractitionerRole
  absence_floor = 'y',  // -> the time up to which those that began were looked at
};

inline Kind kind_of(List list) {
  switch (list) {
    case List::owned: return Kind::owned;
    case List::overseen: return Kind::overseen;
    case List::offered: break;
  }
  return Kind::offered;
}

inline Bytes key_of(Kind kind) { return Bytes(1, static_cast<char>(kind)); }
inline Bytes key_of(Kind kind, std::string_view name) {
  Bytes key = key_of(kind);
  append_text(key, name);
  return key;
}

/// Times before 1970 sort before those after it.
inline void append_time(Bytes& to, std::int64_t ms) {
  append_big(to, static_cast<std::uint64_t>(ms) ^ (std::uint64_t{1} << 63U));
}
inline std::int64_t load_time(const char* from) {
  return static_cast<std::int64_t>(load_big<std::uint64_t>(from) ^ (std::uint64_t{1} << 63U));
}

inline void append_place(Bytes& to, const Place& place) {
  to.push_back(static_cast<char>(place.rank));
  append_time(to, place.due_ms);
  append_time(to, place.opened.ms);
  to.append(place.id);
}

[[nodiscard]] inline std::unexpected<Error> bad(std::string_view what) {
  return fail(Code::corrupt,
              fmt::format("items: a row of {} that cannot be read; run `holdfast rebuild`", what));
}

inline Bytes ledger_key(std::string_view pathway, std::string_view organisation, Day day) {
  Bytes key = key_of(Kind::ledger, pathway);
  append_text(key, organisation);
  append_big(key, static_cast<std::uint32_t>(day.value) ^ (std::uint32_t{1} << 31U));
  return key;
}

inline Bytes value_of(const Item& item) {
  Bytes value;
  for (const std::string* text :
       {&item.pathway, &item.state, &item.status, &item.urgency, &item.priority, &item.focus,
        &item.patient, &item.owner, &item.organisation, &item.parent}) {
    append_text(value, *text);
  }
  append_varint(value, item.definition);
  append_varint(value, item.step);
  append_varint(value, item.reopened);
  append_little(value, item.opened.ms);
  append_little(value, item.due ? item.due->ms : INT64_MAX);
  append_little(value, item.wake ? item.wake->ms : INT64_MAX);
  append_varint(value, item.overseers.size());
  for (const Owner& one : item.overseers) {
    append_text(value, one);
  }
  if (!item.offered.empty()) {  // at the end: a row without it says what it said before offers
    append_text(value, item.offered);
  }
  return value;
}

inline std::optional<Time> time_or_none(std::int64_t ms) {
  return ms == INT64_MAX ? std::nullopt : std::optional(Time{ms});
}

inline Result<Item> item_of(std::string_view id, BytesView value) {
  ByteReader bytes(value);
  Item item;
  item.id = id;
  for (std::string* text :
       {&item.pathway, &item.state, &item.status, &item.urgency, &item.priority, &item.focus,
        &item.patient, &item.owner, &item.organisation, &item.parent}) {
    *text = bytes.text();
  }
  item.definition = static_cast<std::uint32_t>(bytes.varint());
  item.step = static_cast<std::uint32_t>(bytes.varint());
  item.reopened = static_cast<std::uint32_t>(bytes.varint());
  item.opened = Time{bytes.little<std::int64_t>()};
  item.due = time_or_none(bytes.little<std::int64_t>());
  item.wake = time_or_none(bytes.little<std::int64_t>());
  const std::uint64_t overseers = bytes.varint();
  for (std::uint64_t i = 0; i < overseers && !bytes.failed(); ++i) {
    item.overseers.emplace_back(bytes.text());
  }
  if (!bytes.failed() && !bytes.at_end()) {
    item.offered = bytes.text();
  }
  return bytes.failed() || !bytes.at_end() ? Result<Item>(bad("items"))
                                           : Result<Item>(std::move(item));
}

struct LedgerCounts {
  std::uint64_t opened = 0, closed = 0, reopened = 0, before = 0;
  bool operator==(const LedgerCounts&) const = default;
};

inline Result<LedgerCounts> ledger_of(BytesView value) {
  ByteReader bytes(value);
  LedgerCounts counts;
  for (std::uint64_t* one : {&counts.opened, &counts.closed, &counts.reopened, &counts.before}) {
    *one = bytes.varint();
  }
  return bytes.failed() || !bytes.at_end() ? Result<LedgerCounts>(bad("the ledger")) : counts;
}

/// What one item puts there: act(key, value). Counts and the ledger are sums over all.
template <class Do>
void each_row(const Item& item, Do&& act) {
  act(key_of(Kind::row) + item.id, value_of(item));
  if (!item.focus.empty()) {
    act(key_of(Kind::about, item.focus) + item.id, item.is_open() ? "\1" : BytesView("\0", 1));
  }
  if (!item.is_open()) {
    return;
  }
  if (!item.patient.empty()) {
    act(key_of(Kind::patient, item.patient) + item.id, {});
  }
  const Place place = place_of(item);
  Bytes owned = key_of(Kind::owned, item.owner);
  append_place(owned, place);
  act(owned, {});
  for (const Owner& one : item.overseers) {
    Bytes overseen = key_of(Kind::overseen, one);
    append_place(overseen, place);
    act(overseen, {});
  }
  if (!item.offered.empty()) {
    Bytes offered = key_of(Kind::offered, item.offered);
    append_place(offered, place);
    act(offered, {});
  }
  if (item.wake) {
    Bytes wake = key_of(Kind::wake);
    append_time(wake, item.wake->ms);
    act(wake + item.id, {});
  }
}

inline Bytes state_key_of(const Item& item) {
  Bytes key = key_of(Kind::state, item.pathway);
  append_text(key, item.state);
  return key;
}

inline Result<std::uint64_t> open_of(BytesView value) {
  ByteReader bytes(value);
  const std::uint64_t open = bytes.varint();
  return bytes.failed() || !bytes.at_end() ? Result<std::uint64_t>(bad("states")) : open;
}

inline Result<ListCounts> counts_of(BytesView value) {
  ByteReader bytes(value);
  ListCounts counts;
  for (std::uint64_t* one : {&counts.open, &counts.overdue, &counts.escalated}) {
    *one = bytes.varint();
  }
  return bytes.failed() || !bytes.at_end() ? Result<ListCounts>(bad("counts")) : counts;
}

/// Each row of what was not taken up: take(position, before, time).
template <class Take>
Result<void> each_before(const Reader& reader, Take&& take) {
  const Bytes prefix = key_of(Kind::before);
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader bytes(cursor->value());
    Before one;
    one.pathway = bytes.text();
    one.organisation = bytes.text();
    one.count = bytes.varint();
    const Time time{bytes.little<std::int64_t>()};
    if (bytes.failed() || !bytes.at_end() || cursor->key().size() != 13) {
      return bad("what was not taken up");
    }
    take(Position{load_big<std::uint64_t>(cursor->key().data() + 1)}, one, time);
  }
  return cursor->status();
}

}  // namespace holdfast::views::items
