// search/moment.h: what all parts of one search share: the record at one moment, and how much of it
// may be looked at. Inside search/ only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "fhir/search_params.h"
#include "views/body.h"
#include "views/kv.h"

namespace holdfast::search {

/// Work is counted, not timed, so that an answer does not depend on the machine. A key counts one.
class Budget {
 public:
  /// Reading a body and taking it apart costs about as much as so many keys.
  static constexpr std::uint64_t body_cost = 20;

  explicit Budget(std::uint64_t most) : most_(most) {}
  Result<void> spend(std::uint64_t cost) {
    spent_ += cost;
    if (spent_ > most_) {
      return fail(Code::too_costly,
                  "this search would look at more than " + std::to_string(most_) +
                      " candidates; narrow it by another parameter, or do not ask for the total");
    }
    return ok();
  }
  [[nodiscard]] std::uint64_t spent() const { return spent_; }

 private:
  const std::uint64_t most_;
  std::uint64_t spent_ = 0;
};

class HotLists;
class Vocabulary;

struct Moment {
  const views::Reader& reader;
  const views::BodyCodec& codec;
  const fhir::SearchParams& params;
  RowId row_max;        ///< rows above are not seen
  RowId newest;         ///< the last row there is
  Position position;    ///< what was removed after it is still seen
  bool latest = false;  ///< nothing was: the undo table need not be asked
  Position undo_gone;   ///< of what was removed up to there the undo table has nothing
  HotLists* lists;      ///< null: none are kept
  Time now;             ///< of the snapshot
  Budget& budget;
  Vocabulary& vocabulary;
};

/// Where postings lie that the moment sees.
[[nodiscard]] inline std::span<const views::Table> tables_seen(const Moment& moment) {
  static constexpr std::array both{views::Table::posting, views::Table::undo};
  return std::span(both).first(moment.latest ? 1 : 2);
}

}  // namespace holdfast::search
