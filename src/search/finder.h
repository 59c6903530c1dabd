// search/finder.h: resources of one type of which every criterion holds. Inside search/ only.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/candidate.h"
#include "search/criteria.h"
#include "search/page.h"
#include "search/rows.h"
#include "search/term.h"

namespace holdfast::search {

class Finder {
 public:
  /// Borrows all of them.
  static Result<std::unique_ptr<Finder>> make(const Moment& moment, const TypeCriteria& criteria,
                                              const Scope& scope);
  explicit Finder(const Moment& moment, fhir::TypeId type) : moment_(moment), type_(type) {}

  [[nodiscard]] const Moment& moment() const { return moment_; }
  [[nodiscard]] fhir::TypeId type() const { return type_; }
  [[nodiscard]] const std::vector<TermPtr>& terms() const { return terms_; }
  [[nodiscard]] bool has_stream() const;
  /// No criterion asks bodies.
  [[nodiscard]] bool has_only_lists() const;

  /// Whether all criteria but `except` hold.
  Result<bool> holds(Candidate& candidate, const Term* except = nullptr);
  /// The same of a row that all lists are known to have.
  Result<bool> holds_beside_lists(Candidate& candidate, const Term* except = nullptr);
  /// Of `rows`, which are seen at the moment, those that all lists have, in their order.
  Result<std::vector<RowId>> in_lists(std::vector<RowId> rows);
  /// How many rows the lists have in common, `most` if there are more; with a larger `most` it goes
  /// on where it stopped. begin() again afterwards.
  Result<std::size_t> count_lists(std::size_t most);

  // The rows one after the other: streams are intersected by leaps, then the other criteria are
  // asked. begin() first.
  void begin(views::Direction direction);
  /// The first row at or past where it stands; nothing at the end.
  Result<std::optional<RowId>> settle();
  /// What settle() asked last.
  [[nodiscard]] const Candidate& candidate() const { return *candidate_; }
  void next() { streams_.front()->next(); }
  void seek(RowId row) { streams_.front()->seek(row); }

 private:
  Result<void> add_terms(const TypeCriteria& criteria);
  const Criterion* join(const Criterion& one, const Criterion& other);
  Result<std::optional<RowId>> leap();
  /// One criterion alone whose keys tell all: a page is read in their order.
  [[nodiscard]] bool lies_in_order() const;

  const Moment& moment_;
  const fhir::TypeId type_;
  std::vector<std::unique_ptr<const Criterion>> joined_;  // borrowed by terms_
  std::size_t stand_ins_ = 0;  // terms in the place of criteria that were joined to others
  std::vector<TermPtr> terms_;
  std::vector<RowsPtr> streams_;
  std::vector<Term*> asked_;
  std::optional<std::size_t> counted_;  // rows that count_lists() went past since begin()
  std::unique_ptr<Candidate> candidate_;
};

/// A key of an index: the value and the row.
struct ValueAt {
  Bytes value;
  RowId row;
};

/// Keys of an index, their values one behind the other. Reused.
class KeysAhead {
 public:
  void clear() {
    values_.clear();
    ends_.clear();
    rows_.clear();
  }
  void add(BytesView value, RowId row) {
    values_.append(value);
    ends_.push_back(static_cast<std::uint32_t>(values_.size()));
    rows_.push_back(row);
  }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] BytesView value(std::size_t i) const {
    const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return BytesView(values_).substr(begin, ends_[i] - begin);
  }
  [[nodiscard]] RowId row(std::size_t i) const { return rows_[i]; }
  [[nodiscard]] const std::vector<RowId>& rows() const { return rows_; }

 private:
  Bytes values_;
  std::vector<std::uint32_t> ends_;
  std::vector<RowId> rows_;
};

/// The places in `rows`, which are seen at the moment, of those that all lists have.
Result<std::vector<std::uint32_t>> places_in_lists(Finder& finder, const std::vector<RowId>& rows);

/// So many keys are held against lists together to begin with, then half as many more each time, to
/// the last: a page that is soon full has cost little, and what takes long has its seeks near each
/// other. While as many as sifted_enough pass, it is a quarter: the page will soon be full, and
/// what is read beyond it is in vain.
inline constexpr std::size_t sifted_first = 64;
inline constexpr std::size_t sifted_last = 4096;
inline constexpr std::size_t sifted_enough = 2;
[[nodiscard]] inline std::size_t sifted_next(std::size_t chunk, std::size_t passed) {
  return std::min(chunk + chunk / (passed >= sifted_enough ? 4 : 2), sifted_last);
}

/// Rows in the order of the keys of one criterion that has ranges. Beside lists, keys are read
/// ahead and held against them.
class ValueOrder {
 public:
  ValueOrder(Finder& finder, Term& driver);
  /// Continues after the cursor.
  Result<void> seek_after(const PageCursor& cursor);
  /// So many keys in all may be read, which stops it in between; at first as many as there are.
  void read_at_most(std::size_t keys) { keys_max_ = keys; }
  [[nodiscard]] bool has_stopped() const { return keys_read_ >= keys_max_; }
  /// To the next row of which all holds; false at the end, or where it stopped.
  Result<bool> next();
  /// Where next() came to.
  [[nodiscard]] Found found(std::size_t body_bytes_max) const {
    const std::size_t here = places_[at_ - 1];
    return {ahead_.row(here), Bytes(ahead_.value(here)), candidate_.body(body_bytes_max)};
  }

 private:
  Result<bool> open_next();
  Result<bool> read_ahead();

  Finder& finder_;
  Term& driver_;
  const bool beside_lists_;
  std::size_t range_ = 0;  // the next one
  std::unique_ptr<KeyScan> scan_;
  Bytes scanned_;           // the index that it goes through
  bool is_inside_ = false;  // a range
  KeysAhead ahead_;
  std::vector<std::uint32_t> places_;  // of what the lists have
  std::size_t at_ = 0;                 // in places_
  std::size_t chunk_;
  std::size_t keys_read_ = 0;
  std::size_t keys_max_ = SIZE_MAX;
  Candidate candidate_;
  Bytes resume_;  // the first key to look at
};

}  // namespace holdfast::search
