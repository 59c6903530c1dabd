#include "search/finder.h"

#include <algorithm>

#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::search {

Result<std::unique_ptr<Finder>> Finder::make(const Moment& moment, const TypeCriteria& criteria,
                                             const Scope& scope) {
  auto finder = std::make_unique<Finder>(moment, criteria.type);
  for (const Criterion& criterion : criteria.all) {
    TRY(auto term, make_term(moment, criteria.type, criterion));
    finder->terms_.push_back(std::move(term));
  }
  if (!scope.patient.empty()) {
    finder->terms_.push_back(
        make_prefix_term(moment, "the patient's compartment",
                         {views::compartment_prefix(scope.patient, criteria.type)}));
  }
  return finder;
}

bool Finder::has_stream() const {
  return std::ranges::any_of(
      terms_, [](const TermPtr& t) { return t->can_stream() && !t->needs_company(); });
}

Result<bool> Finder::holds(Candidate& candidate, const Term* except) {
  for (const TermPtr& term : terms_) {
    if (term.get() != except) {
      TRY(const bool held, term->holds(candidate));
      if (!held) {
        return false;
      }
    }
  }
  return true;
}

void Finder::begin(views::Direction direction) {
  streams_.clear();
  asked_.clear();
  if (!has_stream()) {
    streams_.push_back(posting_rows(moment_, direction, views::listing_prefix(type_)));
  }
  for (const TermPtr& term : terms_) {
    if (term->can_stream()) {
      streams_.push_back(term->stream(direction));
    } else {
      asked_.push_back(term.get());
    }
  }
  candidate_ = std::make_unique<Candidate>(moment_);
}

Result<std::optional<RowId>> Finder::settle() {
  for (;; next()) {
    TRY(const auto row, leap());
    if (!row) {
      return row;
    }
    candidate_->set(*row);
    bool all = true;
    for (Term* term : asked_) {
      TRY(all, term->holds(*candidate_));
      if (!all) {
        break;
      }
    }
    if (all) {
      return row;
    }
  }
}

// Leaps from one row that all streams have to the next. It costs at most (streams) x (rows of the
// shortest) seeks, whichever is the shortest.
Result<std::optional<RowId>> Finder::leap() {
  const auto ended = [](const Rows& stream) -> Result<std::optional<RowId>> {
    TRY_OK(stream.status());
    return std::optional<RowId>();
  };
  if (!streams_.front()->valid()) {
    return ended(*streams_.front());
  }
  RowId candidate = streams_.front()->row();
  TRY_OK(moment_.budget.spend(1));
  std::size_t agreed = 1;
  for (std::size_t i = 1 % streams_.size(); agreed < streams_.size();
       i = (i + 1) % streams_.size()) {
    Rows& stream = *streams_[i];
    stream.seek(candidate);
    if (!stream.valid()) {
      return ended(stream);
    }
    if (stream.row() == candidate) {
      ++agreed;
      continue;
    }
    candidate = stream.row();
    agreed = 1;
    TRY_OK(moment_.budget.spend(1));
  }
  return std::optional(candidate);
}

// ---- in the order of values -------------------------------------------------------------------

ValueOrder::ValueOrder(Finder& finder, Term& driver)
    : finder_(finder), driver_(driver), ranges_(driver.ranges()), candidate_(finder.moment()) {}

void ValueOrder::seek_after(const PageCursor& cursor) {
  resume_ = cursor.key;
  views::append_row(resume_, RowId{cursor.row.value + 1});
  while (range_ < ranges_.size() && !ranges_[range_].until.empty() &&
         ranges_[range_].until <= resume_) {
    ++range_;
  }
}

bool ValueOrder::open_next() {
  if (range_ == ranges_.size()) {
    return false;
  }
  const KeyRange& range = ranges_[range_++];
  scan_ = std::make_unique<KeyScan>(finder_.moment(), std::max(range.from, resume_), range.until,
                                    views::Direction::forward);
  return true;
}

Result<bool> ValueOrder::next() {
  if (is_at_found_) {
    scan_->next();
    is_at_found_ = false;
  }
  for (;;) {
    if (!scan_ && !open_next()) {
      return false;
    }
    if (!scan_->valid()) {
      TRY_OK(scan_->status());
      scan_.reset();
      continue;
    }
    TRY_OK(finder_.moment().budget.spend(1));
    candidate_.set(scan_->row());
    TRY(bool held, driver_.counts_at(scan_->value_key(), candidate_));
    if (held) {
      TRY(held, finder_.holds(candidate_, &driver_));
    }
    if (held) {
      is_at_found_ = true;
      return true;
    }
    scan_->next();
  }
}

}  // namespace holdfast::search
