#include "search/page.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "search/finder.h"
#include "search/sort.h"
#include "search/vocabulary.h"
#include "views/keys.h"

namespace holdfast::search {
namespace {

using views::Direction;

/// So few rows that lists have in common are asked by their bodies, whatever else could be done.
constexpr std::size_t asked_by_body_max = 32;

/// Rows of several types in one order.
class RowOrder {
 public:
  RowOrder(std::vector<std::unique_ptr<Finder>>& finders, Direction direction)
      : direction_(direction) {
    for (auto& finder : finders) {
      finder->begin(direction);
      heads_.push_back({finder.get(), std::nullopt, false});
    }
  }
  /// False where nothing can come after.
  bool seek_after(RowId row) {
    if (direction_ == Direction::backward && row.value == 0) {
      return false;
    }
    for (Head& head : heads_) {
      head.finder->seek(RowId{direction_ == Direction::forward ? row.value + 1 : row.value - 1});
    }
    return true;
  }
  /// To the next row; false at the end.
  Result<bool> next() {
    if (first_ != nullptr) {
      first_->finder->next();
      first_->read = false;
      first_ = nullptr;
    }
    for (Head& head : heads_) {
      if (!head.read) {
        TRY(head.row, head.finder->settle());
        head.read = true;
      }
      const bool is_first = head.row && (first_ == nullptr || (direction_ == Direction::forward
                                                                   ? *head.row < *first_->row
                                                                   : *head.row > *first_->row));
      first_ = is_first ? &head : first_;
    }
    return first_ != nullptr;
  }
  /// Where next() came to.
  [[nodiscard]] Found found(std::size_t body_bytes_max) const {
    return {*first_->row, {}, first_->finder->candidate().body(body_bytes_max)};
  }

 private:
  struct Head {
    Finder* finder;
    std::optional<RowId> row;
    bool read;
  };
  const Direction direction_;
  std::vector<Head> heads_;
  Head* first_ = nullptr;
};

/// One search on its way through one page.
class Run {
 public:
  Run(const Source& source, const Criteria& criteria, const Snapshot& snapshot,
      const Standing& standing, const PageLimits& limits)
      : criteria_(criteria),
        limits_(limits),
        budget_(limits.candidates_max),
        moment_{source.reader,
                source.codec,
                source.params,
                limits.planted == Bug::show_above_snapshot ? views::row_max : snapshot.row,
                snapshot.row,
                snapshot.position,
                standing.latest,
                standing.undo_gone,
                source.lists,
                snapshot.time,
                budget_,
                vocabulary_} {}

  Result<void> prepare() {
    for (const TypeCriteria& of : criteria_.types) {
      TRY(auto finder, Finder::make(moment_, of, criteria_.scope));
      finders_.push_back(std::move(finder));
    }
    return ok();
  }

  Result<Page> page(const std::optional<PageCursor>& after) {
    counts_all_ = !after && wants_all();
    page_.order = after ? after->order : first_order();
    page_.criterion = after ? after->criterion : driver_;
    bool filled = false;
    if (!after && page_.order == PageCursor::Order::rows) {
      TRY(filled, fill_by_values_beside_lists());
    }
    if (!filled) {
      TRY_OK(fill(after));
    }
    page_.spent = budget_.spent();
    return std::move(page_);
  }

  Result<Explanation> explain() {
    Explanation made;
    made.candidates_max = limits_.candidates_max;
    const std::size_t types = std::min(finders_.size(), Explanation::explained_types_max);
    made.types_alike = finders_.size() - types;
    for (std::size_t i = 0; i < types; ++i) {
      const auto& all = criteria_.types[i].all;
      const auto& terms = finders_[i]->terms();
      for (std::size_t n = 0; n < terms.size(); ++n) {
        // Behind the criteria: the compartment.
        TRY(auto part, explain_term(*terms[n], n < all.size() ? &all[n] : nullptr));
        part.type = criteria_.types[i].type;
        made.parts.push_back(std::move(part));
      }
    }
    auto first = page(std::nullopt);
    made.order = first ? order_text(first->order, first->criterion)
                       : order_text(page_.order, page_.criterion);
    made.spent = budget_.spent();
    if (!first) {
      made.refused = first.error().what;
      return made;
    }
    made.found = first->found.size();
    made.more = first->more;
    made.total = first->total;
    return made;
  }

 private:
  [[nodiscard]] bool wants_all() const {
    return criteria_.counts_only() || criteria_.total == Total::accurate;
  }

