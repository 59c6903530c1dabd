// search/value_term.cpp: criteria on values. What is few or lies under few keys is a stream; the
// rest is asked of each candidate, by its body, until that has been done so often that reading all
// keys once is cheaper.
#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "search/list_members.h"
#include "search/row_members.h"
#include "search/term.h"
#include "search/value_body.h"
#include "views/keys.h"
#include "views/postings.h"

namespace holdfast::search {
namespace {

/// So many keys are read at once rather than asked about; beside others that stream only few_keys.
constexpr std::size_t small_set_max = 512;
constexpr std::size_t few_keys = 64;
/// A range of so many different values is so many streams.
constexpr std::size_t streams_of_range_max = 16;
/// Where so many keys begin with one value, it is seeked from value to value first.
constexpr std::size_t alike_first = 2;
/// So many streams at most are merged; more values are read one after the other.
constexpr std::size_t streams_max = 2000;
/// Bodies that are looked at alone: so many where at least one in rare_share passes, else only
/// rare_looks. With each one after them keys are read as well, which cost about the same, until all
/// are: so the worse of the two ways at most doubles what the better costs.
constexpr std::size_t looks_alone = 512;
constexpr std::size_t rare_looks = 16;
constexpr std::size_t rare_share = 4;
constexpr std::size_t keys_a_look = 64;
/// Prefixes that are asked for a row one by one; of more the body is asked.
constexpr std::size_t point_reads_max = 4;

class ValueTerm final : public Term {
 public:
  ValueTerm(const Moment& moment, const Criterion& criterion)
      : moment_(moment), criterion_(criterion) {
    if (criterion.kind == Criterion::Kind::missing) {
      any_ = {any_value_query()};
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
    has_one_key_a_row_ = finds_one_key_a_row();
    return find_streams(few_keys);
  }
  Result<void> know_rows() override { return find_streams(small_set_max); }

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

  Result<void> sift(std::vector<RowId>& rows) override {
    return prefixes_.size() <= AnyMembers::lists_max ? members().sift(rows, few_)
                                                     : Term::sift(rows);
  }

  Result<bool> holds(Candidate& candidate) override {
    TRY(const bool found, finds(candidate));
    return found != negated_;
  }

  std::size_t range_count() const override { return streams_ ? 0 : ranges_.size(); }
  Result<KeyRange> range(std::size_t n) override { return ranges_[n]; }
  Result<std::optional<std::size_t>> range_with(BytesView key) override {
    const auto here = std::ranges::find_if(ranges_, [&](const KeyRange& range) {
      return range.from <= key && (range.until.empty() || key < range.until);
    });
    return here == ranges_.end() ? std::nullopt
                                 : std::optional<std::size_t>(here - ranges_.begin());
  }

  bool has_one_key_a_row() const override { return has_one_key_a_row_; }

  Result<bool> counts_at(BytesView key, Candidate& candidate) override {
    // Keys come in order: most lie where the one before them lay.
    Verdict said = judge_inside(here_, key);
    if (said != Verdict::yes && std::ranges::binary_search(exact_, key, std::less<>())) {
      said = Verdict::yes;
    }
    for (std::size_t i = 0; said != Verdict::yes && i < inexact_.size(); ++i) {
      const Verdict one = judge_inside(inexact_[i], key);
      here_ = one == Verdict::yes ? inexact_[i] : here_;
      said = one == Verdict::no ? said : one;
    }
    if (said == Verdict::no) {
      return false;
    }
    if (said == Verdict::yes && has_one_key_a_row()) {
      return true;
    }
    TRY_OK(candidate.load());
    return first_key(candidate, *criterion_.param, any_) == key;
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
          "asked of each candidate by its body, until the rows of {} range(s) of values are read "
          "beside that{}",
          parts_.size(), negated_ ? ", which must not be in it" : "");
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
    TRY_OK(query.add_ranges(moment_, base, ranges));
    for (KeyRange& range : ranges) {
      if (range.exact && !leads_to(views::form_in_key(range.from), use.only)) {
        continue;
      }
      const bool tight = (query.is_tight() || range.tight) && (range.exact || !use.only);
      if (range.exact && tight) {
        exact_.push_back(range.from);
      } else {
        inexact_.push_back(parts_.size());
      }
      parts_.push_back({std::move(range), &query, use, tight});
    }
    return ok();
  }

