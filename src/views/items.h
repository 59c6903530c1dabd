// views/items.h: every item by what it is about, whose it is and when it wakes, and the ledger:
// how many each pathway and organisation opened, and how many of those are closed. Made from the
// bodies of Tasks alone (docs/adr/0020), so nothing of it is in the state digest; check_items()
// makes it again from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/outcome.h"
#include "views/body.h"
#include "views/item.h"
#include "views/kv.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::views {

/// The days of the ledger begin at midnight UTC: days since 1970-01-01.
struct Day {
  std::int32_t value = 0;
  auto operator<=>(const Day&) const = default;
};
[[nodiscard]] Day day_of(Time time);

/// Of one pathway, one organisation and the items opened on one day. opened = closed + open.
struct LedgerRow {
  std::string pathway;
  std::string organisation;
  Day day;
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;    ///< of those; one that is opened again is closed no longer
  std::uint64_t reopened = 0;  ///< how often one of those was
  std::uint64_t before = 0;    ///< on that day so many were not taken up (model/outcome.h)
  bool operator==(const LedgerRow&) const = default;
};

/// Changes the rows with a version of a Task that an entry of that time writes: what it said
/// before, and what it says now.
Result<void> write_item(WorkLayer& layer, const std::optional<Item>& before,
                        const std::optional<Item>& after, Time now);
/// Behind an entry that woke items: where to look for the next ones.
Result<void> raise_wake_floor(WorkLayer& layer, Time now);
/// Counts what the entry at `position` did not take up.
Result<void> write_before(WorkLayer& layer, State& state, const std::vector<Before>& before);
/// Fact of the state digest.
[[nodiscard]] Hash before_fact(Position position, const Before& before);
/// The facts of all rows of that kind.
[[nodiscard]] Result<Digest> digest_of_before(const Reader& reader);

[[nodiscard]] Result<std::optional<Item>> find_item(const Reader& reader, std::string_view id);

enum class Which : std::uint8_t { open, all };
/// Ids of items about `focus` ("ServiceRequest/1"), sorted; at most `limit`.
[[nodiscard]] Result<std::vector<std::string>> items_about(const Reader& reader,
                                                           std::string_view focus, Which which,
                                                           std::size_t limit);
/// Ids of a patient's open items, sorted.
[[nodiscard]] Result<std::vector<std::string>> open_items_of(const Reader& reader,
                                                             std::string_view patient,
                                                             std::size_t limit);
/// Ids of items that are to wake up to and with `until`, the earliest first.
[[nodiscard]] Result<std::vector<std::string>> items_to_wake(const Reader& reader, Time until,
                                                             std::size_t limit);
/// When the first of all wakes; nothing where none does.
[[nodiscard]] Result<std::optional<Time>> first_wake(const Reader& reader);

/// A place in a work-list: the most urgent first, of those the first due, of those the oldest.
struct Place {
  std::uint8_t rank = 0;  ///< 0 stat, 1 asap, 2 urgent, 3 routine
  std::int64_t due_ms = INT64_MAX;
  Time opened;
  std::string id;
  auto operator<=>(const Place&) const = default;
};
[[nodiscard]] Place place_of(const Item& item);
/// Whose list: that of an owner, of somebody who was made overseer, or of somebody who is asked to
/// take items over.
enum class List : std::uint8_t { owned, overseen, offered };
/// Open items in their order, behind `after` (nothing: from the first on).
[[nodiscard]] Result<std::vector<Place>> read_work_list(const Reader& reader, List list,
                                                        std::string_view whose,
                                                        const std::optional<Place>& after,
                                                        std::size_t limit);
/// Of one owner's open items.
struct ListCounts {
  std::uint64_t open = 0;
  std::uint64_t overdue = 0;
  std::uint64_t escalated = 0;  ///< with more than one overseer
  bool operator==(const ListCounts&) const = default;
};
[[nodiscard]] Result<ListCounts> read_list_counts(const Reader& reader, std::string_view owner);
/// Everybody who owns an open item, with the counts.
[[nodiscard]] Result<std::vector<std::pair<Owner, ListCounts>>> read_owners(const Reader& reader);

/// How many open items are in each state.
struct StateCount {
  std::string pathway;
  std::string state;
  std::uint64_t open = 0;
};
[[nodiscard]] Result<std::vector<StateCount>> read_states(const Reader& reader);

/// Every row, by pathway, organisation and day.
[[nodiscard]] Result<std::vector<LedgerRow>> read_ledger(const Reader& reader);

/// That every row, and the ledger, is what the current Tasks say, and nothing is missing.
/// Code::corrupt names the first that is not.
[[nodiscard]] Result<void> check_items(const Reader& reader, const BodyCodec& codec);

}  // namespace holdfast::views
