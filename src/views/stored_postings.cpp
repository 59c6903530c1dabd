#include "views/stored_postings.h"

#include <algorithm>

#include "base/hash.h"
#include "views/keys.h"
#include "views/versions.h"

namespace holdfast::views {

Result<void> StoredPostings::fill(Postings& to, fhir::TypeId type, std::string_view id,
                                  const Bytes& body, const fhir::SearchParams& params,
                                  fhir::JsonReader& reader) {
  TRY_OK(reader.read(body, json_));
  fhir::examine(json_.root(), params, sites_, extraction_);
  prepare_postings(prepared_, json_.root(), params, sites_, extraction_);
  fill_postings(to, type, id, prepared_, params, SiteTexts{json_.bytes(), sites_, {}, {}});
  return ok();
}

void PostingSum::add(BytesView key) {
  ++postings;
  digest.add(sha256(key));
}

void keys_in_range(std::vector<Bytes>& keys, const Postings& postings, IndexRange range,
                   RowId row) {
  keys.clear();
  postings.each_row(row, [&](BytesView key) {
    const auto index = index_of_key(key);
    if (index && range.holds(*index)) {
      keys.emplace_back(key);
    }
  });
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys);
  keys.erase(repeated.begin(), repeated.end());
}

Result<IndexSums> sum_indexes(const Reader& reader, const BodyCodec& codec,
                              const fhir::SearchParams& params) {
  IndexSums sums;
  const IndexRange all{0, static_cast<std::uint16_t>(params.index_count())};
  fhir::JsonReader json_reader;
  StoredPostings stored;
  Postings postings;
  std::vector<Bytes> keys;
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    const Bytes prefix = listing_prefix(fhir::TypeId{i});
    const auto listing =
        reader.scan(Table::posting, prefix, after_prefix(prefix), Direction::forward);
    for (; listing->valid(); listing->next()) {
      const RowId row = row_at_end(listing->key());
      TRY(const Body body, read_body(reader, codec, row));
      TRY_OK(
          stored.fill(postings, body.header.type, body.header.id, body.bytes, params, json_reader));
      keys_in_range(keys, postings, all, row);
      for (const Bytes& key : keys) {
        sums.computed.add(key);
      }
    }
    TRY_OK(listing->status());
  }
  const auto cursor =
      reader.scan(Table::posting, index_prefix(fhir::IndexId{0}), Bytes(), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    const auto index = index_of_key(cursor->key());
    if (index && all.holds(*index) && params.is_written(*index)) {
      sums.stored.add(cursor->key());
    }
  }
  TRY_OK(cursor->status());
  return sums;
}

}  // namespace holdfast::views
