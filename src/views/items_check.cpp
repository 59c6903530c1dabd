// views/items_check.cpp: table item held against the Tasks that it was made from, by sums over what
// the rows say: no row is looked up, and memory does not grow with the items.
#include <map>
#include <string>

#include "fhir/json.h"
#include "views/absences.h"
#include "views/items_rows.h"
#include "views/keys.h"
#include "views/postings.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

using namespace items;  // the keys

/// Sums over all items.
struct Sums {
  Digest rows;                            ///< of each_row()
  std::map<Bytes, LedgerCounts> ledger;   ///< by key
  std::map<Bytes, ListCounts> lists;      ///< by key
  std::map<Bytes, std::uint64_t> states;  ///< by key
};

Hash row_fact(BytesView key, BytesView value) {
  Bytes text;
  append_text(text, key);
  append_text(text, value);
  return sha256(text);
}

void add(Sums& sums, const Item& item) {
  each_row(item, [&](const Bytes& key, BytesView value) { sums.rows.add(row_fact(key, value)); });
  LedgerCounts& day = sums.ledger[ledger_key(item.pathway, item.organisation, day_of(item.opened))];
  ++day.opened;
  day.closed += item.is_open() ? 0U : 1U;
  day.reopened += item.reopened;
  if (item.is_open()) {
    ListCounts& list = sums.lists[key_of(Kind::counts, item.owner)];
    ++list.open;
    ++sums.states[state_key_of(item)];
    list.overdue += item.is_overdue() ? 1U : 0U;
    list.escalated += item.is_escalated() ? 1U : 0U;
  }
}

/// Each current Task that is an item.
Result<void> add_tasks(const Reader& reader, const BodyCodec& codec, Sums& sums) {
  fhir::JsonReader json_reader;
  fhir::Json json;
  const Bytes prefix = listing_prefix(*fhir::type_id("Task"));
  const auto cursor = reader.scan(Table::posting, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const Body body, read_body(reader, codec, row_at_end(cursor->key())));
    TRY_OK(json_reader.read(body.bytes, json));
    TRY(const auto item, read_item(json.root(), body.header.id));
    if (item) {
      add(sums, *item);
    }
  }
  return cursor->status();
}

/// Each PractitionerRole that is not there at some time.
Result<void> add_absences(const Reader& reader, const BodyCodec& codec, Sums& sums) {
  fhir::JsonReader json_reader;
  fhir::Json json;
  const Bytes prefix = listing_prefix(*fhir::type_id("PractitionerRole"));
  const auto cursor = reader.scan(Table::posting, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const Body body, read_body(reader, codec, row_at_end(cursor->key())));
    TRY_OK(json_reader.read(body.bytes, json));
    for (const Bytes& key : absence_keys(json.root(), body.header.id, body.header.time)) {
      sums.rows.add(row_fact(key, {}));
    }
  }
  return cursor->status();
}

Result<void> add_before(const Reader& reader, Sums& sums) {
  return each_before(reader, [&](Position, const Before& one, Time time) {
    sums.ledger[ledger_key(one.pathway, one.organisation, day_of(time))].before += one.count;
  });
}

/// Takes a row of counts out of those that must be there.
template <class Counts>
Result<void> strike(std::map<Bytes, Counts>& expected, BytesView key, const Counts& found) {
  const auto at = expected.find(Bytes(key));
  if (at == expected.end() || at->second != found) {
    return fail(Code::corrupt,
                "items: the ledger or the counts of a work-list are not those of "
                "the Tasks; run `holdfast rebuild`");
  }
  expected.erase(at);
  return ok();
}

/// Nothing wakes before what is looked at first.
Result<void> check_floor(const Reader& reader) {
  const auto floor = reader.get(Table::item, key_of(Kind::floor));
  TRY_OK(floor);
  const Bytes prefix = key_of(Kind::wake);
  const auto cursor = reader.scan(Table::item, prefix, after_prefix(prefix), Direction::forward);
  if (!cursor->valid() || !*floor) {
    return cursor->status();
  }
  ByteReader bytes(**floor);
  const auto from = bytes.little<std::int64_t>();
  if (bytes.failed() || load_time(cursor->key().data() + prefix.size()) < from) {
    return fail(Code::corrupt, "items: an item wakes before anybody looks; run `holdfast rebuild`");
  }
  return ok();
}

}  // namespace

Result<void> check_items(const Reader& reader, const BodyCodec& codec) {
  Sums sums;
  TRY_OK(add_tasks(reader, codec, sums));
  TRY_OK(add_absences(reader, codec, sums));
  TRY_OK(add_before(reader, sums));
  Digest rows;
  const auto cursor = reader.scan(Table::item, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    const BytesView key = cursor->key();
    switch (static_cast<Kind>(key.front())) {
      case Kind::before: break;
      case Kind::absence_floor: break;
      case Kind::floor: break;  // behind the wakes, and held against the first of them
      case Kind::ledger: {
        TRY(const auto found, ledger_of(cursor->value()));
        TRY_OK(strike(sums.ledger, key, found));
        break;
      }
      case Kind::counts: {
        TRY(const auto found, counts_of(cursor->value()));
        TRY_OK(strike(sums.lists, key, found));
        break;
      }
      case Kind::state: {
        TRY(const auto found, open_of(cursor->value()));
        TRY_OK(strike(sums.states, key, found));
        break;
      }
      default: rows.add(row_fact(key, cursor->value()));
    }
  }
  TRY_OK(cursor->status());
  TRY_OK(check_floor(reader));
  if (rows != sums.rows || !sums.ledger.empty() || !sums.lists.empty() || !sums.states.empty()) {
    return fail(Code::corrupt,
                "items: the table does not have exactly the items that the Tasks say, or not the "
                "absences of the PractitionerRoles; run `holdfast rebuild`");
  }
  return ok();
}

}  // namespace holdfast::views
