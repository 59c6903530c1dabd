// search/link_terms.cpp: criteria on other resources: chains and _has. Few matching resources there
// become posting lists or a set here; of many, each candidate is followed to where it leads.
// https://hl7.org/fhir/R4/search.html#chaining, #has
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "search/hot_lists.h"
#include "search/term.h"
#include "views/postings.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

/// Resources at the other end that are found first; of more, candidates are followed.
constexpr std::size_t others_max = 1000;
/// So many bodies there are read at once; of more, candidates are followed first, since a page may
/// need few of them.
constexpr std::size_t others_read_first = 64;
/// The lists of so many others are merged, whatever else could be done; those of more are rather
/// read one after the other.
constexpr std::size_t streams_first = 16;
/// Answers about other resources that are remembered.
constexpr std::size_t remembered_max = 100'000;

/// The rows of a term that streams, at most others_max; nothing if there are more.
Result<std::optional<std::vector<RowId>>> few_rows(const Moment& moment, const Term& term) {
  if (!term.can_stream() || term.needs_company()) {
    return std::optional<std::vector<RowId>>();
  }
  std::vector<RowId> rows;
  const RowsPtr stream = term.stream(views::Direction::forward);
  for (; stream->valid(); stream->next()) {
    if (rows.size() == others_max) {
      return std::optional<std::vector<RowId>>();
    }
    TRY_OK(moment.budget.spend(1));
    rows.push_back(stream->row());
  }
  TRY_OK(stream->status());
  return std::optional(std::move(rows));
}

bool counts(const fhir::IndexUse& use, fhir::TypeId target) {
  return !use.only || *use.only == target;
}

/// A row leads to one resource at most by the parameter.
bool has_one_target(const Moment& moment, const fhir::SearchParam& param) {
  return param.uses.size() == 1 && !moment.params.index(param.uses.front().index).leads_to_several;
}

class ChainTerm final : public Term {
 public:
  ChainTerm(const Moment& moment, const Criterion& criterion)
      : moment_(moment), criterion_(criterion), other_(moment) {}

  Result<void> prepare() {
    few_ = true;
    for (const Criterion::Inner& inner : criterion_.inner) {
      TRY(auto term, make_term(moment_, inner.type, *inner.criterion));
      if (few_) {
        TRY(const auto rows, few_rows(moment_, *term));
        few_ = rows.has_value();
        for (std::size_t i = 0; rows && i < rows->size(); ++i) {
          others_.push_back({inner.type, (*rows)[i]});
        }
      }
      inner_.push_back(std::move(term));
    }
    const bool lies_in_order =
        others_.size() > streams_first && has_one_target(moment_, *criterion_.param);
    return few_ && !lies_in_order ? know_rows() : ok();
  }
  Result<void> know_rows() override {
    if (few_) {
      TRY_OK(find_lists());
    }
    streams_ = few_;
    return ok();
  }

  bool can_stream() const override { return streams_; }
  RowsPtr stream(views::Direction direction) const override { return by_lists_->stream(direction); }
  Result<void> sift(std::vector<RowId>& rows) override { return by_lists_->sift(rows); }
  Result<bool> holds(Candidate& candidate) override {
    // To follow as many candidates as there are others costs no more than to find all lists.
    if (few_ && !by_lists_ && ++followed_ > others_.size()) {
      TRY_OK(find_lists());
    }
    return by_lists_ ? by_lists_->holds(candidate) : follow(candidate);
  }

  // In the order of the others: their ids, which the keys begin with, are read one by one.
  std::size_t range_count() const override { return few_ && !streams_ ? others_.size() : 0; }
  Result<KeyRange> range(std::size_t n) override {
    KeyRange range;
    TRY(range.from, prefix_of(others_[n], criterion_.param->uses.front()));
    range.until = views::after_prefix(range.from);
    range.exact = true;
    return range;
  }
  Result<std::optional<std::size_t>> range_with(BytesView key) override {
    const auto target = target_in(views::form_in_key(key));
    return target ? place_of(*target) : std::optional<std::size_t>();
  }
  bool has_one_key_a_row() const override { return has_one_target(moment_, *criterion_.param); }
  Result<bool> counts_at(BytesView /*key*/, Candidate& /*candidate*/) override { return true; }

