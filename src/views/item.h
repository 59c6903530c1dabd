// views/item.h: a duty owed to a patient, as its Task says it (docs/adr/0020). Standard elements
// where R4 has one, else the extension urn:holdfast:item. https://hl7.org/fhir/R4/task.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::views {

/// Task.code: which pathway.
inline constexpr std::string_view pathway_system = "urn:holdfast:pathway";
/// Task.businessStatus: the state; with the pathway's name behind it.
inline constexpr std::string_view pathway_state_prefix = "urn:holdfast:pathway:";
inline constexpr std::string_view item_extension = "urn:holdfast:item";
/// A team that is known by its name only: Task.owner.identifier.
inline constexpr std::string_view team_system = "urn:holdfast:team";

/// Whoever a duty lies with: "CareTeam/7", or "team:pathology" of one known by its name only.
using Owner = std::string;

struct Item {
  std::string id;                ///< of the Task
  std::string pathway;           ///< Task.code in pathway_system
  std::uint32_t definition = 0;  ///< version of the pathway's definition that it goes by
  std::string state;             ///< Task.businessStatus
  std::string status;            ///< Task.status
  std::string urgency;           ///< which of the definition's classes
  std::string priority;          ///< Task.priority
  std::string focus;             ///< "ServiceRequest/1"; empty: about nothing
  std::string patient;           ///< "Patient/7"; empty: of nobody
  Owner owner;
  Owner offered;                 ///< who is asked to take it over; the owner's until then
  std::string organisation;      ///< answers for it in the ledger, from its opening on
  std::string parent;            ///< "Task/…": Task.partOf; empty for none
  Time opened;                   ///< Task.authoredOn
  std::optional<Time> due;       ///< Task.restriction.period.end
  std::optional<Time> wake;      ///< when the next step of escalation is due
  std::uint32_t step = 0;        ///< steps of escalation behind it, since it came into this state
  std::uint32_t reopened = 0;    ///< how often
  std::vector<Owner> overseers;  ///< Task.restriction.recipient

  [[nodiscard]] bool is_open() const;
  /// Its due time has passed, and the step that belongs to it has been taken.
  [[nodiscard]] bool is_overdue() const { return is_open() && !(wake && due && *wake <= *due); }
  [[nodiscard]] bool is_escalated() const { return is_open() && overseers.size() > 1; }
  bool operator==(const Item&) const = default;
};

/// Whether R4's Task.status is one behind which nothing is left to do.
[[nodiscard]] bool is_final_status(std::string_view status);

/// What `task` says of an item; nothing for a Task that is none. Code::structure where it has the
/// extension and something that every item has is missing or cannot be read.
[[nodiscard]] Result<std::optional<Item>> read_item(fhir::JsonValue task, std::string_view id);

/// "CareTeam/7" or "team:x" of a Reference; empty where it is neither.
[[nodiscard]] Owner owner_of(fhir::JsonValue reference);

}  // namespace holdfast::views
