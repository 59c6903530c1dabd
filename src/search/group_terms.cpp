// search/group_terms.cpp: criteria joined by `and`, `or` and `not`, as `_filter` joins them.
// https://hl7.org/fhir/R4/search_filter.html
#include <algorithm>

#include <fmt/format.h>

#include "search/term.h"

namespace holdfast::search {
namespace {

/// Rows that all of the streams have.
class AllOf final : public Rows {
 public:
  explicit AllOf(std::vector<RowsPtr> streams) : streams_(std::move(streams)) { settle(); }
  [[nodiscard]] bool valid() const override { return valid_; }
  [[nodiscard]] RowId row() const override { return streams_.front()->row(); }
  void next() override {
    streams_.front()->next();
    settle();
  }
  void seek(RowId row) override {
    streams_.front()->seek(row);
    settle();
  }
  [[nodiscard]] Result<void> status() const override {
    for (const RowsPtr& stream : streams_) {
      TRY_OK(stream->status());
    }
    return ok();
  }

 private:
  // Each stream leaps to where the one before it is, until all are at one row.
  void settle() {
    valid_ = streams_.front()->valid();
    std::size_t agreed = 1;
    for (std::size_t i = 0; valid_ && agreed < streams_.size();) {
      const RowId wanted = streams_[i]->row();
      i = (i + 1) % streams_.size();
      Rows& stream = *streams_[i];
      stream.seek(wanted);
      valid_ = stream.valid();
      agreed = valid_ && stream.row() == wanted ? agreed + 1 : 1;
    }
  }

  std::vector<RowsPtr> streams_;
  bool valid_ = false;
};

class GroupTerm final : public Term {
 public:
  GroupTerm(const Criterion& criterion, std::vector<TermPtr> terms)
      : wants_all_(criterion.kind == Criterion::Kind::all_of),
        negated_(criterion.negated),
        terms_(std::move(terms)) {}

  // An interval of rows alone says of none that it is there.
  bool can_stream() const override {
    const auto alone = [](const TermPtr& t) { return t->can_stream() && !t->needs_company(); };
    return !negated_ &&
           std::ranges::all_of(terms_, [](const TermPtr& t) { return t->can_stream(); }) &&
           (wants_all_ ? std::ranges::any_of(terms_, alone) : std::ranges::all_of(terms_, alone));
  }
  RowsPtr stream(views::Direction direction) const override {
    std::vector<RowsPtr> all;
    for (const TermPtr& term : terms_) {
      all.push_back(term->stream(direction));
    }
    return wants_all_ ? RowsPtr(std::make_unique<AllOf>(std::move(all)))
                      : any_of(direction, std::move(all));
  }
  Result<bool> holds(Candidate& candidate) override {
    bool held = wants_all_;
    for (std::size_t i = 0; i < terms_.size() && held == wants_all_; ++i) {
      TRY(held, terms_[i]->holds(candidate));
    }
    return held != negated_;
  }
  std::string explain() const override {
    std::string text = negated_ ? "not " : "";
    text += wants_all_ ? "all of (" : "one of (";
    for (const TermPtr& term : terms_) {
      text += &term == terms_.data() ? "" : "; ";
      text += term->explain();
    }
    return text + ")";
  }

 private:
  const bool wants_all_;
  const bool negated_;
  const std::vector<TermPtr> terms_;
};

}  // namespace

Result<TermPtr> make_group_term(const Moment& moment, fhir::TypeId type,
                                const Criterion& criterion) {
  std::vector<TermPtr> terms;
  for (const auto& part : criterion.parts) {
    TRY(auto term, make_term(moment, type, *part));
    terms.push_back(std::move(term));
  }
  return TermPtr(std::make_unique<GroupTerm>(criterion, std::move(terms)));
}

}  // namespace holdfast::search
