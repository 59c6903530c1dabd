// hl7v2/mapping/map.h: one HL7 v2 message → the resources and actions it stands for, and a report
// of all that it says beyond. Pure: the same message and overlay give the same bytes, on every
// machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hl7v2/mapping/action.h"
#include "hl7v2/mapping/draft.h"
#include "hl7v2/mapping/overlay.h"
#include "hl7v2/mapping/report.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// Larger messages are refused: what a segment means depends on those around it.
constexpr std::size_t mapped_segments_max = 10'000;

struct Mapped {
  std::string trigger;     ///< "ADT^A01"
  std::string message_id;  ///< MSH-10
  EventTime event;
  Local patient;    ///< the first one; 0 if the message has none
  Local encounter;  ///< the first one; 0 if the message has none
  /// Draft n is drafts[n - 1]. A draft refers to others of the same message only.
  std::vector<Draft> drafts;
  std::vector<Action> actions;  ///< in the order of the message
  Report report;
};

/// `message` is UTF-8: decode() of charset.h comes first. The tables are compiled in (mappings/).
/// Refuses, with nothing half done:
///   Code::unsupported  "no mapping for RRI^I12": the message becomes somebody's item
///   Code::required     a segment without which the message means nothing (PID of an ADT), or an
///                      element without which FHIR has no such resource
///   Code::conflict     a merge, move or link of somebody with themselves
///   Code::too_large    more than mapped_segments_max
///   Code::syntax       components that cannot be told apart (Message::fault())
/// Anything else in the message that is not understood is in the report.
[[nodiscard]] Result<Mapped> map(const Message& message, const MapInput& input);

/// The structure whose tables map() would use: "ADT_A01"; nothing: it would refuse.
[[nodiscard]] std::optional<std::string_view> structure_for(const Message& message);

/// What the tables say of a field, for a person: `PID-5` is "Patient name", XPN.
struct FieldName {
  std::string_view name;
  std::string_view data_type;
};
[[nodiscard]] std::optional<FieldName> field_name(std::string_view segment, std::uint32_t field);

}  // namespace holdfast::hl7v2
