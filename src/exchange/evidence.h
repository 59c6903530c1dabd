// exchange/evidence.h: the resources that speak of a message: the Binary that stands for it, the
// Provenance that leads to it, and the Task that somebody must see to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "exchange/neighbour.h"
#include "fhir/json.h"
#include "model/message.h"

namespace holdfast::exchange {

/// What an item is about: Task.code, system urn:holdfast:message-item.
enum class ItemKind : std::uint8_t {
  not_mapped,         ///< no mapping, or what the message says cannot be understood
  not_applied,        ///< it was understood, and the record does not allow it
  same_id,            ///< another message with this sender and control id came before
  identity_conflict,  ///< its identifiers lead to more than one, or to somebody else
  out_of_sequence,    ///< its number does not follow the one before
  refused,            ///< it must not be taken: unknown sender, not for here, no HL7
  broken_frame,       ///< bytes of a frame that was cut off
  batch,              ///< counts or wrapping of a batch do not add up
  order_request,      ///< it asks to cancel, hold, replace or change an order
  wrong_patient,      ///< a result that was sent before is not of this patient
  undelivered,        ///< a neighbour does not take a message: it waits, and holds its lane
  not_sent,           ///< a message that was owed is not sent
  channel_down,       ///< a neighbour does not answer
  no_channel,         ///< something is owed to a channel that is not configured
  feed_quiet,         ///< a neighbour sends less than it usually does at this hour
};
[[nodiscard]] std::string_view code_of(ItemKind kind);
[[nodiscard]] std::string_view title_of(ItemKind kind);

struct Item {
  ItemKind kind{};
  std::string what;     ///< a sentence: what happened, to which message, what to do
  std::string patient;  ///< "Patient/7" or a urn of the same Command; empty: not known
  /// Of a request about an order: "ServiceRequest/7" or a urn, and ORC-1; empty: not known.
  std::string order{};
  std::string control{};
};

/// A message by what everybody needs of it.
struct About {
  std::string_view neighbour;  ///< empty: nobody known
  std::string_view owner;
  std::string_view type;        ///< "ORU^R01"
  std::string_view control_id;  ///< MSH-10
  std::string_view evidence;    ///< id of its Binary
  Time now;
};

/// Without data: a read takes that from the journal (docs/adr/0016). Found by `_source`
/// (urn:holdfast:neighbour:lab) and `_tag` (urn:holdfast:message-type|ORU^R01).
[[nodiscard]] Bytes binary_body(const About& about);
/// `targets`: at least one. `occurred` is a FHIR dateTime, or empty.
[[nodiscard]] Bytes provenance_body(const About& about, const std::vector<std::string>& targets,
                                    std::string_view occurred);
/// Any item: whom it belongs to, what it is about, how it is found again.
struct ItemFacts {
  std::string_view identifier_system;  ///< empty: it has no identifier
  std::string_view identifier;
  std::string_view focus;      ///< "Binary/7"; empty: nothing that is in the record
  std::string_view neighbour;  ///< whose message it is; empty: nobody known
  std::string_view owner;
  Time now;
};
/// Requested, owned by the team, due in a day.
[[nodiscard]] Bytes task_body(const ItemFacts& facts, const Item& item);
/// The same about a message.
[[nodiscard]] Bytes task_body(const About& about, const Item& item);

}  // namespace holdfast::exchange
