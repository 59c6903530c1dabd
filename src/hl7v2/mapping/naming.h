// hl7v2/mapping/naming.h: what a name in a message stands for: the system of an assigning
// authority, the URI of a coding system, an NHS number. Inside src/hl7v2/mapping only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/nhs_number.h"
#include "hl7v2/mapping/draft.h"
#include "hl7v2/mapping/reading.h"

namespace holdfast::hl7v2 {

/// `urn:holdfast:authority:QE2`: percent-encoded, so that it is a URI.
[[nodiscard]] std::string local_urn(std::string_view kind, std::string_view name);

/// The system of an HD (namespace, universal id, its type): what the overlay says of either, else
/// urn:oid:, urn:uuid: or the URI itself, else urn:holdfast:authority:<namespace>. Empty where the
/// HD is.
[[nodiscard]] std::string authority_system(Reading& reading, std::string_view name,
                                           std::string_view universal, std::string_view type);
/// Of numbers that name no authority: those of who sent the message (MSH-4, else MSH-3).
[[nodiscard]] std::string sender_system(Reading& reading, std::string_view kind);

/// An identifier in parts of a value: its number, its authority (an HD, or with `type_part` 0 three
/// parts from there; 0 is none), its type. Nothing where there is no number. Takes the parts.
struct IdentityParts {
  std::uint8_t value;
  std::uint8_t authority;
  std::uint8_t type;
};
[[nodiscard]] std::optional<BusinessId> read_identity(Reading& reading, const Value& in,
                                                      IdentityParts parts);

/// CWE.3 → URI. Empty for an empty name. A name that is not known is reported once a message.
[[nodiscard]] std::string_view coding_system(Reading& reading, std::string_view name,
                                             BytesView raw);

/// A row of a code map: an entry, or `other` where the map has one for all the rest.
struct CodeFound {
  std::string_view system;
  std::string_view code;
  std::string_view display;
  bool exact = true;
};
/// The overlay first, then our own map. `map` may be tables::none.
[[nodiscard]] std::optional<CodeFound> find_code(const Reading& reading, std::uint16_t map,
                                                 std::string_view code);

}  // namespace holdfast::hl7v2
