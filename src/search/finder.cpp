#include "search/finder.h"

#include <algorithm>

#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::search {
namespace {

/// Values that one range may be joined of.
constexpr std::size_t joined_values_max = 64;

/// Ranges of a value of which a resource has one at most.
bool can_be_joined(const Moment& moment, const Criterion& criterion) {
  if (criterion.kind != Criterion::Kind::value || criterion.negated ||
      !can_be_both(criterion.param->kind)) {
    return false;
  }
  const auto& uses = criterion.param->uses;
  return uses.size() == 1 && !moment.params.index(uses.front().index).repeats;
}

}  // namespace

Result<std::unique_ptr<Finder>> Finder::make(const Moment& moment, const TypeCriteria& criteria,
                                             const Scope& scope) {
  auto finder = std::make_unique<Finder>(moment, criteria.type);
  TRY_OK(finder->add_terms(criteria));
  if (!scope.patient.empty()) {
    finder->terms_.push_back(
        make_prefix_term(moment, "the patient's compartment",
                         {views::compartment_prefix(scope.patient, criteria.type)}));
  }
  return finder;
}

// One term for each criterion, so that their numbers are the same.
Result<void> Finder::add_terms(const TypeCriteria& criteria) {
  std::vector<bool> joined(criteria.all.size(), false);
  for (std::size_t i = 0; i < criteria.all.size(); ++i) {
    if (joined[i]) {
      terms_.push_back(make_joined_term());
      continue;
    }
    const Criterion* criterion = &criteria.all[i];
    if (can_be_joined(moment_, *criterion)) {
      for (std::size_t k = i + 1; k < criteria.all.size(); ++k) {
        const Criterion& other = criteria.all[k];
        if (other.param == criterion->param && can_be_joined(moment_, other) &&
            criterion->any.size() * other.any.size() <= joined_values_max) {
          criterion = join(*criterion, other);
          joined[k] = true;
        }
      }
    }
    TRY(auto term, make_term(moment_, criteria.type, *criterion));
    terms_.push_back(std::move(term));
  }
  return ok();
}

const Criterion* Finder::join(const Criterion& one, const Criterion& other) {
  auto both = std::make_unique<Criterion>(one);
  both->any.clear();
  for (const ValueQueryPtr& a : one.any) {
    for (const ValueQueryPtr& b : other.any) {
      both->any.push_back(both_query(a, b));
    }
  }
  joined_.push_back(std::move(both));
  return joined_.back().get();
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