  [[nodiscard]] std::vector<KeyRange> ranges_of_parts() const {
    std::vector<KeyRange> all;
    for (const Part& part : parts_) {
      all.push_back(part.range);
      // Ranges of one query lie apart, those of several may not.
      all.back().literal = part.range.literal && any_.size() == 1;
    }
    return apart(std::move(all));
  }

  Verdict judge(const Part& part, BytesView form) const {
    if (!leads_to(form, part.use.only)) {
      return Verdict::no;
    }
    return part.tight ? Verdict::yes : part.query->judge(form);
  }

  // A composite stands once in a resource; of those of its parts that repeat, the ranges have one
  // value, and the parts behind them are what the resource has once.
  [[nodiscard]] bool finds_one_key_a_row() const {
    const auto& uses = criterion_.param->uses;
    if (uses.size() != 1) {
      return false;
    }
    const fhir::PathIndex& index = moment_.params.index(uses.front().index);
    if (!index.repeats) {
      return true;
    }
    if (index.kind != fhir::ParamKind::composite || index.leads_to_several) {
      return false;
    }
    std::size_t repeat = 0;  // the parts up to the last that does
    for (std::size_t i = 0; i < index.parts.size(); ++i) {
      repeat = index.parts[i].repeats ? i + 1 : repeat;
    }
    const auto repeating = std::span(index.parts).first(repeat);
    return std::ranges::all_of(parts_, [&](const Part& part) {
      return lead_of(part.range, repeating) == lead_of(parts_.front().range, repeating) &&
             lead_of(part.range, repeating).has_value();
    });
  }

  /// What all keys of the range begin with: one value of each of those parts.
  static std::optional<BytesView> lead_of(const KeyRange& range,
                                          std::span<const fhir::IndexPart> of) {
    BytesView forms = views::form_in_key(range.from);
    for (const fhir::IndexPart& part : of) {
      const auto bytes = leading_form_bytes(part.kind, forms);
      if (!bytes) {
        return std::nullopt;
      }
      forms.remove_prefix(*bytes);
    }
    const BytesView lead = BytesView(range.from).substr(0, range.from.size() - forms.size());
    const Bytes behind = views::after_prefix(lead);
    const bool holds_all = !range.until.empty() && range.until <= behind;
    return holds_all ? std::optional(lead) : std::nullopt;
  }

  /// Of a key without its row; no where it is not in the part.
  Verdict judge_inside(std::size_t part, BytesView key) const {
    if (part >= parts_.size()) {
      return Verdict::no;
    }
    const KeyRange& range = parts_[part].range;
    const bool inside = range.from <= key && (range.until.empty() || key < range.until);
    return inside ? judge(parts_[part], views::form_in_key(key)) : Verdict::no;
  }

  /// Streams, if each part has few values or at most `keys_max` keys.
  Result<void> find_streams(std::size_t keys_max) {
    if (negated_ || streams_ || !has_ranges_) {
      return ok();
    }
    prefixes_ = exact_;
    std::vector<RowId> rows;
    bool all_few = true;
    Candidate candidate(moment_);
    for (std::size_t i = 0; i < inexact_.size() && all_few; ++i) {
      TRY(all_few, take_few(parts_[inexact_[i]], keys_max, rows, candidate));
    }
    std::ranges::sort(prefixes_);
    prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
    if (!all_few || prefixes_.size() > streams_max) {
      prefixes_.clear();
      ranges_ = ranges_of_parts();
      return ok();
    }
    if (!rows.empty() || prefixes_.empty()) {
      few_ = row_set(std::move(rows));
    }
    streams_ = true;
    return ok();
  }

