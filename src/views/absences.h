// views/absences.h: when whoever holds a PractitionerRole is not there, as its notAvailable says
// (https://hl7.org/fhir/R4/practitionerrole.html), by the time that it begins: so that time can
// pass over it. Part of table item; made from the bodies of PractitionerRoles alone, as the rows of
// items are from Tasks. A time that has begun when it is written begins then.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// From the first moment to the one behind the last.
struct Absence {
  Time from;
  std::optional<Time> until;  ///< nothing: it has no end yet
};
/// Of a notAvailable.during; nothing without a time that can be read. Without a start it began
/// before all time. A date is a day of local time, from its 00:00 to that of the next.
[[nodiscard]] std::optional<Absence> read_absence(fhir::JsonValue not_available);

/// The keys that a version of a PractitionerRole has in table item.
[[nodiscard]] std::vector<Bytes> absence_keys(fhir::JsonValue role, std::string_view id,
                                              Time written);
/// Those of the version before go, those of the version now come.
void write_absences(WorkLayer& layer, const std::vector<Bytes>& before,
                    const std::vector<Bytes>& after);

/// Behind an entry that looked at all that had begun by then.
void raise_absence_floor(WorkLayer& layer, Time until);
/// Ids of PractitionerRoles with an absence that has begun by `until`, and behind what was looked
/// at before; in the order in which they began.
[[nodiscard]] Result<std::vector<std::string>> absences_begun(const Reader& reader, Time until);
/// When the next one begins that nobody has looked at; nothing where none does.
[[nodiscard]] Result<std::optional<Time>> first_absence(const Reader& reader);

}  // namespace holdfast::views
