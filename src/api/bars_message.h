// api/bars_message.h: a message of the NHS Booking and Referral Standard (BaRS), read and checked
// as far as it says itself whether it is one. Pure: reads nothing but the Bundle.
//
// https://hl7.org/fhir/R4/messaging.html, https://hl7.org/fhir/R4/messageheader.html
// https://simplifier.net/guide/nhsbookingandreferralstandard: "MessageHeader" of the standard
// patterns, and the tables of the applications (which codes go with which status).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/type.h"

namespace holdfast::api::bars {

inline constexpr std::string_view event_system =
    "https://fhir.nhs.uk/CodeSystem/message-events-bars";
inline constexpr std::string_view reason_system =
    "https://fhir.nhs.uk/CodeSystem/message-reason-bars";
inline constexpr std::string_view category_system =
    "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest";
inline constexpr std::string_view nhs_number_system = "https://fhir.nhs.uk/Id/nhs-number";

enum class Event : std::uint8_t { referral, referral_answer, booking, booking_answer };
[[nodiscard]] std::string_view code_of(Event event);
/// The event of the message that answers it.
[[nodiscard]] std::string_view answer_code(Event event);
[[nodiscard]] constexpr bool is_booking(Event event) {
  return event == Event::booking || event == Event::booking_answer;
}

/// `delete` is taken where the status says the same; BaRS itself cancels by an update whose
/// ServiceRequest is revoked or entered in error, or whose Appointment is cancelled.
enum class Reason : std::uint8_t { none, fresh, update, cancel };
/// Of reason_system; empty for none.
[[nodiscard]] std::string_view code_of(Reason reason);

/// What the MessageHeader says: enough to answer, whatever else is wrong.
struct Head {
  std::string id;  ///< MessageHeader.id, else Bundle.id
  Event event{};
  Reason reason{};
  std::string sender;       ///< source.endpoint
  std::string sender_name;  ///< source.name
  std::string receiver;     ///< destination.endpoint
  std::string focus;        ///< the first one's reference
};

struct Identifier {
  std::string system;
  std::string value;
  bool operator==(const Identifier&) const = default;
};

/// Who a resource is about: subject, patient, for, or an actor of an Appointment.
struct Subject {
  std::string reference;
  Identifier identifier;
};
[[nodiscard]] std::vector<Subject> subjects_of(fhir::JsonValue resource);
/// identifier.system and .value of those that have both.
[[nodiscard]] std::vector<Identifier> identifiers_of(fhir::JsonValue resource);

/// An entry behind the MessageHeader: entry n of the message is Bundle.entry[n + 1].
struct Entry {
  fhir::TypeId type{};
  std::string full_url;
  std::string id;  ///< as its sender calls it; may be empty
  std::vector<Identifier> identifiers;
  std::vector<Subject> subjects;
  std::vector<Subject> based_on;  ///< the same of what it follows
  std::string status;
  Bytes body;

  /// Whether a reference means this entry: by its fullUrl, or by type and id.
  [[nodiscard]] bool is_named_by(std::string_view reference) const;
};

struct Message {
  Head head;
  std::vector<Entry> entries;
  std::size_t focus = 0;    ///< among entries
  std::size_t patient = 0;  ///< the same
  std::string focus_key;    ///< set once the record was looked into (bars_plan.h)
};

/// "Bundle.entry[3]" of entries[2].
[[nodiscard]] std::string place_of(std::size_t entry);

/// Of a resource that fhir::check_resource passed. Code::structure, value, required, unsupported.
[[nodiscard]] Result<Head> read_head(fhir::JsonValue bundle);
/// The rest. Code::required, structure, value, unmatched, invariant.
[[nodiscard]] Result<Message> read_message(Head head, fhir::JsonValue bundle);

}  // namespace holdfast::api::bars
