#include "views/facts.h"

#include <string>

#include "base/check.h"
#include "base/hash.h"
#include "views/items.h"
#include "views/keys.h"
#include "views/messages.h"
#include "views/outbox.h"
#include "views/postings.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

Hash body_hash_of(const Body& body) {
  return body.header.presence == Presence::deleted ? Hash{} : sha256(body.bytes);
}

// That this version lies in this row. The key of the resource says itself where it ends.
Hash pointer_fact(BytesView resource, const Current& at) {
  Bytes text(resource);
  append_varint(text, at.version.value);
  append_varint(text, at.row.value);
  text.push_back(static_cast<char>(at.presence));
  return sha256(text);
}

// That a version of a resource of this type is found by its type, in this row.
Hash listing_fact(char type, RowId row) {
  Bytes text(1, type);
  append_row(text, row);
  return sha256(text);
}

Result<void> check_pointer(const Pointer& pointer) {
  return pointer.resource.empty() || pointer.at.row > row_max
             ? Result<void>(fail(Code::corrupt,
                                 "view: a row of current or history that nobody can have written"))
             : ok();
}

Result<void> read_current_rows(const Reader& reader, IndexFacts& facts) {
  const auto cursor = reader.scan(Table::current, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const Pointer pointer, current_at(*cursor));
    facts.versions.add(pointer_fact(pointer.resource, pointer.at));
    TRY_OK(check_pointer(pointer));
    if (pointer.at.presence == Presence::deleted) {
      ++facts.deleted;
      facts.superseded.add(listing_fact(pointer.resource.front(), pointer.at.row));
      continue;
    }
    ++facts.resources;
    facts.present.add(listing_fact(pointer.resource.front(), pointer.at.row));
  }
  return cursor->status();
}

Result<void> read_past_rows(const Reader& reader, IndexFacts& facts) {
  const auto cursor = reader.scan(Table::history, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const Pointer pointer, past_at(*cursor));
    TRY_OK(check_pointer(pointer));
    facts.versions.add(pointer_fact(pointer.resource, pointer.at));
    facts.superseded.add(listing_fact(pointer.resource.front(), pointer.at.row));
  }
  return cursor->status();
}

Result<void> read_past_listing(const Reader& reader, IndexFacts& facts) {
  const auto cursor = reader.scan(Table::past, {}, {}, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key().size() != 1 + row_key_bytes) {
      return fail(Code::corrupt, "view: a row of past that nobody can have written");
    }
    facts.past.add(listing_fact(cursor->key().front(), row_at_end(cursor->key())));
  }
  return cursor->status();
}

Result<void> read_listing(const Reader& reader, IndexFacts& facts) {
  Bytes listing;
  append_big(listing, index_number::listing.value);
  const Bytes until = after_prefix(listing);
  const auto cursor = reader.scan(Table::posting, listing, until, Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    const BytesView key = cursor->key();
    if (key.size() != listing.size() + 1 + row_key_bytes) {
      return fail(Code::corrupt, "view: a row of the listing that nobody can have written");
    }
    ++facts.listings;
    facts.listed.add(listing_fact(key[listing.size()], row_at_end(key)));
  }
  return cursor->status();
}

}  // namespace

Result<BodyFacts> read_bodies(const Reader& reader, const BodyCodec& codec, RowId first,
                              std::optional<RowId> until) {
  BodyFacts facts;
  facts.first = first;
  facts.last = RowId{first.value - 1};
  const auto cursor = reader.scan(Table::body, body_key(first), until ? body_key(*until) : Bytes(),
                                  Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key().size() != row_key_bytes) {
      return fail(Code::corrupt, "view: a body key that is no row");
    }
    const RowId row = row_at_end(cursor->key());
    const RowId expected{facts.last.value + 1};
    if (row != expected) {
      break;  // said below
    }
    facts.last = row;
    TRY(const Body body, codec.decode(cursor->value()));
    const BodyHeader& header = body.header;
    facts.digest.add(
        version_fact(fhir::name(header.type), header.id, header.version, body_hash_of(body)));
    facts.versions.add(
        pointer_fact(current_key(header.type, header.id), {row, header.version, header.presence}));
  }
  TRY_OK(cursor->status());
  if (cursor->valid() || (until && facts.last.value + 1 != until->value)) {
    return fail(Code::corrupt,
                "view: row " + std::to_string(facts.last.value + 1) + ": it is missing");
  }
  return facts;
}

Result<IndexFacts> read_indexes(const Reader& reader) {
  IndexFacts facts;
  TRY_OK(read_current_rows(reader, facts));
  TRY_OK(read_past_rows(reader, facts));
  TRY_OK(read_past_listing(reader, facts));
  TRY_OK(read_listing(reader, facts));
  TRY(facts.messages, digest_of_messages(reader));
  TRY(facts.outbox, digest_of_outbox(reader));
  TRY(facts.before, digest_of_before(reader));
  return facts;
}

Result<Facts> compare(std::span<const BodyFacts> bodies, const IndexFacts& indexes) {
  Facts facts;
  Digest versions;
  for (const BodyFacts& part : bodies) {
    check(part.first.value == facts.last_row.value + 1, "the parts follow one another");
    facts.last_row = part.last;
    facts.digest.add(part.digest);
    versions.add(part.versions);
  }
  if (versions != indexes.versions) {
    return fail(Code::corrupt,
                "view: current and history do not lead to the bodies that are there");
  }
  if (indexes.listed != indexes.present) {
    return fail(Code::corrupt, "view: the listing has " + std::to_string(indexes.listings) +
                                   " rows for " + std::to_string(indexes.resources) +
                                   " resources, or other ones");
  }
  if (indexes.past != indexes.superseded) {
    return fail(Code::corrupt,
                "view: past does not have exactly the versions that are no longer current");
  }
  facts.digest.add(indexes.messages);
  facts.digest.add(indexes.outbox);
  facts.digest.add(indexes.before);
  facts.resources = indexes.resources;
  facts.deleted = indexes.deleted;
  facts.listed = indexes.listings;
  return facts;
}

Result<Facts> digest_of_view(const Reader& reader, const BodyCodec& codec) {
  TRY(const BodyFacts bodies, read_bodies(reader, codec, RowId{1}, std::nullopt));
  TRY(const IndexFacts indexes, read_indexes(reader));
  TRY_OK(check_items(reader, codec));
  return compare({&bodies, 1}, indexes);
}

}  // namespace holdfast::views
