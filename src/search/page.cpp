#include "search/page.h"

#include <algorithm>
#include <memory>
#include <string>

#include "search/rows.h"
#include "views/keys.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

using Streams = std::vector<std::unique_ptr<Rows>>;

struct TimeInterval {
  std::int64_t from = INT64_MIN;
  std::int64_t until = INT64_MAX;
};

// https://hl7.org/fhir/R4/search.html#prefix, for an instant in the resource. `now` is the time of
// the snapshot.
std::vector<TimeInterval> intervals_of(const UpdatedCriterion::Bound& bound, Time now) {
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

Result<std::unique_ptr<Rows>> updated_rows(const Moment& moment, const UpdatedCriterion& criterion,
                                           const Snapshot& snapshot) {
  std::vector<TimeInterval> intervals;
  for (const UpdatedCriterion::Bound& bound : criterion.any) {
    for (const TimeInterval& interval : intervals_of(bound, snapshot.time)) {
      intervals.push_back(interval);
    }
  }
  std::vector<RowRange> ranges;
  for (const TimeInterval& interval : intervals) {
    RowRange range{RowId{1}, RowId{moment.row_max.value + 1}};
    if (interval.from != INT64_MIN) {
      TRY(range.from, views::first_row_at(moment.reader, Time{interval.from}, snapshot.row));
    }
    if (interval.until != INT64_MAX) {
      TRY(range.until, views::first_row_at(moment.reader, Time{interval.until}, snapshot.row));
    }
    if (range.from < range.until) {
      ranges.push_back(range);
    }
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const RowRange& a, const RowRange& b) { return a.from < b.from; });
  std::vector<RowRange> apart;
  for (const RowRange& range : ranges) {
    if (!apart.empty() && range.from <= apart.back().until) {
      apart.back().until = std::max(apart.back().until, range.until);
    } else {
      apart.push_back(range);
    }
  }
  return range_rows(moment, std::move(apart));
}

// The types that the scope covers.
Result<std::vector<fhir::TypeId>> types_of(const views::Reader& reader, const Scope& scope) {
  if (scope.type) {
    return std::vector{*scope.type};
  }
  return views::compartment_types(reader, scope.patient);
}

// Ids lead to the version that was current at the snapshot without any index.
Result<std::unique_ptr<Rows>> id_rows(const Moment& moment, const IdCriterion& criterion,
                                      const std::vector<fhir::TypeId>& types) {
  std::vector<RowId> rows;
  for (const std::string& id : criterion.any) {
    for (const fhir::TypeId type : types) {
      TRY(const auto found, views::read_as_of(moment.reader, type, id, moment.row_max));
      if (found && found->presence == views::Presence::present) {
        rows.push_back(found->row);
      }
    }
  }
  return known_rows(moment, std::move(rows));
}

Result<Streams> streams_of(const Moment& moment, const Criteria& criteria,
                           const Snapshot& snapshot) {
  Streams streams;
  for (const PostingCriterion& criterion : criteria.postings) {
    Streams any;
    for (const views::PostingPrefix& prefix : criterion.any) {
      any.push_back(posting_rows(moment, prefix));
    }
    streams.push_back(any_of(moment, std::move(any)));
  }
  const Scope& scope = criteria.scope;
  if (!scope.patient.empty() || !criteria.ids.empty()) {
    TRY(const auto types, types_of(moment.reader, scope));
    for (const IdCriterion& criterion : criteria.ids) {
      TRY(auto rows, id_rows(moment, criterion, types));
      streams.push_back(std::move(rows));
    }
    if (!scope.patient.empty()) {
      Streams any;
      for (const fhir::TypeId type : types) {
        any.push_back(posting_rows(moment, views::compartment_prefix(scope.patient, type)));
      }
      streams.push_back(any_of(moment, std::move(any)));
    }
  }
  if (streams.empty()) {
    streams.push_back(posting_rows(moment, views::listing_prefix(*scope.type)));
  }
  for (const UpdatedCriterion& criterion : criteria.updated) {
    TRY(auto rows, updated_rows(moment, criterion, snapshot));
    streams.push_back(std::move(rows));
  }
  return streams;
}

