#include "search/sort.h"

#include <algorithm>
#include <utility>

#include "search/key_order.h"

namespace holdfast::search {
namespace {

using views::Direction;

/// So few rows of lists are collected by their bodies and sorted, whatever else could be done.
constexpr std::size_t collected_few = 32;
/// So many at most, rather than to be looked for in the order of an index to its end.
constexpr std::size_t collected_first = 2000;
/// So many at most, where there is no such order, or among equals.
constexpr std::size_t collected_max = 50'000;

}  // namespace

// ---- the two ways together --------------------------------------------------------------------

SortedOrder::SortedOrder(Finder& finder, const std::vector<SortKey>& keys, const PageLimits& limits)
    : finder_(finder),
      keys_(keys),
      limits_(limits),
      chunk_(finder.has_stream() ? sifted_first : 1),
      candidate_(std::make_unique<Candidate>(finder.moment())) {}
SortedOrder::~SortedOrder() = default;

Result<void> SortedOrder::begin(const std::optional<PageCursor>& after) {
  if (after) {
    TRY(auto values, decode_sort_values(after->key));
    if (values.size() != keys_.size()) {
      return fail(Code::value, "this page link does not fit its search");
    }
    cursor_ = Item{std::move(values), after->row};
  }
  if (!KeyOrder::is_possible(keys_.front())) {
    return begin_collected();
  }
  TRY(const bool by_index, goes_by_index());
  if (!by_index) {
    return ok();
  }
  TRY(order_, KeyOrder::make(finder_.moment(), keys_.front()));
  if (cursor_ && cursor_->values.front()) {
    order_->seek(*cursor_->values.front());
  }
  return ok();
}

// False: all are collected. Where bodies have to be asked as well, it is them that are counted.
Result<bool> SortedOrder::goes_by_index() {
  const bool is_behind_index = cursor_ && !cursor_->values.front();
  if (finder_.has_only_lists() && !is_behind_index) {
    TRY(const bool goes_on, allow_more_keys());
    if (goes_on) {
      return true;
    }
    TRY_OK(begin_collected());
    return false;
  }
  TRY(const bool all, collect(collected_first));
  if (all) {
    sort_collected();
  }
  return !all;
}

Result<void> SortedOrder::begin_collected() {
  order_.reset();
  TRY(const bool all, collect(collected_max));
  if (!all) {
    return fail(Code::too_costly,
                "this search finds more than " + std::to_string(collected_max) +
                    " resources, too many to sort by what was asked; narrow it, or sort by a text, "
                    "code, date or reference first");
  }
  sort_collected();
  return ok();
}

// The index is read as long as that costs no more than the bodies of all in the lists would, which
// are counted only as far as it matters. False: these are to be collected. The order is the same,
// so what was handed out already is only left out.
Result<bool> SortedOrder::allow_more_keys() {
  counted_max_ = counted_max_ == 0 ? collected_few + 1 : counted_max_ * 4;
  if (counted_max_ > collected_first) {
    keys_max_ = SIZE_MAX;
    return true;
  }
  TRY(const std::size_t listed, finder_.count_lists(counted_max_));
  const bool all_counted = listed < counted_max_;
  if (all_counted && (listed <= collected_few || keys_max_ >= listed * limits_.keys_a_body)) {
    return false;
  }
  keys_max_ = listed * limits_.keys_a_body;
  return true;
}

// Rows first: what they are sorted by costs a body each, and is in vain if they are too many.
Result<bool> SortedOrder::collect(std::size_t most) {
  finder_.begin(Direction::forward);
  items_.clear();
  std::vector<RowId> rows;
  for (;; finder_.next()) {
    TRY(const auto row, finder_.settle());
    if (!row) {
      break;
    }
    if (rows.size() == most) {
      return false;
    }
    rows.push_back(*row);
  }
  for (const RowId row : rows) {
    candidate_->set(row);
    TRY(auto values, sort_values(*candidate_, keys_));
    items_.push_back({std::move(values), row});
  }
  return true;
}

void SortedOrder::sort_collected() {
  std::erase_if(items_, [&](const Item& item) { return !is_after_cursor(item); });
  std::ranges::sort(items_, [&](const Item& a, const Item& b) { return comes_before(a, b); });
  at_ = 0;
}

bool SortedOrder::is_after_cursor(const Item& item) const {
  if (cursor_ && limits_.planted == Bug::skip_equals && cursor_->values == item.values) {
    return false;
  }
  return !cursor_ || comes_before(*cursor_, item);
}

Result<std::optional<Sorted>> SortedOrder::next() {
  while (at_ == items_.size()) {
    if (!order_) {
      return std::optional<Sorted>();
    }
    items_.clear();
    at_ = 0;
    if (gave_up_) {
      gave_up_ = false;
      TRY_OK(begin_collected());
      continue;
    }
    TRY(bool more, read_group());
    if (!more) {
      TRY(more, read_valueless());
      if (!more) {
        return std::optional<Sorted>();
      }
    }
  }
  Item& item = items_[at_++];
  if (order_ && keys_max_ != SIZE_MAX) {
    cursor_ = item;
  }
  return std::optional(std::move(item));
}

// The next key of which the lists have the row; nothing at the end, or where it gave up.
Result<std::optional<ValueAt>> SortedOrder::next_key() {
  while (ahead_at_ == ahead_.size()) {
    ahead_.clear();
    ahead_at_ = 0;
    if (keys_read_ >= keys_max_) {
      TRY(const bool goes_on, allow_more_keys());
      gave_up_ = !goes_on;
    }
    while (!gave_up_ && ahead_.size() < chunk_ && keys_read_ < keys_max_) {
      TRY(auto at, order_->next());
      if (!at) {
        break;
      }
      TRY_OK(finder_.moment().budget.spend(1));
      ++keys_read_;
      ahead_.push_back(*std::move(at));
    }
    if (ahead_.empty()) {
      return std::optional<ValueAt>();
    }
    if (finder_.has_stream()) {
      std::vector<RowId> rows;
      for (const ValueAt& at : ahead_) {
        rows.push_back(at.row);
      }
      TRY(const auto places, places_in_lists(finder_, rows));
      for (std::size_t i = 0; i < places.size(); ++i) {
        std::swap(ahead_[i], ahead_[places[i]]);
      }
      ahead_.resize(places.size());
      chunk_ = sifted_next(chunk_, places.size());
    }
  }
  return std::optional(std::move(ahead_[ahead_at_++]));
}

// One more row; with several keys all rows of one value of the first, since the others order those.
Result<bool> SortedOrder::read_group() {
  if (valueless_begun_ || (cursor_ && !cursor_->values.front())) {
    return false;
  }
  std::optional<Bytes> group;
  for (;;) {
    auto at = std::exchange(pending_, std::nullopt);
    if (!at) {
      TRY(at, next_key());
    }
    if (gave_up_) {
      items_.clear();  // a group half read is read again, by bodies
      return true;
    }
    if (!at) {
      break;
    }
    if (group && at->value != *group) {
      pending_ = std::move(at);
      break;
    }
    candidate_->set(at->row);
    Item item;
    item.row = at->row;
    if (keys_.size() == 1 && !order_->may_repeat()) {
      item.values.emplace_back(at->value);
    } else {
      TRY(item.values, sort_values(*candidate_, keys_));
      if (item.values.front() != at->value) {
        continue;  // it counts by another of its values
      }
    }
    TRY(const bool held, finder_.has_stream() ? finder_.holds_beside_lists(*candidate_)
                                              : finder_.holds(*candidate_));
    if (!held || !is_after_cursor(item)) {
      continue;
    }
    items_.push_back(std::move(item));
    if (keys_.size() == 1) {
      return true;
    }
    group = at->value;
    if (items_.size() > collected_max) {
      return fail(Code::too_costly,
                  "more than " + std::to_string(collected_max) +
                      " resources are alike in what they are sorted by first; sort by something "
                      "that tells them apart");
    }
  }
  const bool any = !items_.empty();
  sort_collected();
  items_.erase(std::unique(items_.begin(), items_.end(),
                           [](const Item& a, const Item& b) { return a.row == b.row; }),
               items_.end());
  return any;
}

// Behind all others: those that have no value of the first key.
Result<bool> SortedOrder::read_valueless() {
  if (!valueless_begun_) {
    valueless_begun_ = true;
    missing_criterion_ = std::make_unique<Criterion>();
    missing_criterion_->kind = Criterion::Kind::missing;
    missing_criterion_->param = keys_.front().param;
    TRY(missing_, make_value_term(finder_.moment(), *missing_criterion_));
    const bool descending = keys_.front().descending;
    finder_.begin(descending ? Direction::backward : Direction::forward);
    if (keys_.size() == 1 && cursor_ && !cursor_->values.front()) {
      const std::uint64_t row = cursor_->row.value;
      if (descending && row == 0) {
        return false;
      }
      finder_.seek(RowId{descending ? row - 1 : row + 1});
    }
  }
  for (;; finder_.next()) {
    TRY(const auto row, finder_.settle());
    if (!row) {
      break;
    }
    candidate_->set(*row);
    TRY(const bool held, missing_->holds(*candidate_));
    if (!held) {
      continue;
    }
    Item item;
    item.row = *row;
    if (keys_.size() == 1) {
      item.values.emplace_back();
      items_.push_back(std::move(item));
      finder_.next();
      return true;
    }
    TRY(item.values, sort_values(*candidate_, keys_));
    if (is_after_cursor(item)) {
      items_.push_back(std::move(item));
    }
    if (items_.size() > collected_max) {
      return fail(Code::too_costly, "more than " + std::to_string(collected_max) +
                                        " resources have nothing of what they are sorted by first");
    }
  }
  sort_collected();
  return !items_.empty();
}

// ---- several types ----------------------------------------------------------------------------

void MergedOrder::add(Finder& finder, const std::vector<SortKey>& keys, const PageLimits& limits) {
  heads_.push_back({std::make_unique<SortedOrder>(finder, keys, limits), &keys});
}

Result<void> MergedOrder::begin(const std::optional<PageCursor>& after) {
  for (Head& head : heads_) {
    TRY_OK(head.order->begin(after));
  }
  return ok();
}

Result<bool> MergedOrder::next() {
  if (first_ != nullptr) {
    first_->read = false;
    first_ = nullptr;
  }
  for (Head& head : heads_) {
    if (!head.read) {
      TRY(head.row, head.order->next());
      head.read = true;
    }
    // Directions are the same for all types.
    const bool is_first =
        head.row && (first_ == nullptr || sorts_before(*head.keys, head.row->values, head.row->row,
                                                       first_->row->values, first_->row->row));
    first_ = is_first ? &head : first_;
  }
  return first_ != nullptr;
}

Found MergedOrder::found(std::size_t /*body_bytes_max*/) const {
  return {first_->row->row, encode_sort_values(first_->row->values)};
}

}  // namespace holdfast::search
