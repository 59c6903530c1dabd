// node/index_build.h: makes the indexes that new definitions need, while the old ones serve;
// docs/adr/0012. Some resources at a time, from the store's only writer: between two steps it may
// write whatever else it has.
//
// 1. put:  for each current resource of the types in question, the postings of the new indexes.
// Those
//          made under the new definitions have them already; putting them again changes nothing.
// 2. sum:  in one snapshot, what the bodies give and what lies in the indexes, to the last posting.
// 3. Only if both are equal the indexes count as complete, and the store is flushed. Then the epoch
//    may be activated.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "node/epochs.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/postings.h"
#include "views/stored_postings.h"

namespace holdfast::node {

/// How far it is, for people. From any thread.
struct BuildCounts {
  std::atomic<std::uint64_t> resources = 0;  ///< done, in both passes
  std::atomic<std::uint64_t> of = 0;         ///< to do, in both passes; 0: nothing is being built
};

class IndexBuild {
 public:
  /// Borrows all.
  IndexBuild(views::Kv& kv, const views::BodyCodec& codec, const Epochs& epochs,
             BuildCounts& counts)
      : kv_(kv), codec_(codec), epochs_(epochs), counts_(counts) {}

  /// Does a little of what there is to do; whether there is more. Everything that the store holds
  /// when it returns is consistent: a crash goes on where it was. Errors of the store;
  /// Code::corrupt when the sums differ: then the indexes stay incomplete, and it does not try
  /// again.
  Result<bool> step();

  /// The newest epoch, once its indexes are complete and flushed and searches do not go by it yet.
  /// Each call of step() that returns false may make it appear.
  [[nodiscard]] const std::optional<Activation>& ready() const { return ready_; }

 private:
  Result<bool> step_on();
  enum class Stage : std::uint8_t { look, put, sum_bodies, sum_indexes };

  Result<bool> look();
  Result<bool> put_some();
  Result<bool> sum_some_bodies();
  Result<bool> sum_some_postings();
  Result<bool> finish();
  Result<void> resume(const views::Reader& reader);
  void start_pass();
  /// Takes up to `limit` rows of the listing from where the pass is, up to `last_`.
  struct Rows {
    std::vector<RowId> rows;
    bool pass_ended = false;
  };
  Result<Rows> next_rows(const views::Reader& reader);
  Result<void> read_keys(const views::Reader& reader, RowId row);

  views::Kv& kv_;
  const views::BodyCodec& codec_;
  const Epochs& epochs_;
  BuildCounts& counts_;
  fhir::JsonReader json_reader_;
  views::StoredPostings stored_;
  views::Postings postings_;
  std::vector<Bytes> keys_;

  Stage stage_ = Stage::look;
  const Epoch* settled_ = nullptr;               ///< nothing is left to do for it
  const Epoch* epoch_ = nullptr;                 ///< the one that is built
  Position definitions_;                         ///< its position
  views::IndexRange range_;                      ///< what is missing
  std::vector<fhir::TypeId> types_;              ///< that those indexes belong to
  std::size_t type_ = 0;                         ///< of types_: where the pass is
  RowId next_;                                   ///< and from which row of it on
  RowId last_;                                   ///< the last row that the pass is about
  std::shared_ptr<const views::Reader> moment_;  ///< of the sums
  views::PostingSum computed_;
  views::PostingSum found_;
  Bytes next_key_;
  std::uint64_t resources_ = 0;  ///< of the first pass
  std::optional<Activation> ready_;
};

}  // namespace holdfast::node
