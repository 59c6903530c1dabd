// api/work_lists.h: one or several work-lists as one, in the order in which items want doing:
// counted as a whole, and by pages. What narrows it changes none of the counts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/discharges.h"
#include "api/work_list_link.h"
#include "node/node.h"
#include "views/items.h"

namespace holdfast::api {

/// Of the whole list.
struct Tally {
  views::ListCounts counts;
  std::vector<views::ListCounts> by_list;  ///< in the order of the lists
  std::uint64_t matching = 0;              ///< of those that were looked at
  std::uint64_t hidden = 0;                ///< of the same
  std::uint64_t offered = 0;               ///< to the owners; not on their lists until accepted
  bool counts_are_bounds = false;
  bool hidden_is_bound = false;
  bool offered_is_bound = false;
};

class WorkLists {
 public:
  /// `owners` are those whose lists are shown; not empty.
  WorkLists(const Parts& parts, const node::Moment& moment, const WorkListLink& asked,
            std::vector<views::Owner> owners);

  /// Costs one look for each owner's whole list, and a walk over what is offered; else the lists
  /// are walked, up to a bound.
  [[nodiscard]] Result<Tally> tally();

  struct Page {
    std::vector<views::Place> places;
    std::optional<views::Place> next;  ///< where the next page goes on behind; nothing: the end
  };
  [[nodiscard]] Result<Page> page();
  [[nodiscard]] const std::vector<views::Owner>& owners() const { return owners_; }

 private:
  /// A place, and which of the lists have it.
  struct Found {
    views::Place place;
    std::vector<std::size_t> on;
  };
  class Merge;

  [[nodiscard]] Result<bool> matches(const views::Item& item);
  Result<void> count_offers(Tally& tally) const;
  /// take(found, item) of each item behind `after` until it says that it is enough. Whether the
  /// lists were walked to their ends. Without a filter nothing is looked at but the place.
  template <class Take>
  Result<bool> walk(const std::optional<views::Place>& after, Take&& take);

  const views::Reader& reader_;
  const WorkListLink& asked_;
  std::vector<views::Owner> owners_;
  Discharges discharges_;
};

}  // namespace holdfast::api
