// search/value_term.cpp: criteria on values. What is few or lies under few keys is a stream; the
// rest is asked of each candidate, by its body, until that has been done so often that reading all
// keys once is cheaper.
#include <algorithm>

#include <fmt/format.h>

#include "search/term.h"
#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::search {
namespace {

/// So many keys are read at once rather than asked about.
constexpr std::size_t small_set_max = 512;
/// A range of so many different values is so many streams.
constexpr std::size_t streams_of_range_max = 16;
/// So many streams at most are merged; more values are read one after the other.
constexpr std::size_t streams_max = 2000;
/// Bodies that are looked at before all keys are read.
constexpr std::size_t looks_max = 256;
/// Prefixes that are asked for a row one by one; of more the body is asked.
constexpr std::size_t point_reads_max = 4;

/// Any value at all.
class AnyValueQuery final : public ValueQuery {
 public:
  Result<void> add_ranges(const views::Reader& /*reader*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    to.push_back(forms_beginning(base, {}));
    return ok();
  }
  Verdict judge(BytesView /*form*/) const override { return Verdict::yes; }
  bool is_tight() const override { return true; }
};

class ValueTerm final : public Term {
 public:
  ValueTerm(const Moment& moment, const Criterion& criterion)
      : moment_(moment), criterion_(criterion) {
    if (criterion.kind == Criterion::Kind::missing) {
      any_ = {std::make_shared<AnyValueQuery>()};
      negated_ = !criterion.negated;
    } else {
      any_ = criterion.any;
      negated_ = criterion.negated;
    }
  }

  Result<void> prepare() {
    for (ValueQueryPtr& query : any_) {
      if (query->depends_on_moment()) {
        TRY(query, query->at(moment_, *criterion_.param));
      }
    }
    has_ranges_ = std::ranges::none_of(any_, [](const auto& q) { return q->is_by_body_only(); });
    if (!has_ranges_) {
      return ok();
    }
    for (const fhir::IndexUse& use : criterion_.param->uses) {
      const Bytes base = views::index_prefix(use.index);
      for (const ValueQueryPtr& query : any_) {
        TRY_OK(add_parts(use, *query, base));
      }
    }
    std::ranges::sort(exact_);
    exact_.erase(std::unique(exact_.begin(), exact_.end()), exact_.end());
    if (!negated_) {
      TRY_OK(find_streams());
    }
    return ok();
  }

  bool can_stream() const override { return streams_; }
  RowsPtr stream(views::Direction direction) const override {
    std::vector<RowsPtr> all;
    for (const Bytes& prefix : prefixes_) {
      all.push_back(posting_rows(moment_, direction, prefix));
    }
    if (few_ && !few_->empty()) {
      all.push_back(known_rows(direction, few_));
    }
    return any_of(direction, std::move(all));
  }

  Result<bool> holds(Candidate& candidate) override {
    TRY(const bool found, finds(candidate));
    return found != negated_;
  }

  std::vector<KeyRange> ranges() const override {
    if (negated_ || streams_) {
      return {};
    }
    std::vector<KeyRange> all;
    for (const Part& part : parts_) {
      all.push_back(part.range);
    }
    std::ranges::sort(all, {}, &KeyRange::from);
    std::vector<KeyRange> apart;
    for (KeyRange& one : all) {
      const bool touches =
          !apart.empty() && (apart.back().until.empty() || one.from <= apart.back().until);
      if (!touches) {
        apart.push_back(std::move(one));
      } else if (one.until.empty() ||
                 (!apart.back().until.empty() && apart.back().until < one.until)) {
        apart.back().until = one.until;
      }
    }
    return apart;
  }

  bool has_one_key_a_row() const override {
    const auto& uses = criterion_.param->uses;
    return uses.size() == 1 && !moment_.params.index(uses.front().index).repeats;
  }

  Result<bool> counts_at(BytesView key, Candidate& candidate) override {
    Verdict said = verdict(std::ranges::binary_search(exact_, key, std::less<>()));
    for (std::size_t i = 0; said != Verdict::yes && i < inexact_.size(); ++i) {
      const Part& part = parts_[inexact_[i]];
      const bool inside =
          part.range.from <= key && (part.range.until.empty() || key < part.range.until);
      const Verdict one = inside ? judge(part, views::form_in_key(key)) : Verdict::no;
      said = one == Verdict::no ? said : one;
    }
    if (said == Verdict::no) {
      return false;
    }
    if (said == Verdict::yes && has_one_key_a_row()) {
      return true;
    }
    TRY_OK(candidate.load());
    return first_key_of(candidate) == key;
  }

