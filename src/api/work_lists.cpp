#include "api/work_lists.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::api {
namespace {

/// Items that are looked at to say how many a filter hides, or how many an overseer has, and to
/// find those of one page.
constexpr std::size_t places_max = 100'000;
/// The same where each patient's stays have to be looked up.
constexpr std::size_t places_with_stays_max = 10'000;
constexpr std::size_t places_at_once = 1000;

}  // namespace

/// Places of several lists in one order; what is on several comes once.
class WorkLists::Merge {
 public:
  Merge(const views::Reader& reader, views::List list, const std::vector<views::Owner>& owners,
        const std::optional<views::Place>& after, std::size_t at_once)
      : reader_(reader), list_(list), at_once_(at_once) {
    for (const views::Owner& owner : owners) {
      sources_.push_back({owner, after, {}, 0, false});
    }
  }

  Result<std::optional<Found>> next() {
    std::optional<Found> found;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      TRY(const views::Place* const head, head_of(sources_[i]));
      if (head == nullptr || (found && found->place < *head)) {
        continue;
      }
      if (!found || *head < found->place) {
        found = Found{*head, {}};
      }
      found->on.push_back(i);
    }
    if (found) {
      for (const std::size_t i : found->on) {
        ++sources_[i].at;
      }
    }
    return found;
  }

 private:
  struct Source {
    views::Owner owner;
    std::optional<views::Place> after;
    std::vector<views::Place> places;
    std::size_t at = 0;
    bool is_last = false;  ///< nothing is behind `places`
  };

  /// Null at the end of a list.
  Result<const views::Place*> head_of(Source& source) {
    if (source.at == source.places.size() && !source.is_last) {
      TRY(source.places,
          views::read_work_list(reader_, list_, source.owner, source.after, at_once_));
      source.at = 0;
      source.is_last = source.places.size() < at_once_;
      if (!source.places.empty()) {
        source.after = source.places.back();
      }
    }
    return source.at == source.places.size() ? nullptr : &source.places[source.at];
  }

  const views::Reader& reader_;
  const views::List list_;
  const std::size_t at_once_;
  std::vector<Source> sources_;
};

WorkLists::WorkLists(const Parts& parts, const node::Moment& moment, const WorkListLink& asked,
                     std::vector<views::Owner> owners)
    : reader_(*moment.reader),
      asked_(asked),
      owners_(std::move(owners)),
      discharges_(parts, moment) {}

template <class Take>
Result<bool> WorkLists::walk(const std::optional<views::Place>& after, Take&& take) {
  const bool looks = asked_.is_narrowed() || asked_.list != views::List::owned;
  Merge merge(reader_, asked_.list, owners_, after,
              looks ? places_at_once : std::min<std::size_t>(asked_.count + 1, places_at_once));
  const std::size_t bound = asked_.pending ? places_with_stays_max : places_max;
  for (std::size_t looked_at = 0;; ++looked_at) {
    TRY(const auto found, merge.next());
    if (!found) {
      return true;
    }
    if (looked_at == bound) {
      return false;
    }
    views::Item item;
    if (looks) {
      TRY(auto there, views::find_item(reader_, found->place.id));
      if (!there) {
        return fail(Code::corrupt,
                    fmt::format("items: Task/{} is on a work-list and is no item; run "
                                "`holdfast verify`, then `holdfast rebuild`",
                                found->place.id));
      }
      item = *std::move(there);
    }
    TRY(const bool goes_on, take(*found, item));
    if (!goes_on) {
      return false;
    }
  }
}

Result<bool> WorkLists::matches(const views::Item& item) {
  if ((!asked_.pathway.empty() && item.pathway != asked_.pathway) ||
      (!asked_.state.empty() && item.state != asked_.state)) {
    return false;
  }
  return asked_.pending ? discharges_.is_pending(item) : Result<bool>(true);
}

Result<Tally> WorkLists::tally() {
  Tally tally;
  tally.by_list.resize(owners_.size());
  const bool owned = asked_.list == views::List::owned;
  if (owned) {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      TRY(tally.by_list[i], views::read_list_counts(reader_, owners_[i]));
      tally.counts.open += tally.by_list[i].open;
      tally.counts.overdue += tally.by_list[i].overdue;
      tally.counts.escalated += tally.by_list[i].escalated;
    }
    TRY_OK(count_offers(tally));
    if (!asked_.is_narrowed()) {
      tally.matching = tally.counts.open;
      return tally;
    }
  }
  const auto add = [](views::ListCounts& to, const views::Item& item) {
    ++to.open;
    to.overdue += item.is_overdue() ? 1U : 0U;
    to.escalated += item.is_escalated() ? 1U : 0U;
  };
  TRY(const bool whole, walk({}, [&](const Found& found, const views::Item& item) -> Result<bool> {
        TRY(const bool meant, matches(item));
        ++(meant ? tally.matching : tally.hidden);
        if (!owned) {
          add(tally.counts, item);
          for (const std::size_t i : found.on) {
            add(tally.by_list[i], item);
          }
        }
        return true;
      }));
  tally.hidden_is_bound = !whole;
  tally.counts_are_bounds = !whole && !owned;
  return tally;
}

Result<WorkLists::Page> WorkLists::page() {
  Page page;
  std::optional<views::Place> last = asked_.after;
  TRY(const bool whole,
      walk(asked_.after, [&](const Found& found, const views::Item& item) -> Result<bool> {
        TRY(const bool meant, matches(item));
        if (meant && page.places.size() == asked_.count) {
          return false;
        }
        last = found.place;
        if (meant) {
          page.places.push_back(found.place);
        }
        return true;
      }));
  if (!whole) {
    page.next = last;
  }
  return page;
}

Result<void> WorkLists::count_offers(Tally& tally) const {
  for (const views::Owner& owner : owners_) {
    std::optional<views::Place> after;
    for (bool more = true; more;) {
      TRY(const auto places,
          views::read_work_list(reader_, views::List::offered, owner, after, places_at_once));
      tally.offered += places.size();
      tally.offered_is_bound = tally.offered >= places_max;
      more = places.size() == places_at_once && !tally.offered_is_bound;
      if (more) {
        after = places.back();
      }
    }
  }
  return ok();
}

}  // namespace holdfast::api
