// api/discharges.h: what was still open when a patient was discharged: whether an open item was
// there before an inpatient stay of its patient ended.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "node/node.h"
#include "views/item.h"

namespace holdfast::api {

/// An Encounter of a patient who was an inpatient: a class of v3-ActCode that lies in a bed, and
/// status finished (https://hl7.org/fhir/R4/valueset-encounter-status.html).
struct Stay {
  std::string id;  ///< of the Encounter
  Time from;       ///< period.start; without one, its end
  Time until;      ///< period.end; without one, when it was written as finished
};

/// Looks stays up, each patient's once. Lives no longer than a moment.
class Discharges {
 public:
  Discharges(const Parts& parts, const node::Moment& moment) : parts_(parts), moment_(moment) {}

  /// Finished stays of "Patient/7", the last ended first. Code::too_costly behind stays_max.
  [[nodiscard]] Result<const std::vector<Stay>*> stays_of(const std::string& patient);
  /// The last stay that ended behind the opening of an open item; null where none did. An item
  /// about the stay itself, its letter, is none of those.
  [[nodiscard]] Result<const Stay*> ended_behind(const views::Item& item);
  [[nodiscard]] Result<bool> is_pending(const views::Item& item);

  static constexpr std::size_t stays_max = 500;

 private:
  const Parts& parts_;
  const node::Moment& moment_;
  std::map<std::string, std::vector<Stay>> stays_;
};

/// Whether that class lies in a bed.
[[nodiscard]] bool is_inpatient(fhir::JsonValue encounter);
/// Of an Encounter, however it stands. `written`: when this version was.
[[nodiscard]] Stay stay_of(fhir::JsonValue encounter, std::string_view id, Time written);

}  // namespace holdfast::api
