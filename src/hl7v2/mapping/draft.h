// hl7v2/mapping/draft.h: a resource that a message speaks of, before anybody has looked whether it
// is there. What it takes to find it, what is said of it, and what is to be taken away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "fhir/type.h"

namespace holdfast::hl7v2 {

/// The number of a draft within its message, from 1. The same message gives the same numbers.
struct Local {
  std::uint32_t value = 0;
  auto operator<=>(const Local&) const = default;
};

/// A business identifier, searched for as `identifier=system|value`.
struct BusinessId {
  std::string system;
  std::string value;
  auto operator<=>(const BusinessId&) const = default;
  [[nodiscard]] std::string token() const {
    std::string text = system;
    text.append(1, '|').append(value);
    return text;
  }
};

enum class DraftMode : std::uint8_t {
  create,            ///< a new one each time
  create_if_absent,  ///< if it is there, only its references are of interest
  merge,             ///< what is said replaces, what is not said stays
};

/// Where a body refers to another draft: the bytes [offset, offset + bytes) inside the quotes are
/// `urn:holdfast:draft:<number>`, which the caller replaces by a fullUrl or an id.
struct LocalReference {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
  Local to;
};

/// How new this is, by the sender's own clock: a replay must not replace newer evidence.
struct EventTime {
  enum class From : std::uint8_t {
    nothing,
    evn_2,   ///< when the event was recorded
    obr_22,  ///< when the report's status changed
    obx_14,  ///< when it was observed
    orc_9,   ///< when the order was changed
    txa_7,   ///< when the document was transcribed, else TXA-4, -6
    msh_7,   ///< when the message was made: none of the above is there
  };
  From from = From::nothing;
  std::string at;  ///< a FHIR dateTime; empty if there is none
};

struct Draft {
  fhir::TypeId type;
  Local local;
  DraftMode mode{};
  /// In the order of trust: all of them are in the body's `identifier` too. The first that finds
  /// one decides; if another finds another one, that is a conflict of identities. Never empty
  /// unless the mode is `create`.
  std::vector<BusinessId> find;
  /// A resource without id and meta that fhir::check_resource() takes. References to other drafts
  /// are in `references`, in the order of their offsets.
  Bytes body;
  std::vector<LocalReference> references;
  /// For a merge: the elements that the message speaks of, as FHIRPath from the resource
  /// ("maritalStatus", "telecom.where(use='home')", "extension.where(url='…')"). What they select
  /// in the existing resource gives way to what the body has there; all else stays. `identifier`
  /// is never among them: identifiers are united by system and value.
  std::vector<std::string_view> said;
  /// Those of which the message said `""`: what they select is removed. Not in the body.
  std::vector<std::string_view> removed;

  EventTime event;
  /// OBX-11, OBR-25, TXA-17 as sent; empty where the resource has no such thing.
  std::string result_status;
  /// ORC-1 as sent.
  std::string order_control;
  /// Index of the segment that it began with.
  std::uint32_t segment = 0;
};

}  // namespace holdfast::hl7v2
