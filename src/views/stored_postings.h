// views/stored_postings.h: the postings of versions as they are stored, computed from their bodies
// by the same code that wrote them; and sums over postings, to compare what should be with what is.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/search_params.h"
#include "fhir/sites.h"
#include "views/body.h"
#include "views/extracted.h"
#include "views/kv.h"
#include "views/postings.h"
#include "views/state.h"

namespace holdfast::views {

/// Reused from one body to the next. One thread.
class StoredPostings {
 public:
  /// Empties `to`, then adds what search finds this version by under `params`, if it is current.
  /// `type` and `id` are the version's. Code::corrupt or syntax if the body is no JSON.
  Result<void> fill(Postings& to, fhir::TypeId type, std::string_view id, const Bytes& body,
                    const fhir::SearchParams& params, fhir::JsonReader& reader);

 private:
  fhir::Json json_;
  fhir::Sites sites_;
  fhir::Extraction extraction_;
  PreparedPostings prepared_;
};

/// A multiset of rows of the posting table, as a sum (Digest) and a count.
struct PostingSum {
  std::uint64_t postings = 0;
  Digest digest;
  bool operator==(const PostingSum&) const = default;

  void add(BytesView key);
};

/// Indexes numbered from `first` on, before `until`.
struct IndexRange {
  std::uint16_t first = 0;
  std::uint16_t until = 0;
  bool operator==(const IndexRange&) const = default;
  [[nodiscard]] bool holds(fhir::IndexId id) const { return id.value >= first && id.value < until; }
};

/// Takes the keys of `range` among `postings`, with `row` behind them, each once. `keys` is reused.
void keys_in_range(std::vector<Bytes>& keys, const Postings& postings, IndexRange range, RowId row);

/// Compares all indexes of `params` with what the bodies of current resources give, in one moment:
/// `computed` and `stored` are equal in a sound view. Of indexes that are not written, nothing is
/// looked at. Reads every current body.
struct IndexSums {
  PostingSum computed;
  PostingSum stored;
};
[[nodiscard]] Result<IndexSums> sum_indexes(const Reader& reader, const BodyCodec& codec,
                                            const fhir::SearchParams& params);

}  // namespace holdfast::views
