#include "views/facts.h"

#include <string>

#include "base/hash.h"
#include "views/keys.h"
#include "views/postings.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

std::unexpected<Error> disagree(RowId row, const char* what) {
  return fail(Code::corrupt, "view: row " + std::to_string(row.value) + ": " + what);
}

Hash body_hash_of(const Body& body) {
  return body.header.presence == Presence::deleted ? Hash{} : sha256(body.bytes);
}

// A body must be findable by its type, id and version, under this row.
Result<void> check_versions(const Reader& reader, const BodyHeader& header, RowId row,
                            Facts& facts) {
  TRY(const auto current, read_current(reader, header.type, header.id));
  if (!current) {
    return disagree(row, "its resource has no current version");
  }
  TRY(const auto found, read_version(reader, header.type, header.id, header.version));
  if (!found || *found != row) {
    return disagree(row, "type, id and version lead to another row");
  }
  if (current->row != row) {
    return ok();
  }
  if (current->presence != header.presence) {
    return disagree(row, "current says otherwise about its deletion");
  }
  if (header.presence == Presence::deleted) {
    ++facts.deleted;
    return ok();
  }
  ++facts.resources;
  Bytes listed = listing_prefix(header.type).key;
  append_row(listed, row);
  TRY(const auto posting, reader.get(Table::posting, listed));
  if (!posting) {
    return disagree(row, "it is current but not listed");
  }
  return ok();
}

Result<std::uint64_t> count_rows(const Reader& reader, Table table, BytesView prefix) {
  const Bytes until = after_prefix(prefix);
  const auto cursor = reader.scan(table, prefix, until, Direction::forward);
  std::uint64_t count = 0;
  for (; cursor->valid(); cursor->next()) {
    ++count;
  }
  TRY_OK(cursor->status());
  return count;
}

}  // namespace

Result<Facts> digest_of_view(const Reader& reader, const BodyCodec& codec) {
  Facts facts;
  const auto cursor = reader.scan(Table::body, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key().size() != row_key_bytes) {
      return fail(Code::corrupt, "view: a body key that is no row");
    }
    const RowId row = row_at_end(cursor->key());
    if (row.value != facts.last_row.value + 1) {
      return disagree(RowId{facts.last_row.value + 1}, "it is missing");
    }
    facts.last_row = row;
    TRY(const Body body, codec.decode(cursor->value()));
    facts.digest.add(version_fact(fhir::name(body.header.type), body.header.id, body.header.version,
                                  body_hash_of(body)));
    TRY_OK(check_versions(reader, body.header, row, facts));
  }
  TRY_OK(cursor->status());
  TRY(const std::uint64_t current, count_rows(reader, Table::current, {}));
  if (current != facts.resources + facts.deleted) {
    return fail(Code::corrupt, "view: current names " + std::to_string(current) +
                                   " resources, the bodies " +
                                   std::to_string(facts.resources + facts.deleted));
  }
  Bytes listing;
  append_big(listing, index_number::listing.value);
  TRY(facts.listed, count_rows(reader, Table::posting, listing));
  if (facts.listed != facts.resources) {
    return fail(Code::corrupt, "view: the listing has " + std::to_string(facts.listed) +
                                   " rows for " + std::to_string(facts.resources) + " resources");
  }
  return facts;
}

}  // namespace holdfast::views
