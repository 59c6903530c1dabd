// search/known_terms.cpp: criteria that name their rows: ids, intervals of time, prefixes.
#include <algorithm>

#include <fmt/format.h>

#include "search/list_members.h"
#include "search/term.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

/// Prefixes that are asked for a row one by one; of more all rows are read once.
constexpr std::size_t point_reads_max = 8;

class PrefixTerm final : public Term {
 public:
  PrefixTerm(const Moment& moment, std::string what, std::vector<Bytes> prefixes)
      : moment_(moment),
        what_(std::move(what)),
        prefixes_(std::move(prefixes)),
        members_(moment, prefixes_) {}
  bool can_stream() const override { return true; }
  RowsPtr stream(views::Direction direction) const override {
    std::vector<RowsPtr> all;
    for (const Bytes& prefix : prefixes_) {
      all.push_back(posting_rows(moment_, direction, prefix));
    }
    return any_of(direction, std::move(all));
  }
  Result<void> sift(std::vector<RowId>& rows) override {
    return prefixes_.size() <= point_reads_max ? members_.sift(rows, nullptr) : Term::sift(rows);
  }
  Result<bool> holds(Candidate& candidate) override {
    if (prefixes_.size() > point_reads_max) {
      TRY_OK(read_all());
      return std::ranges::binary_search(*all_, candidate.row());
    }
    return members_.has(candidate.row());
  }
  std::string explain() const override {
    return fmt::format("{} posting list(s): {}", prefixes_.size(), what_);
  }

 private:
  Result<void> read_all() {
    if (all_) {
      return ok();
    }
    std::vector<RowId> rows;
    for (const auto stream = this->stream(views::Direction::forward);;) {
      if (!stream->valid()) {
        TRY_OK(stream->status());
        break;
      }
      TRY_OK(moment_.budget.spend(1));
      rows.push_back(stream->row());
      stream->next();
    }
    all_ = row_set(std::move(rows));
    return ok();
  }
  const Moment& moment_;
  const std::string what_;
  const std::vector<Bytes> prefixes_;
  AnyMembers members_;
  RowSet all_;
};

class JoinedTerm final : public Term {
 public:
  bool can_stream() const override { return false; }
  RowsPtr stream(views::Direction direction) const override { return any_of(direction, {}); }
  Result<bool> holds(Candidate& /*candidate*/) override { return true; }
  std::string explain() const override { return "one range with the criterion before it"; }
};

class IdTerm final : public Term {
 public:
  explicit IdTerm(RowSet rows) : rows_(std::move(rows)) {}
  bool can_stream() const override { return true; }
  RowsPtr stream(views::Direction direction) const override { return known_rows(direction, rows_); }
  Result<bool> holds(Candidate& candidate) override {
    return std::ranges::binary_search(*rows_, candidate.row());
  }
  std::string explain() const override {
    return fmt::format("{} resource(s) by id, without an index", rows_->size());
  }

 private:
  const RowSet rows_;
};

class UpdatedTerm final : public Term {
 public:
  explicit UpdatedTerm(std::vector<RowRange> ranges) : ranges_(std::move(ranges)) {}
  bool can_stream() const override { return true; }
  RowsPtr stream(views::Direction direction) const override {
    return range_rows(direction, ranges_);
  }
  Result<bool> holds(Candidate& candidate) override {
    return std::ranges::any_of(ranges_, [&](const RowRange& range) {
      return range.from <= candidate.row() && candidate.row() < range.until;
    });
  }
  bool needs_company() const override { return true; }
  std::string explain() const override {
    return fmt::format("{} interval(s) of the journal, by halving", ranges_.size());
  }

 private:
  const std::vector<RowRange> ranges_;
};

struct TimeInterval {
  std::int64_t from = INT64_MIN;
  std::int64_t until = INT64_MAX;
};

// https://hl7.org/fhir/R4/search.html#prefix, for an instant in the resource.
std::vector<TimeInterval> intervals_of(const Criterion::Bound& bound, Time now) {
  const std::int64_t from = bound.range.from.ms;
  const std::int64_t until = bound.range.until.ms;
  switch (bound.prefix) {
    case Prefix::eq: return {{from, until}};
    case Prefix::ne: return {{INT64_MIN, from}, {until, INT64_MAX}};
    case Prefix::gt:
    case Prefix::sa: return {{until, INT64_MAX}};
    case Prefix::lt:
    case Prefix::eb: return {{INT64_MIN, from}};
    case Prefix::ge: return {{from, INT64_MAX}};
    case Prefix::le: return {{INT64_MIN, until}};
    case Prefix::ap: {
      // "10% of the gap between now and the date"
      const std::int64_t gap =
          std::max(now.ms > from ? now.ms - from : from - now.ms, std::int64_t{0});
      return {{from - gap / 10, until + gap / 10}};
    }
  }
  return {};
}

