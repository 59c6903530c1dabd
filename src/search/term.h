// search/term.h: a criterion at a moment: what it can say about rows, and at what price. Inside
// search/ only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "search/candidate.h"
#include "search/criterion.h"
#include "search/moment.h"
#include "search/rows.h"

namespace holdfast::search {

class Term {
 public:
  Term() = default;
  Term(const Term&) = delete;
  Term& operator=(const Term&) = delete;
  virtual ~Term() = default;

  /// It knows its rows in their order.
  [[nodiscard]] virtual bool can_stream() const = 0;
  /// Those rows, if it can.
  [[nodiscard]] virtual RowsPtr stream(views::Direction direction) const = 0;
  /// If it can: leaves of `rows`, which are seen at the moment, those of which it holds. They come
  /// in any order, and keep it.
  virtual Result<void> sift(std::vector<RowId>& rows) {
    return sift_by(*stream(views::Direction::forward), rows);
  }
  /// Whether it holds of a row that is seen at the moment.
  virtual Result<bool> holds(Candidate& candidate) = 0;
  // The ranges of keys where its rows lie in the order of their values, apart, and each within one
  // index; counts_at() says which of those keys count. Of values those come first that were asked
  // for literally, and then they are sorted.
  [[nodiscard]] virtual std::size_t range_count() const { return 0; }
  virtual Result<KeyRange> range(std::size_t /*n*/) {
    return fail(Code::unsupported, "a criterion without ranges");
  }
  /// Which of them has the key; nothing if none has.
  virtual Result<std::optional<std::size_t>> range_with(BytesView /*key*/) {
    return std::optional<std::size_t>();
  }
  /// Whether the criterion holds of the candidate by the value of this key (without its row), and
  /// by that of no smaller key in the ranges: each row counts once.
  virtual Result<bool> counts_at(BytesView /*key*/, Candidate& candidate) {
    return holds(candidate);
  }
  /// A row has at most one key in the ranges: counts_at() needs no body for that.
  [[nodiscard]] virtual bool has_one_key_a_row() const { return false; }
  /// Called before anything is asked, where nothing else streams: reads its rows if it can,
  /// although that may cost more than to ask it, or than a page in the order of its ranges.
  virtual Result<void> know_rows() { return ok(); }
  /// How it will be answered, for people.
  [[nodiscard]] virtual std::string explain() const = 0;
  /// Rows alone do not say that something is there (an interval of rows).
  [[nodiscard]] virtual bool needs_company() const { return false; }
};
using TermPtr = std::unique_ptr<Term>;

/// `criterion` of resources of `type`. Borrows both, and the moment.
[[nodiscard]] Result<TermPtr> make_term(const Moment& moment, fhir::TypeId type,
                                        const Criterion& criterion);
/// The same, before know_rows().
[[nodiscard]] Result<TermPtr> make_lazy_term(const Moment& moment, fhir::TypeId type,
                                             const Criterion& criterion);
/// What has more than a few values and keys is not read yet: know_rows(), which make_term() calls.
[[nodiscard]] Result<TermPtr> make_value_term(const Moment& moment, const Criterion& criterion);
/// In the place of a criterion that was joined to one before it.
[[nodiscard]] TermPtr make_joined_term();
/// Of these two the rows are not read yet if they are many: know_rows(), which make_term() calls.
[[nodiscard]] Result<TermPtr> make_chain_term(const Moment& moment, const Criterion& criterion);
[[nodiscard]] Result<TermPtr> make_has_term(const Moment& moment, fhir::TypeId type,
                                            const Criterion& criterion);
/// `parts` together, or any of them.
[[nodiscard]] Result<TermPtr> make_group_term(const Moment& moment, fhir::TypeId type,
                                              const Criterion& criterion);
/// Rows with any of these prefixes.
[[nodiscard]] TermPtr make_prefix_term(const Moment& moment, std::string what,
                                       std::vector<Bytes> prefixes);

}  // namespace holdfast::search
