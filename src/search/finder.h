// search/finder.h: resources of one type of which every criterion holds. Inside search/ only.
#pragma once

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

  /// Whether all criteria but `except` hold.
  Result<bool> holds(Candidate& candidate, const Term* except = nullptr);

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

  const Moment& moment_;
  const fhir::TypeId type_;
  std::vector<std::unique_ptr<const Criterion>> joined_;  // borrowed by terms_
  std::vector<TermPtr> terms_;
  std::vector<RowsPtr> streams_;
  std::vector<Term*> asked_;
  std::unique_ptr<Candidate> candidate_;
};

/// Rows in the order of the keys of one criterion that has ranges.
class ValueOrder {
 public:
  ValueOrder(Finder& finder, Term& driver);
  /// Continues after the cursor.
  void seek_after(const PageCursor& cursor);
  /// To the next row of which all holds; false at the end.
  Result<bool> next();
  /// Where next() came to.
  [[nodiscard]] Found found(std::size_t body_bytes_max) const {
    return {scan_->row(), Bytes(scan_->value_key()), candidate_.body(body_bytes_max)};
  }

 private:
  bool open_next();

  Finder& finder_;
  Term& driver_;
  std::vector<KeyRange> ranges_;
  std::size_t range_ = 0;
  std::unique_ptr<KeyScan> scan_;
  bool is_at_found_ = false;
  Candidate candidate_;
  Bytes resume_;  // the first key to look at
};

}  // namespace holdfast::search
