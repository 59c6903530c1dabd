// pathway/difference.h: what another set of definitions would change, for those who approve it:
// which pathways and states differ, and in what; and when an item would be due if it had come into
// its state under the other set. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pathway/definition.h"

namespace holdfast::pathway {

enum class Change : std::uint8_t { fresh, changed, withdrawn };
[[nodiscard]] std::string_view name(Change change);

/// "due of urgent: 2 working days -> 1 working day"
struct StateChange {
  std::string state;
  std::vector<std::string> what;
  bool due_changes = false;
};

struct PathwayChange {
  std::string pathway;
  Change change{};
  std::uint32_t version_now = 0;  ///< 0: there is none
  std::uint32_t version_next = 0;
  std::vector<std::string> approved;
  std::string effective;
  std::vector<std::string> what;    ///< of the whole pathway: fallback, and rules that differ
  std::vector<StateChange> states;  ///< those that differ
};

/// A clinical table of which the text differs.
struct TableChange {
  clinical::Edition now;
  clinical::Edition next;
  std::vector<std::string> gone;  ///< lines that are there no longer, without comments
  std::vector<std::string> come;  ///< lines that are new
};
/// By name.
[[nodiscard]] std::vector<TableChange> table_differences(const Definitions& now,
                                                         const Definitions& next);

/// Pathways of which the file differs, by name. `now` null: all are fresh.
[[nodiscard]] std::vector<PathwayChange> differences(const Definitions* now,
                                                     const Definitions& next);

/// Everything that check_change() would refuse, not the first alone.
[[nodiscard]] std::vector<std::string> faults_of_change(const Definitions* now,
                                                        const Definitions& next,
                                                        std::span<const InUse> in_use,
                                                        LocalDay today);

/// When the time until `due` began, if it took `span`: the earliest time that `calendar` makes that
/// of. Nothing where no time gives it: somebody set it by hand, or another calendar made it.
[[nodiscard]] std::optional<Time> began(const Calendar& calendar, Time due, Span span);

/// When `item` would be due by `next`, counted from when the time that it has began by `now`.
/// Nothing where that cannot be told: it has no due time, or one that somebody set.
[[nodiscard]] std::optional<Time> due_under(const Definitions& now, const Definitions& next,
                                            const views::Item& item);

}  // namespace holdfast::pathway
