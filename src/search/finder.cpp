#include "search/finder.h"

#include <algorithm>
#include <numeric>

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
  const bool in_order = criteria.sort.empty() && finder->lies_in_order();
  for (std::size_t i = 0; i < finder->terms_.size() && !in_order && !finder->has_stream(); ++i) {
    TRY_OK(finder->terms_[i]->know_rows());
  }
  return finder;
}

// One term for each criterion, so that their numbers are the same.
Result<void> Finder::add_terms(const TypeCriteria& criteria) {
  std::vector<bool> joined(criteria.all.size(), false);
  for (std::size_t i = 0; i < criteria.all.size(); ++i) {
    if (joined[i]) {
      terms_.push_back(make_joined_term());
      ++stand_ins_;
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
    TRY(auto term, make_lazy_term(moment_, criteria.type, *criterion));
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

bool Finder::lies_in_order() const {
  return terms_.size() == 1 + stand_ins_ && terms_.front()->range_count() > 0 &&
         terms_.front()->has_one_key_a_row();
}

bool Finder::has_stream() const {
  return std::ranges::any_of(
      terms_, [](const TermPtr& t) { return t->can_stream() && !t->needs_company(); });
}

bool Finder::has_only_lists() const {
  return std::ranges::all_of(terms_, [](const TermPtr& t) { return t->can_stream(); });
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
  counted_.reset();
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

Result<bool> Finder::holds_beside_lists(Candidate& candidate, const Term* except) {
  for (const TermPtr& term : terms_) {
    if (term.get() != except && !term->can_stream()) {
      TRY(const bool held, term->holds(candidate));
      if (!held) {
        return false;
      }
    }
  }
  return true;
}

Result<std::vector<RowId>> Finder::in_lists(std::vector<RowId> rows) {
  for (const TermPtr& term : terms_) {
    if (term->can_stream()) {
      TRY_OK(moment_.budget.spend(rows.size()));
      TRY_OK(term->sift(rows));
    }
  }
  return rows;
}

Result<std::size_t> Finder::count_lists(std::size_t most) {
  if (!counted_) {
    begin(views::Direction::forward);
    counted_ = 0;
  }
  for (; *counted_ < most; next(), ++*counted_) {
    TRY(const auto row, leap());
    if (!row) {
      break;
    }
  }
  return *counted_;
}

// ---- in the order of values -------------------------------------------------------------------

Result<std::vector<std::uint32_t>> places_in_lists(Finder& finder, const std::vector<RowId>& rows) {
  TRY(const auto left, finder.in_lists(rows));
  std::vector<std::uint32_t> places;
  places.reserve(left.size());
  for (std::uint32_t i = 0; places.size() < left.size(); ++i) {
    if (rows[i] == left[places.size()]) {
      places.push_back(i);
    }
  }
  return places;
}

ValueOrder::ValueOrder(Finder& finder, Term& driver)
    : finder_(finder),
      driver_(driver),
      beside_lists_(finder.has_stream()),
      chunk_(beside_lists_ ? sifted_first : 1),
      candidate_(finder.moment()) {}

Result<void> ValueOrder::seek_after(const PageCursor& cursor) {
  TRY(const auto here, driver_.range_with(cursor.key));
  if (!here) {
    return fail(Code::value, "this page link does not fit its search");
  }
  range_ = *here;
  resume_ = cursor.key;
  views::append_row(resume_, RowId{cursor.row.value + 1});
  return ok();
}

// One scan goes through all ranges of an index.
Result<bool> ValueOrder::open_next() {
  if (range_ == driver_.range_count()) {
    return false;
  }
  TRY(const KeyRange range, driver_.range(range_++));
  const Bytes index = range.from.substr(0, sizeof(views::IndexNumber::value));
  if (!scan_ || scanned_ != index) {
    scanned_ = index;
    scan_ = std::make_unique<KeyScan>(finder_.moment(), index);
  }
  scan_->enter(std::max(range.from, resume_), range.until);
  resume_.clear();
  is_inside_ = true;
  return true;
}

// The next keys that may count; false at the end.
Result<bool> ValueOrder::read_ahead() {
  ahead_.clear();
  at_ = 0;
  while (ahead_.size() < chunk_ && keys_read_ + ahead_.size() < keys_max_) {
    if (!is_inside_) {
      TRY(const bool opened, open_next());
      if (!opened) {
        break;
      }
    }
    if (!scan_->valid()) {
      TRY_OK(scan_->status());
      is_inside_ = false;
      continue;
    }
    ahead_.add(scan_->value_key(), scan_->row());
    scan_->next();
  }
  const std::size_t count = ahead_.size();
  keys_read_ += count;
  TRY_OK(finder_.moment().budget.spend(count));
  if (beside_lists_ && count > 0) {
    TRY(places_, places_in_lists(finder_, ahead_.rows()));
    chunk_ = sifted_next(chunk_, places_.size());
  } else {
    places_.resize(count);
    std::iota(places_.begin(), places_.end(), 0U);
  }
  return count > 0;
}

Result<bool> ValueOrder::next() {
  for (;;) {
    while (at_ == places_.size()) {
      TRY(const bool any, read_ahead());
      if (!any) {
        return false;
      }
    }
    const std::size_t here = places_[at_++];
    candidate_.set(ahead_.row(here));
    TRY(bool held, driver_.counts_at(ahead_.value(here), candidate_));
    if (held) {
      TRY(held, beside_lists_ ? finder_.holds_beside_lists(candidate_, &driver_)
                              : finder_.holds(candidate_, &driver_));
    }
    if (held) {
      return true;
    }
  }
}

}  // namespace holdfast::search