  PageCursor::Order first_order() {
    if (!criteria_.sort.empty() && !criteria_.counts_only()) {
      return criteria_.sort.front().by == SortKey::By::updated ? PageCursor::Order::rows
                                                               : PageCursor::Order::sorted;
    }
    // Nothing is asked: the order in which a wide range lies is as good as any, and costs least.
    if (finders_.size() == 1 && !finders_.front()->has_stream()) {
      const auto& terms = finders_.front()->terms();
      for (std::size_t i = 0; i < terms.size(); ++i) {
        const bool fits =
            terms[i]->range_count() > 0 && (!wants_all() || terms[i]->has_one_key_a_row());
        if (fits) {
          driver_ = static_cast<std::uint32_t>(i);
          return PageCursor::Order::values;
        }
      }
    }
    return PageCursor::Order::rows;
  }

  /// The criterion that is a wide range beside lists, if there is one by whose order to go.
  [[nodiscard]] std::optional<std::size_t> range_beside_lists() const {
    if (finders_.size() != 1 || !finders_.front()->has_stream() || !criteria_.sort.empty() ||
        wants_all()) {
      return std::nullopt;
    }
    const auto& terms = finders_.front()->terms();
    const auto& all = criteria_.types.front().all;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (terms[i]->has_one_key_a_row() && terms[i]->range_count() > 0) {
        // References to what is few lead to less than any range of values.
        const bool is_chain = i < all.size() && all[i].kind == Criterion::Kind::chain;
        found = is_chain || !found ? i : *found;
      }
    }
    return found;
  }

  // A body for each row of the lists, or a look at the lists for each key of the range: which costs
  // less shows only in the doing. So the range is tried as long as it costs no more than the bodies
  // would; how many those are is found out only as far as it matters. False: nothing is filled.
  Result<bool> fill_by_values_beside_lists() {
    const auto driver = range_beside_lists();
    if (!driver) {
      return false;
    }
    Finder& finder = *finders_.front();
    ValueOrder order(finder, *finder.terms()[*driver]);
    for (std::size_t most = asked_by_body_max + 1;; most *= 4) {
      TRY(const std::size_t listed, finder.count_lists(most));
      if (listed <= asked_by_body_max) {
        return false;
      }
      order.read_at_most(listed * limits_.keys_a_body);
      TRY_OK(take_from(order));
      if (page_.more || !order.has_stopped()) {
        page_.order = PageCursor::Order::values;
        page_.criterion = static_cast<std::uint32_t>(*driver);
        return true;
      }
      if (listed < most) {
        page_.found.clear();
        kept_bytes_ = 0;
        return false;
      }
    }
  }

  Result<Explanation::Part> explain_term(Term& term, const Criterion* criterion) {
    Explanation::Part part;
    part.asked = criterion == nullptr ? "the patient's compartment" : criterion->asked;
    if (criterion != nullptr && criterion->param != nullptr) {
      for (const fhir::IndexUse& use : criterion->param->uses) {
        part.indexes.push_back(moment_.params.index(use.index).path);
      }
    }
    part.plan = term.explain();
    TRY(part.measured, measure(term));
    return part;
  }

  // Its rows, or where it has none in order the keys of its values; nothing where only bodies say.
  Result<std::optional<std::uint64_t>> measure(Term& term) const {
    std::uint64_t count = 0;
    if (term.can_stream() && !term.needs_company()) {
      const RowsPtr rows = term.stream(Direction::forward);
      for (; rows->valid() && count < Explanation::measured_max; rows->next()) {
        ++count;
      }
      TRY_OK(rows->status());
      return std::optional(count);
    }
    for (std::size_t i = 0; i < term.range_count() && count < Explanation::measured_max; ++i) {
      TRY(const KeyRange range, term.range(i));
      KeyScan scan(moment_, range.from, range.until, Direction::forward);
      for (; scan.valid() && count < Explanation::measured_max; scan.next()) {
        ++count;
      }
      TRY_OK(scan.status());
    }
    return term.range_count() == 0 ? std::nullopt : std::optional(count);
  }

  [[nodiscard]] std::string order_text(PageCursor::Order order, std::uint32_t criterion) const {
    switch (order) {
      case PageCursor::Order::rows:
        return "in the order of _lastUpdated: lists are intersected by leaps";
      case PageCursor::Order::values:
        return fmt::format("in the order of the values of '{}'",
                           criteria_.types.front().all[criterion].name);
      case PageCursor::Order::sorted:
        return "few matches are collected and sorted; of many the index of the first sort key is "
               "read in its order";
    }
    return {};
  }

