// cli/journal_fold.h: the journal folded without any view: what its entries say of each version of
// each resource, summed into the state digest. Needs the memory of one entry, whatever the size of
// the record. It shares no row with the views, so that the two can be held against each other.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/result.h"
#include "fhir/json.h"
#include "journal/merkle.h"
#include "journal/record.h"
#include "model/outcome.h"
#include "views/state.h"

namespace holdfast::cli {

class JournalFold {
 public:
  /// The entry after the last one. Code::corrupt where it cannot be what we wrote; unsupported for
  /// an entry that has been redacted, whose facts nobody can compute any more.
  Result<void> add(const journal::Record& record);

  [[nodiscard]] Position position() const { return position_; }
  [[nodiscard]] const Hash& chain() const { return chain_; }
  [[nodiscard]] const views::Digest& digest() const { return digest_; }
  /// RFC 6962 root over the entries added.
  [[nodiscard]] Hash root() const { return tree_.root(); }
  [[nodiscard]] std::uint64_t versions() const { return versions_; }

 private:
  Result<void> add_command(const journal::Record& record);
  /// What decide made beside the operations.
  Result<void> add_made(const Outcome& outcome, const journal::Header& header);

  fhir::JsonReader reader_;
  fhir::Json json_;
  Position position_;
  Hash chain_;
  views::Digest digest_;
  journal::Frontier tree_;
  std::uint64_t versions_ = 0;
};

}  // namespace holdfast::cli
