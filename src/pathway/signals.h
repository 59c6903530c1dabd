// pathway/signals.h: what a resource says to pathways by itself: which rules look at it, what it
// refers to, since when. Found where the resource is parsed, outside the sequencer
// (docs/adr/0020); what it means for the items that are there is decided later.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clinical/observation.h"
#include "clinical/rtt.h"
#include "fhir/json.h"
#include "fhir/sites.h"
#include "pathway/definition.h"

namespace holdfast::pathway {

/// Whoever is named as an owner: by a reference, whose text may still change, or by name.
struct NamedOwner {
  std::optional<std::uint32_t> site;  ///< index into Sites of the resource
  views::Owner name;                  ///< where there is no site
};

/// A reference that says by which number something is known: Reference.identifier.
struct NamedLink {
  std::optional<fhir::TypeId> type;  ///< Reference.type
  std::string system;                ///< may be empty
  std::string value;
  auto operator<=>(const NamedLink&) const = default;
};

/// A rule that holds of the resource.
struct Signal {
  const Definition* definition = nullptr;
  const Open* open = nullptr;  ///< this, or
  const Move* move = nullptr;
  std::vector<std::uint32_t> links;      ///< sites that refer to what the item is about
  std::vector<NamedLink> named;          ///< those that only say its number
  std::optional<Time> due_from;          ///< that due times count from; nothing: receipt
  std::vector<std::uint32_t> results;    ///< of a report that is judged: sites of its values
  std::optional<std::uint32_t> patient;  ///< site; of one that opens or is judged
  // Of one that opens:
  std::uint16_t urgency = 0;
  std::vector<NamedOwner> owners;    ///< in the order in which they are tried; the last is a name
  std::vector<std::uint32_t> whole;  ///< sites that refer to what it is a part of
  std::vector<NamedLink> whole_named;
  std::vector<NamedLink> numbers;  ///< its own, where others may have come before it
  std::optional<Time> dated;       ///< which time it belongs to
  std::string priority;
  std::string title;  ///< what it is about, for people; may be empty
  std::optional<std::uint32_t> requester_site;
  Bytes requester;  ///< Reference as JSON, where it is no site; may be empty
};

/// What a resource says of a patient's waiting time, by its extensions.
struct ClockSaid {
  std::optional<clinical::Day> from;  ///< urn:holdfast:clock-start: the day that it counts from
  std::vector<clinical::RttEvent> events;
  std::vector<std::uint32_t> links;  ///< sites of the requests that it says it of; none: of itself
  std::vector<NamedLink> named;
};
inline constexpr std::string_view clock_start_extension = "urn:holdfast:clock-start";
inline constexpr std::string_view rtt_extension = "urn:holdfast:rtt";
inline constexpr std::string_view communicated_extension = "urn:holdfast:rtt-communicated";

struct Signals {
  /// At most one that opens, the first that holds, and those that open beside others; then moves.
  std::vector<Signal> all;
  /// A Practitioner, PractitionerRole, CareTeam or Organization that is there no longer: inactive.
  bool ends_owner = false;
  /// An Observation, as the clinical tables look at it; null for one that cannot be read.
  std::shared_ptr<const clinical::Observation> observation;
  /// Whose group, antibodies, requirements or transfusions it speaks of: a site.
  std::optional<std::uint32_t> blood_of;
  /// Nothing where the resource is of no type that says it.
  std::optional<ClockSaid> clock;
  /// Of a Patient: site of the one that replaces it.
  std::optional<std::uint32_t> replaced_by;
};

/// Whether a resource of that type may be an owner.
[[nodiscard]] bool is_owner_type(fhir::TypeId type);

/// Whether anything is to be found in resources of that type.
[[nodiscard]] bool is_heard(const Definitions& definitions, fhir::TypeId type);

/// `resource` lies in a minified Json, and `sites` are its own. A condition that fails (several
/// values where one is needed) counts as one that holds for opening: rather an item too many than
/// one too few; and as one that does not for moves.
[[nodiscard]] Signals find_signals(const Definitions& definitions, fhir::TypeId type,
                                   fhir::JsonValue resource, const fhir::Sites& sites);

}  // namespace holdfast::pathway