Result<TermPtr> make_updated_term(const Moment& moment, const Criterion& criterion) {
  std::vector<RowRange> ranges;
  for (const Criterion::Bound& bound : criterion.updated) {
    for (const TimeInterval& interval : intervals_of(bound, moment.now)) {
      RowRange range{RowId{1}, RowId{moment.row_max.value + 1}};
      if (interval.from != INT64_MIN) {
        TRY(range.from, views::first_row_at(moment.reader, Time{interval.from}, moment.newest));
      }
      if (interval.until != INT64_MAX) {
        TRY(range.until, views::first_row_at(moment.reader, Time{interval.until}, moment.newest));
      }
      if (range.from < range.until) {
        ranges.push_back(range);
      }
    }
  }
  std::ranges::sort(ranges, {}, &RowRange::from);
  std::vector<RowRange> apart;
  for (const RowRange& range : ranges) {
    if (!apart.empty() && range.from <= apart.back().until) {
      apart.back().until = std::max(apart.back().until, range.until);
    } else {
      apart.push_back(range);
    }
  }
  return TermPtr(std::make_unique<UpdatedTerm>(std::move(apart)));
}

// Ids lead to the version that was current at the snapshot without any index.
Result<TermPtr> make_id_term(const Moment& moment, fhir::TypeId type, const Criterion& criterion) {
  std::vector<RowId> rows;
  for (const std::string& id : criterion.ids) {
    TRY(const auto found, views::read_as_of(moment.reader, type, id, moment.row_max));
    if (found && found->presence == views::Presence::present) {
      rows.push_back(found->row);
    }
  }
  return TermPtr(std::make_unique<IdTerm>(row_set(std::move(rows))));
}

// https://hl7.org/fhir/R4/search.html#list: what List.entry.item refers to.
Result<void> add_listed(Candidate& list, fhir::TypeId type, std::vector<RowId>& rows) {
  const Moment& moment = list.moment();
  TRY_OK(list.load());
  const fhir::SearchParam* const item = moment.params.find(list.header().type, "item");
  if (item == nullptr) {
    return fail(Code::unsupported, "'_list' needs the search parameter 'item' of List");
  }
  for (const fhir::ExtractedValue& value : list.values()) {
    for (const fhir::IndexUse& use : item->uses) {
      if (use.index != value.index) {
        continue;
      }
      const views::Forms& forms = list.forms(value);
      for (std::size_t i = 0; i < forms.size(); ++i) {
        const auto target = target_in(forms[i]);
        if (!target || target->type != type) {
          continue;
        }
        TRY_OK(moment.budget.spend(1));
        TRY(const auto current, views::read_as_of(moment.reader, type, target->id, moment.row_max));
        if (current && current->presence == views::Presence::present) {
          rows.push_back(current->row);
        }
      }
    }
  }
  return ok();
}

Result<TermPtr> make_list_term(const Moment& moment, fhir::TypeId type,
                               const Criterion& criterion) {
  std::vector<RowId> rows;
  Candidate list(moment);
  for (const std::string& id : criterion.ids) {
    TRY(const auto found,
        views::read_as_of(moment.reader, *fhir::type_id("List"), id, moment.row_max));
    if (!found || found->presence != views::Presence::present) {
      return fail(Code::value, fmt::format("'_list' names List/{}, which is not there", id));
    }
    list.set(found->row);
    TRY_OK(add_listed(list, type, rows));
  }
  return TermPtr(std::make_unique<IdTerm>(row_set(std::move(rows))));
}

}  // namespace

TermPtr make_joined_term() { return std::make_unique<JoinedTerm>(); }

TermPtr make_prefix_term(const Moment& moment, std::string what, std::vector<Bytes> prefixes) {
  return std::make_unique<PrefixTerm>(moment, std::move(what), std::move(prefixes));
}

Result<TermPtr> make_lazy_term(const Moment& moment, fhir::TypeId type,
                               const Criterion& criterion) {
  switch (criterion.kind) {
    case Criterion::Kind::value:
    case Criterion::Kind::missing: return make_value_term(moment, criterion);
    case Criterion::Kind::chain: return make_chain_term(moment, criterion);
    case Criterion::Kind::has: return make_has_term(moment, type, criterion);
    default: return make_term(moment, type, criterion);
  }
}

Result<TermPtr> make_term(const Moment& moment, fhir::TypeId type, const Criterion& criterion) {
  switch (criterion.kind) {
    case Criterion::Kind::value:
    case Criterion::Kind::missing:
    case Criterion::Kind::chain:
    case Criterion::Kind::has: {
      TRY(auto term, make_lazy_term(moment, type, criterion));
      TRY_OK(term->know_rows());
      return term;
    }
    case Criterion::Kind::ids: return make_id_term(moment, type, criterion);
    case Criterion::Kind::updated: return make_updated_term(moment, criterion);
    case Criterion::Kind::list: return make_list_term(moment, type, criterion);
    case Criterion::Kind::all_of:
    case Criterion::Kind::one_of: return make_group_term(moment, type, criterion);
  }
  return fail(Code::unsupported, "a criterion of no known kind");
}

}  // namespace holdfast::search