  std::string explain() const override {
    std::string text;
    for (const ValueQueryPtr& query : any_) {
      const std::string known = query->explain();
      text += known.empty() ? known : known + ": ";
    }
    if (streams_) {
      text += fmt::format("{} posting list(s)", prefixes_.size());
      if (few_) {
        text += fmt::format(" and {} row(s) read from a range of values", few_->size());
      }
    } else if (has_ranges_) {
      text += fmt::format(
          "asked of each candidate by its body, {} times at most, then as a set of all rows in {} "
          "range(s) of values{}",
          looks_max, parts_.size(), negated_ ? ", which must not be in it" : "");
    } else {
      text += "asked of each candidate by its body";
    }
    return text;
  }

 private:
  struct Part {
    KeyRange range;
    const ValueQuery* query;
    fhir::IndexUse use;
    bool tight;
  };

  Result<void> add_parts(const fhir::IndexUse& use, const ValueQuery& query, const Bytes& base) {
    std::vector<KeyRange> ranges;
    TRY_OK(query.add_ranges(moment_.reader, base, ranges));
    for (KeyRange& range : ranges) {
      if (range.exact && !leads_to(views::form_in_key(range.from), use.only)) {
        continue;
      }
      const bool tight = query.is_tight() && (range.exact || !use.only);
      if (range.exact && tight) {
        exact_.push_back(range.from);
      } else {
        inexact_.push_back(parts_.size());
      }
      parts_.push_back({std::move(range), &query, use, tight});
    }
    return ok();
  }

  Verdict judge(const Part& part, BytesView form) const {
    if (!leads_to(form, part.use.only)) {
      return Verdict::no;
    }
    return part.tight ? Verdict::yes : part.query->judge(form);
  }

  Result<void> find_streams() {
    prefixes_ = exact_;
    std::vector<const Part*> wide;
    for (const std::size_t i : inexact_) {
      TRY(const bool is_split, split(parts_[i]));
      if (!is_split) {
        wide.push_back(&parts_[i]);
      }
    }
    if (!wide.empty()) {
      std::vector<RowId> rows;
      Candidate candidate(moment_);
      for (const Part* part : wide) {
        TRY(const bool whole, collect(*part, small_set_max, rows, candidate));
        if (!whole) {
          prefixes_.clear();
          return ok();
        }
      }
      few_ = row_set(std::move(rows));
    }
    std::ranges::sort(prefixes_);
    prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
    if (prefixes_.size() > streams_max) {
      prefixes_.clear();
      few_.reset();
      return ok();
    }
    if (prefixes_.empty() && !few_) {
      few_ = row_set({});
    }
    streams_ = true;
    return ok();
  }

  /// A range of few values as their prefixes; false, and nothing added, if they are too many.
  Result<bool> split(const Part& part) {
    const std::size_t before = prefixes_.size();
    KeyScan scan(moment_, part.range.from, part.range.until, views::Direction::forward);
    for (std::size_t values = 0; scan.valid(); ++values) {
      TRY_OK(moment_.budget.spend(1));
      const Bytes prefix(scan.value_key());
      const Verdict said = judge(part, views::form_in_key(prefix));
      if (values == streams_of_range_max || said == Verdict::ask) {
        prefixes_.resize(before);
        return false;
      }
      if (said == Verdict::yes) {
        prefixes_.push_back(prefix);
      }
      const Bytes next = views::after_prefix(prefix);
      if (next.empty()) {
        break;
      }
      scan.seek(next);
    }
    TRY_OK(scan.status());
    return true;
  }

