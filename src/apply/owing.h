// apply/owing.h: the duties to send that an entry makes (docs/adr/0017), and who does its orders
// from then on (docs/adr/0026).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apply/apply.h"
#include "base/result.h"
#include "decide/prepared.h"
#include "model/outcome.h"
#include "views/outbox.h"
#include "views/postings.h"
#include "views/providers.h"
#include "views/stored_postings.h"
#include "views/touched.h"

namespace holdfast::apply {

/// Of one entry: what its operations owe is noted while each is written, since what a version is
/// found by says whom it is about; the rows are written at the end, when the last row is known.
class Owing {
 public:
  /// All of them outlive it.
  Owing(const decide::Prepared& prepared, const Outcome& outcome, const EntryFacts& facts,
        const Tools& tools);

  /// Operation `index` has written `row`, which is found by `postings`.
  void note(std::size_t index, RowId row, const views::Postings& postings);
  /// Code::corrupt where the Outcome owes what nobody wrote.
  Result<void> write(views::WorkLayer& work, views::State& state, views::Touched& touched,
                     views::StoredPostings& stored);

 private:
  /// What may become a duty, in the order of duties_of(): what is owed, then what providers hear.
  struct Due {
    const Delivery* delivery = nullptr;
    RowId row;                           ///< of one that names a resource
    const Provider* provider = nullptr;  ///< null: it is owed
    std::optional<views::Duty> duty;     ///< once it was noted
  };
  /// Of one that names a resource: the version that the Outcome says.
  Result<views::Duty> named(const Due& due, const views::WorkLayer& work, const views::State& state,
                            views::StoredPostings& stored) const;
  Result<void> provide(Due& due, views::WorkLayer& work, views::State& state,
                       views::Touched& touched);
  Result<void> owe(const std::string& channel, views::Duty duty, views::WorkLayer& work,
                   views::State& state, views::Touched& touched);
  [[nodiscard]] std::string lane_of(std::size_t index, const views::Postings& postings) const;

  const decide::Prepared& prepared_;
  const Outcome& outcome_;
  const EntryFacts& facts_;
  const Tools& tools_;
  std::vector<Due> dues_;
  std::size_t owed_ = 0;      ///< so many of what is owed were noted
  std::size_t provided_ = 0;  ///< and the place of the next of what providers hear
  std::uint32_t made_ = 0;    ///< duties that have a number
};

}  // namespace holdfast::apply
