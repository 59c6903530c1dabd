#include "views/absences.h"

#include <algorithm>

#include "base/local_time.h"
#include "fhir/member.h"
#include "views/items_rows.h"

namespace holdfast::views {
namespace {

using namespace items;  // the keys

Result<std::optional<Time>> absence_floor(const Reader& reader) {
  TRY(const auto value, reader.get(Table::item, key_of(Kind::absence_floor)));
  if (!value) {
    return std::nullopt;
  }
  ByteReader bytes(*value);
  const Time floor{bytes.little<std::int64_t>()};
  if (bytes.failed()) {
    return bad("the last absence");
  }
  return std::optional(floor);
}

/// Behind the floor, up to `end` (empty: all of it).
Result<std::unique_ptr<Cursor>> absences_from_floor(const Reader& reader, const Bytes& end) {
  TRY(const auto floor, absence_floor(reader));
  Bytes from = key_of(Kind::absence);
  const Bytes until = end.empty() ? after_prefix(from) : end;
  if (floor) {
    append_time(from, floor->ms + 1);
  }
  return reader.scan(Table::item, std::min(from, until), until, Direction::forward);
}

}  // namespace

std::optional<Absence> read_absence(fhir::JsonValue not_available) {
  const auto during = not_available.find("during");
  if (!during) {
    return std::nullopt;
  }
  const auto start = parse_local_date_time(fhir::text_member(*during, "start"));
  const auto end = parse_local_date_time(fhir::text_member(*during, "end"));
  if (!start && !end) {
    return std::nullopt;
  }
  // https://hl7.org/fhir/R4/datatypes.html#Period: the end is part of it.
  return Absence{start ? start->from : Time{INT64_MIN / 2},
                 end ? std::optional(end->until) : std::nullopt};
}

std::vector<Bytes> absence_keys(fhir::JsonValue role, std::string_view id, Time written) {
  std::vector<Bytes> keys;
  const auto all = role.find("notAvailable");
  if (!all) {
    return keys;
  }
  for (const fhir::JsonValue one : all->children()) {
    const auto absence = read_absence(one);
    if (!absence || (absence->until && *absence->until <= written)) {
      continue;
    }
    Bytes key = key_of(Kind::absence);
    append_time(key, std::max(absence->from.ms, written.ms + 1));
    key.append(id);
    keys.push_back(std::move(key));
  }
  std::ranges::sort(keys);
  const auto twice = std::ranges::unique(keys);
  keys.erase(twice.begin(), twice.end());
  return keys;
}

void write_absences(WorkLayer& layer, const std::vector<Bytes>& before,
                    const std::vector<Bytes>& after) {
  for (const Bytes& key : before) {
    if (!std::ranges::binary_search(after, key)) {
      layer.erase(Table::item, key);
    }
  }
  for (const Bytes& key : after) {
    layer.put(Table::item, key, {});
  }
}

void raise_absence_floor(WorkLayer& layer, Time until) {
  Bytes value;
  append_little(value, until.ms);
  layer.put(Table::item, key_of(Kind::absence_floor), value);
}

Result<std::vector<std::string>> absences_begun(const Reader& reader, Time until) {
  const std::size_t prefix = key_of(Kind::absence).size() + sizeof(std::int64_t);
  Bytes end = key_of(Kind::absence);
  append_time(end, until.ms + 1);
  std::vector<std::string> found;
  TRY(const auto cursor, absences_from_floor(reader, end));
  for (; cursor->valid(); cursor->next()) {
    std::string id(cursor->key().substr(prefix));
    if (std::ranges::find(found, id) == found.end()) {
      found.push_back(std::move(id));
    }
  }
  TRY_OK(cursor->status());
  return found;
}

Result<std::optional<Time>> first_absence(const Reader& reader) {
  TRY(const auto cursor, absences_from_floor(reader, {}));
  if (!cursor->valid()) {
    TRY_OK(cursor->status());
    return std::nullopt;
  }
  return Time{load_time(cursor->key().data() + key_of(Kind::absence).size())};
}

}  // namespace holdfast::views