  std::string explain() const override {
    return by_lists_ ? by_lists_->explain()
           : few_    ? fmt::format(
                        "{} posting list(s), one after the other: references to what the "
                           "inner criterion finds",
                        others_.size())
                  : "each candidate is followed to the resource it refers to";
  }

 private:
  struct Other {
    fhir::TypeId type;
    RowId row;
  };

  Result<Bytes> prefix_of(const Other& other, const fhir::IndexUse& use) const {
    TRY(const Bytes target, target_of(other));
    return views::index_prefix(use.index) + target;
  }

  // A look at a body costs more than all that is then read behind the key.
  Result<Bytes> target_of(const Other& other) const {
    if (moment_.lists != nullptr) {
      if (auto known = moment_.lists->ids().find(other.row)) {
        return *std::move(known);
      }
    }
    TRY(const views::BodyHeader header, views::read_body_header(moment_.reader, other.row));
    Bytes target;
    views::append_target(target, other.type, header.id);
    if (moment_.lists != nullptr) {
      moment_.lists->ids().keep(other.row, target);
    }
    return target;
  }

  Result<void> find_lists() {
    std::vector<Bytes> prefixes;
    for (const Other& other : others_) {
      for (const fhir::IndexUse& use : criterion_.param->uses) {
        if (counts(use, other.type)) {
          TRY(Bytes prefix, prefix_of(other, use));
          prefixes.push_back(std::move(prefix));
        }
      }
    }
    by_lists_ = make_prefix_term(moment_, "references to what the inner criterion finds",
                                 std::move(prefixes));
    return ok();
  }

  /// Which of the others it is.
  Result<std::optional<std::size_t>> place_of(const Target& target) {
    TRY(const auto current,
        views::read_as_of(moment_.reader, target.type, target.id, moment_.row_max));
    if (!current || current->presence != views::Presence::present) {
      return std::optional<std::size_t>();
    }
    const auto here = std::ranges::find_if(others_, [&](const Other& other) {
      return other.type == target.type && other.row == current->row;
    });
    return here == others_.end() ? std::nullopt
                                 : std::optional<std::size_t>(here - others_.begin());
  }

  Result<bool> follow(Candidate& candidate) {
    TRY_OK(candidate.load());
    std::vector<Target> targets;
    for (const fhir::ExtractedValue& value : candidate.values()) {
      for (const fhir::IndexUse& use : criterion_.param->uses) {
        if (use.index != value.index) {
          continue;
        }
        const views::Forms& forms = candidate.forms(value);
        for (std::size_t i = 0; i < forms.size(); ++i) {
          if (auto target = target_in(forms[i]); target && counts(use, target->type)) {
            targets.push_back(*std::move(target));
          }
        }
      }
    }
    for (const Target& target : targets) {
      TRY(const bool held, holds_of(target));
      if (held) {
        return true;
      }
    }
    return false;
  }

  Result<bool> holds_of(const Target& target) {
    if (const auto known = known_.find(target); known != known_.end()) {
      return known->second;
    }
    TRY(const bool held, find_out(target));
    if (known_.size() == remembered_max) {
      known_.clear();
    }
    known_.emplace(target, held);
    return held;
  }

  Result<bool> find_out(const Target& target) {
    if (few_) {
      TRY(const auto place, place_of(target));
      return place.has_value();
    }
    TRY(const auto current,
        views::read_as_of(moment_.reader, target.type, target.id, moment_.row_max));
    if (!current || current->presence != views::Presence::present) {
      return false;
    }
    other_.set(current->row);
    bool held = false;
    for (std::size_t i = 0; i < inner_.size() && !held; ++i) {
      if (criterion_.inner[i].type == target.type) {
        TRY(held, inner_[i]->holds(other_));
      }
    }
    return held;
  }

  const Moment& moment_;
  const Criterion& criterion_;
  std::vector<TermPtr> inner_;
  bool few_ = false;           // the others are known
  std::vector<Other> others_;  // of which the inner criterion holds, as long as they are few
  std::size_t followed_ = 0;
  bool streams_ = false;  // from the beginning
  TermPtr by_lists_;
  Candidate other_;
  std::map<Target, bool> known_;
};

class HasTerm final : public Term {
 public:
  HasTerm(const Moment& moment, fhir::TypeId type, const Criterion& criterion)
      : moment_(moment), type_(type), criterion_(criterion), other_(moment) {}