  /// The rows of a part, at most `most` keys of it; whether that was all.
  Result<bool> collect(const Part& part, std::size_t most, std::vector<RowId>& rows,
                       Candidate& candidate) {
    KeyScan scan(moment_, part.range.from, part.range.until, views::Direction::forward);
    std::size_t keys = 0;
    for (; scan.valid(); scan.next(), ++keys) {
      if (keys == most) {
        return false;
      }
      TRY_OK(moment_.budget.spend(1));
      const Verdict said = judge(part, views::form_in_row_key(scan.key()));
      if (said == Verdict::no) {
        continue;
      }
      if (said == Verdict::ask) {
        candidate.set(scan.row());
        TRY(const bool holds, by_body(candidate));
        if (!holds) {
          continue;
        }
      }
      rows.push_back(scan.row());
    }
    TRY_OK(scan.status());
    return true;
  }

  /// Whether any value passes, before it is negated.
  Result<bool> finds(Candidate& candidate) {
    if (streams_ && prefixes_.size() <= point_reads_max) {
      return in_streams(candidate.row());
    }
    if (everything_) {
      return std::ranges::binary_search(*everything_, candidate.row());
    }
    if (!has_ranges_ || ++looks_ <= looks_max) {
      return by_body(candidate);
    }
    std::vector<RowId> rows;
    Candidate other(moment_);
    for (const Part& part : parts_) {
      TRY(const bool whole, collect(part, SIZE_MAX, rows, other));
      (void)whole;
    }
    everything_ = row_set(std::move(rows));
    return std::ranges::binary_search(*everything_, candidate.row());
  }

  Result<bool> in_streams(RowId row) const {
    if (few_ && std::ranges::binary_search(*few_, row)) {
      return true;
    }
    for (const Bytes& prefix : prefixes_) {
      TRY_OK(moment_.budget.spend(1));
      TRY(const bool has, has_posting(moment_, prefix, row));
      if (has) {
        return true;
      }
    }
    return false;
  }

  Result<bool> by_body(Candidate& candidate) const {
    TRY_OK(candidate.load());
    for (const fhir::ExtractedValue& value : candidate.values()) {
      for (const fhir::IndexUse& use : criterion_.param->uses) {
        if (use.index == value.index && passes(candidate, value, use)) {
          return true;
        }
      }
    }
    return false;
  }
  bool passes(Candidate& candidate, const fhir::ExtractedValue& value,
              const fhir::IndexUse& use) const {
    const views::Forms& forms = candidate.forms(value);
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (form_passes(candidate, value, use, forms[i])) {
        return true;
      }
    }
    return std::ranges::any_of(any_, [&](const ValueQueryPtr& query) {
      return query->is_by_body_only() && query->holds(candidate.resource(), value.value);
    });
  }
  bool form_passes(Candidate& candidate, const fhir::ExtractedValue& value,
                   const fhir::IndexUse& use, BytesView form) const {
    return leads_to(form, use.only) && std::ranges::any_of(any_, [&](const ValueQueryPtr& query) {
             const Verdict said = query->judge(form);
             return said == Verdict::yes ||
                    (said == Verdict::ask && query->holds(candidate.resource(), value.value));
           });
  }

  /// The smallest key by which the criterion holds of it.
  Bytes first_key_of(Candidate& candidate) const {
    Bytes first;
    for (const fhir::ExtractedValue& value : candidate.values()) {
      for (const fhir::IndexUse& use : criterion_.param->uses) {
        if (use.index != value.index) {
          continue;
        }
        const views::Forms& forms = candidate.forms(value);
        for (std::size_t i = 0; i < forms.size(); ++i) {
          if (!form_passes(candidate, value, use, forms[i])) {
            continue;
          }
          Bytes key = views::index_prefix(use.index);
          key.append(forms[i]);
          if (first.empty() || key < first) {
            first = std::move(key);
          }
        }
      }
    }
    return first;
  }

  const Moment& moment_;
  const Criterion& criterion_;
  std::vector<ValueQueryPtr> any_;
  bool negated_ = false;
  bool has_ranges_ = false;
  std::vector<Part> parts_;
  std::vector<Bytes> exact_;          // keys of exact and tight parts, rising
  std::vector<std::size_t> inexact_;  // the other parts
  bool streams_ = false;
  std::vector<Bytes> prefixes_;
  RowSet few_;
  std::size_t looks_ = 0;
  RowSet everything_;
};

}  // namespace

Result<TermPtr> make_value_term(const Moment& moment, const Criterion& criterion) {
  auto term = std::make_unique<ValueTerm>(moment, criterion);
  TRY_OK(term->prepare());
  return TermPtr(std::move(term));
}

}  // namespace holdfast::search