  Result<void> fill(const std::optional<PageCursor>& after) {
    switch (page_.order) {
      case PageCursor::Order::rows: return fill_by_rows(after);
      case PageCursor::Order::values: return fill_by_values(after);
      case PageCursor::Order::sorted: return fill_sorted(after);
    }
    return ok();
  }

  Result<void> fill_by_rows(const std::optional<PageCursor>& after) {
    const bool backward = !criteria_.sort.empty() && criteria_.sort.front().descending;
    RowOrder order(finders_, backward ? Direction::backward : Direction::forward);
    if (after && !order.seek_after(after->row)) {
      return ok();
    }
    return take_from(order);
  }

  Result<void> fill_by_values(const std::optional<PageCursor>& after) {
    const auto& terms = finders_.front()->terms();
    if (page_.criterion >= terms.size()) {
      return fail(Code::value, "this page link does not fit its search");
    }
    Term& driver = *terms[page_.criterion];
    ValueOrder order(*finders_.front(), driver);
    if (after) {
      TRY_OK(order.seek_after(*after));
    }
    return take_from(order);
  }

  Result<void> fill_sorted(const std::optional<PageCursor>& after) {
    const bool counts_all = std::exchange(counts_all_, false);
    MergedOrder order;
    for (std::size_t i = 0; i < finders_.size(); ++i) {
      order.add(*finders_[i], criteria_.types[i].sort, limits_);
    }
    TRY_OK(order.begin(after));
    TRY_OK(take_from(order));
    return counts_all ? count_all() : ok();
  }

  // In whatever order costs least: a sort of all would cost more than the page.
  Result<void> count_all() {
    RowOrder order(finders_, Direction::forward);
    std::uint64_t total = 0;
    for (;; ++total) {
      TRY(const bool is_one, order.next());
      if (!is_one) {
        break;
      }
    }
    page_.total = total;
    return ok();
  }

  // The page, and one more to know whether there is a next one; to the end if the total is wanted.
  template <class Order>
  Result<void> take_from(Order& order) {
    const std::size_t wanted = criteria_.counts_only() ? 0 : criteria_.count;
    std::uint64_t total = 0;
    for (;;) {
      TRY(const bool is_one, order.next());
      if (!is_one) {
        break;
      }
      ++total;
      if (page_.found.size() < wanted) {
        page_.found.push_back(order.found(bodies_kept_max - kept_bytes_));
        const auto& body = page_.found.back().body;
        kept_bytes_ += body ? body->bytes.size() : 0;
        continue;
      }
      page_.more = wanted > 0;
      if (!counts_all_) {
        break;
      }
    }
    if (counts_all_) {
      page_.total = total;
    }
    return ok();
  }

  const Criteria& criteria_;
  const PageLimits limits_;
  Budget budget_;
  Vocabulary vocabulary_;
  const Moment moment_;
  std::vector<std::unique_ptr<Finder>> finders_;
  std::uint32_t driver_ = 0;
  bool counts_all_ = false;
  std::size_t kept_bytes_ = 0;
  Page page_;
};

}  // namespace

Result<Standing> standing_of(const Source& source, const Snapshot& snapshot) {
  TRY(const views::State state, views::read_state(source.reader));
  if (state.position < snapshot.position) {
    return fail(Code::unavailable, "this node has not yet seen what the link shows; try again");
  }
  if (state.undo_pruned > snapshot.position.value) {
    return fail(Code::expired,
                "this page link is too old: its moment is no longer kept; "
                "search again from the first page");
  }
  return Standing{state.position == snapshot.position, Position{state.undo_pruned}};
}

PageCursor Page::cursor_after(std::size_t i) const {
  return {order, criterion, found[i].key, found[i].row};
}

Result<Page> run(const Source& source, const Criteria& criteria, const Snapshot& snapshot,
                 const std::optional<PageCursor>& after, const PageLimits& limits) {
  TRY(const Standing standing, standing_of(source, snapshot));
  Run one(source, criteria, snapshot, standing, limits);
  TRY_OK(one.prepare());
  return one.page(after);
}

Result<Explanation> explain(const Source& source, const Criteria& criteria,
                            const Snapshot& snapshot, const PageLimits& limits) {
  TRY(const Standing standing, standing_of(source, snapshot));
  Run one(source, criteria, snapshot, standing, limits);
  TRY_OK(one.prepare());
  return one.explain();
}

}  // namespace holdfast::search