  Result<void> prepare() {
    TRY(inner_, make_term(moment_, criterion_.inner[0].type, *criterion_.inner[0].criterion));
    TRY(others_, few_rows(moment_, *inner_));
    return others_ && others_->size() <= others_read_first ? know_rows() : ok();
  }
  Result<void> know_rows() override {
    if (others_ && !few_) {
      TRY_OK(find_targets(*others_));
    }
    streams_ = few_ != nullptr;
    return ok();
  }

  bool can_stream() const override { return streams_; }
  RowsPtr stream(views::Direction direction) const override { return known_rows(direction, few_); }
  Result<bool> holds(Candidate& candidate) override {
    // To follow as many candidates as there are bodies to read costs no more than to read them.
    if (!few_ && others_ && ++followed_ > others_->size()) {
      TRY_OK(find_targets(*others_));
    }
    if (few_) {
      return std::ranges::binary_search(*few_, candidate.row());
    }
    TRY_OK(moment_.budget.spend(1));
    TRY(const views::BodyHeader header, candidate.read_header());
    const auto& uses = criterion_.param->uses;
    scans_.resize(uses.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (!counts(uses[i], type_)) {
        continue;
      }
      Bytes prefix = views::index_prefix(uses[i].index);
      if (!scans_[i]) {
        scans_[i] = std::make_unique<KeyScan>(moment_, prefix);
      }
      views::append_target(prefix, type_, header.id);
      scans_[i]->enter(prefix, views::after_prefix(prefix));
      TRY(const bool found, any_referrer(*scans_[i]));
      if (found) {
        return true;
      }
    }
    return false;
  }
  std::string explain() const override {
    return few_ ? fmt::format("{} row(s) that what the inner criterion finds refers to",
                              few_->size())
                : "the resources that refer to each candidate are asked";
  }

 private:
  Result<void> find_targets(const std::vector<RowId>& rows) {
    std::vector<RowId> found;
    for (const RowId row : rows) {
      other_.set(row);
      TRY_OK(other_.load());
      for (const fhir::ExtractedValue& value : other_.values()) {
        for (const fhir::IndexUse& use : criterion_.param->uses) {
          if (use.index != value.index || !counts(use, type_)) {
            continue;
          }
          const views::Forms& forms = other_.forms(value);
          for (std::size_t i = 0; i < forms.size(); ++i) {
            const auto target = target_in(forms[i]);
            if (!target || target->type != type_) {
              continue;
            }
            TRY(const auto current,
                views::read_as_of(moment_.reader, type_, target->id, moment_.row_max));
            if (current && current->presence == views::Presence::present) {
              found.push_back(current->row);
            }
          }
        }
      }
    }
    few_ = row_set(std::move(found));
    return ok();
  }

  Result<bool> any_referrer(KeyScan& referrers) {
    for (; referrers.valid(); referrers.next()) {
      TRY_OK(moment_.budget.spend(1));
      if (others_) {
        if (std::ranges::binary_search(*others_, referrers.row())) {
          return true;
        }
        continue;
      }
      other_.set(referrers.row());
      TRY(const bool held, inner_->holds(other_));
      if (held) {
        return true;
      }
    }
    TRY_OK(referrers.status());
    return false;
  }

  const Moment& moment_;
  const fhir::TypeId type_;
  const Criterion& criterion_;
  TermPtr inner_;
  Candidate other_;
  std::optional<std::vector<RowId>> others_;  // of which the inner criterion holds, if few
  std::size_t followed_ = 0;
  std::vector<std::unique_ptr<KeyScan>> scans_;  // one for each use; null: not needed yet
  bool streams_ = false;  // from the beginning: what knows its rows later stays a question
  RowSet few_;
};

}  // namespace

Result<TermPtr> make_chain_term(const Moment& moment, const Criterion& criterion) {
  auto term = std::make_unique<ChainTerm>(moment, criterion);
  TRY_OK(term->prepare());
  return TermPtr(std::move(term));
}

Result<TermPtr> make_has_term(const Moment& moment, fhir::TypeId type, const Criterion& criterion) {
  auto term = std::make_unique<HasTerm>(moment, type, criterion);
  TRY_OK(term->prepare());
  return TermPtr(std::move(term));
}

}  // namespace holdfast::search