  /// A part as its rows or as the prefixes of its values, if it has few of either; else false.
  Result<bool> take_few(const Part& part, std::size_t keys_max, std::vector<RowId>& rows,
                        Candidate& candidate) {
    const std::size_t before = rows.size();
    bool may_split = true;
    KeyScan scan(moment_, part.range.from, part.range.until, views::Direction::forward);
    Bytes value;
    std::size_t values = 0;
    for (std::size_t keys = 0; scan.valid(); scan.next(), ++keys) {
      const bool repeats = values == 1 && keys == alike_first;
      if (may_split && (repeats || (keys == keys_max && values <= streams_of_range_max))) {
        may_split = false;
        TRY(const bool is_split, split(part));
        if (is_split) {
          rows.resize(before);
          return true;
        }
      }
      if (keys == keys_max) {
        rows.resize(before);
        return false;
      }
      if (scan.value_key() != value) {
        value.assign(scan.value_key());
        ++values;
      }
      TRY(const bool counts, counts_here(part, scan, candidate));
      if (counts) {
        rows.push_back(scan.row());
      }
    }
    TRY_OK(scan.status());
    return true;
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

  Result<bool> counts_here(const Part& part, const KeyScan& scan, Candidate& candidate) {
    TRY_OK(moment_.budget.spend(1));
    const Verdict said = judge(part, views::form_in_row_key(scan.key()));
    if (said == Verdict::ask) {
      candidate.set(scan.row());
      return by_body(candidate);
    }
    return said == Verdict::yes;
  }

  /// Reads on in the keys of all parts; everything_ is whole when whole_ says so.
  Result<void> read_on(std::size_t keys) {
    if (!everything_) {
      everything_ = std::make_unique<RowMembers>(moment_.row_max);
      other_ = std::make_unique<Candidate>(moment_);
    }
    for (; keys > 0 && part_ < parts_.size(); --keys) {
      const Part& part = parts_[part_];
      if (!scan_) {
        scan_ = std::make_unique<KeyScan>(moment_, part.range.from, part.range.until,
                                          views::Direction::forward);
      }
      if (!scan_->valid()) {
        TRY_OK(scan_->status());
        scan_.reset();
        ++part_;
        continue;
      }
      TRY(const bool counts, counts_here(part, *scan_, *other_));
      if (counts) {
        everything_->add(scan_->row());
      }
      scan_->next();
    }
    if (part_ == parts_.size()) {
      everything_->settle();
      whole_ = true;
    }
    return ok();
  }

  /// Whether any value passes, before it is negated.
  Result<bool> finds(Candidate& candidate) {
    if (streams_ && prefixes_.size() <= point_reads_max) {
      return in_streams(candidate.row());
    }
    if (whole_) {
      return everything_->has(candidate.row());
    }
    TRY(const bool found, by_body(candidate));
    ++looks_;
    passed_ += found ? 1U : 0U;
    const bool is_rare = looks_ > rare_looks && passed_ * rare_share < looks_;
    if (has_ranges_ && (looks_ > looks_alone || is_rare)) {
      TRY_OK(read_on(keys_a_look));
    }
    return found;
  }

  Result<bool> in_streams(RowId row) {
    return few_ && std::ranges::binary_search(*few_, row) ? true : members().has(row);
  }
  AnyMembers& members() {
    if (!members_) {
      members_ = std::make_unique<AnyMembers>(moment_, prefixes_);
    }
    return *members_;
  }

  Result<bool> by_body(Candidate& candidate) const {
    return asked_of_body(candidate, *criterion_.param, any_);
  }

  const Moment& moment_;
  const Criterion& criterion_;
  std::vector<ValueQueryPtr> any_;
  bool negated_ = false;
  bool has_ranges_ = false;
  bool has_one_key_a_row_ = false;
  std::vector<Part> parts_;
  std::vector<Bytes> exact_;          // keys of exact and tight parts, rising
  std::vector<std::size_t> inexact_;  // the other parts
  std::vector<KeyRange> ranges_;      // of all parts together, unless they stream
  std::size_t here_ = 0;              // the part that had the key asked about last
  bool streams_ = false;
  std::vector<Bytes> prefixes_;
  RowSet few_;
  std::unique_ptr<AnyMembers> members_;  // of prefixes_
  std::size_t looks_ = 0;
  std::size_t passed_ = 0;  // of them
  std::unique_ptr<RowMembers> everything_;
  bool whole_ = false;
  std::size_t part_ = 0;  // everything_ has all of the parts before it
  std::unique_ptr<KeyScan> scan_;
  std::unique_ptr<Candidate> other_;
};

}  // namespace

Result<TermPtr> make_value_term(const Moment& moment, const Criterion& criterion) {
  auto term = std::make_unique<ValueTerm>(moment, criterion);
  TRY_OK(term->prepare());
  return TermPtr(std::move(term));
}

}  // namespace holdfast::search