// Leaps from one row that all streams have to the next.
class Intersection {
 public:
  Intersection(Streams streams, std::uint64_t candidates_max)
      : streams_(std::move(streams)), candidates_max_(candidates_max) {}

  /// The first common row at or past where the first stream stands; nothing at the end.
  Result<std::optional<RowId>> settle() {
    std::size_t agreed = 1;
    Rows& first = *streams_.front();
    if (!first.valid()) {
      return ended(first);
    }
    RowId candidate = first.row();
    TRY_OK(count());
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
      TRY_OK(count());
    }
    return candidate;
  }
  void next() { streams_.front()->next(); }
  void seek(RowId row) { streams_.front()->seek(row); }
  [[nodiscard]] Result<void> status() const {
    for (const auto& stream : streams_) {
      TRY_OK(stream->status());
    }
    return ok();
  }
  [[nodiscard]] std::uint64_t candidates() const { return candidates_; }

 private:
  static Result<std::optional<RowId>> ended(const Rows& stream) {
    TRY_OK(stream.status());
    return std::nullopt;
  }
  Result<void> count() {
    if (++candidates_ > candidates_max_) {
      return fail(Code::too_costly,
                  "this search looked at " + std::to_string(candidates_max_) +
                      " candidates without coming to its end; narrow it by another parameter, or "
                      "do not ask for the total");
    }
    return ok();
  }

  Streams streams_;
  std::uint64_t candidates_max_;
  std::uint64_t candidates_ = 0;
};

// Fills the page: rows past `after`, and one more to know whether there is a next page. Goes on
// to the end only when the total is wanted.
Result<Page> collect(Intersection& found, const Criteria& criteria, std::optional<RowId> after,
                     views::Direction direction) {
  const bool all = criteria.summary == Summary::count || criteria.total == Total::accurate;
  const std::size_t wanted = criteria.summary == Summary::count ? 0 : criteria.count;
  if (after && !all) {
    found.seek(RowId{direction == views::Direction::forward ? after->value + 1 : after->value - 1});
  }
  Page page;
  std::uint64_t total = 0;
  for (;; found.next()) {
    TRY(const auto row, found.settle());
    if (!row) {
      break;
    }
    ++total;
    const bool shown_before =
        after && (direction == views::Direction::forward ? *row <= *after : *row >= *after);
    if (shown_before) {
      continue;
    }
    if (page.rows.size() < wanted) {
      page.rows.push_back(*row);
      continue;
    }
    if (wanted > 0) {
      page.cursor = page.rows.back();
    }
    if (!all) {
      break;
    }
  }
  TRY_OK(found.status());
  if (all) {
    page.total = total;
  }
  page.candidates = found.candidates();
  return page;
}

}  // namespace

Result<Page> run(const views::Reader& reader, const Criteria& criteria, const Snapshot& snapshot,
                 std::optional<RowId> after, const PageLimits& limits) {
  TRY(const views::State state, views::read_state(reader));
  if (state.position < snapshot.position) {
    return fail(Code::unavailable, "this node has not yet seen what the link shows; try again");
  }
  if (state.undo_pruned > snapshot.position.value) {
    return fail(Code::expired,
                "this page link is too old: its moment is no longer kept; "
                "search again from the first page");
  }
  Moment moment{reader, snapshot.row, snapshot.position, state.position == snapshot.position,
                criteria.order == Order::oldest_first ? views::Direction::forward
                                                      : views::Direction::backward};
  if (limits.planted == Bug::show_above_snapshot) {
    moment.row_max = views::row_max;
  }
  TRY(auto streams, streams_of(moment, criteria, snapshot));
  // A leap goes to where the others are only after every stream is known to stand well.
  Intersection found(std::move(streams), limits.candidates_max);
  TRY_OK(found.status());
  if (after && after->value == 0) {
    return Page{};
  }
  return collect(found, criteria, after, moment.direction);
}

}  // namespace holdfast::search
