// api/bars_plan.h: what a BaRS message asks of the record, as operations of one Command. Pure: what
// the record holds is given. One operation for each entry behind the MessageHeader, in their order,
// whatever the record holds, so that the Outcome of a message says what became of each of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/bars_message.h"
#include "base/ids.h"
#include "fhir/json.h"
#include "model/command.h"

namespace holdfast::api::bars {

/// A resource of the record that an entry means.
struct Known {
  std::string id;
  Version version;
  bool deleted = false;
  std::vector<Subject> subjects;
  std::vector<Identifier> identifiers;
  Bytes body;
};

/// Whether a resource of the record is of this patient, or says of nobody whose it is. `in_record`:
/// what the record holds of the patient.
[[nodiscard]] bool is_theirs(const Known& known, const Entry& patient,
                             const std::optional<Known>& in_record);

/// A resource that an entry refers to and that no entry brings: "ServiceRequest/7".
struct Outside {
  std::size_t entry = 0;
  fhir::TypeId type{};
  std::string id;
};

/// The id that a new resource is kept under: the same for the same sender and business identifier,
/// or, where it has none, for the same sender, referral or appointment (Message::focus_key), and
/// name. By it, what a sender has sent before is known again, and never becomes a second resource.
[[nodiscard]] std::string derived_id(const Message& message, std::size_t entry);

/// The focus as derived_id() of the others knows it, once it was looked up.
[[nodiscard]] std::string focus_key(const Message& message, const std::optional<Known>& known);

/// Gives relative references the fullUrl of the entry that they mean. Those that mean none are
/// returned; where they are addresses below `base` they become relative.
[[nodiscard]] Result<std::vector<Outside>> link_entries(Message& message, std::string_view base,
                                                        fhir::JsonReader& reader);

/// An operation whose body is not prepared yet.
struct Planned {
  Operation operation;
  Bytes body;
};
/// `known`: one for each entry. Code::not_found: an update of what is not here; invariant: it is
/// another patient's; structure: two entries are the same resource.
[[nodiscard]] Result<std::vector<Planned>> plan(const Message& message,
                                                const std::vector<std::optional<Known>>& known,
                                                fhir::JsonReader& reader);

}  // namespace holdfast::api::bars
