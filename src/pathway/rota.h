// pathway/rota.h: when somebody is there, and who is asked in their place: what a PractitionerRole
// says by availableTime, notAvailable and the extension urn:holdfast:deputy. Pure: reads no clock.
// https://hl7.org/fhir/R4/practitionerrole.html
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "fhir/json.h"
#include "views/absences.h"
#include "views/item.h"

namespace holdfast::pathway {

/// On a PractitionerRole, or on one of its notAvailable, which then counts for that time alone: a
/// Reference to whoever oversees what is theirs.
inline constexpr std::string_view deputy_extension = "urn:holdfast:deputy";

/// A shift by the local clock, that begins on some days of the week. An hour that comes twice is
/// the first, at its start as at its end; one that is left out is an hour later.
struct Hours {
  std::array<bool, 7> days{};  ///< on which it begins; from Monday
  std::int64_t from_ms = 0;    ///< behind 00:00; less than a day
  std::int64_t until_ms = 0;   ///< behind the last; more than a day where it ends on the next one
};

struct Rota {
  std::string practitioner;  ///< "Practitioner/7"; may be empty
  bool is_active = true;
  struct Away {
    views::Absence when;
    std::string why;      ///< may be empty
    views::Owner deputy;  ///< of this time alone; may be empty
  };
  std::vector<Away> away;
  std::vector<Hours> hours;  ///< in the order of availableTime; empty: it does not say
  views::Owner deputy;       ///< may be empty
};
/// What cannot be read says nothing.
[[nodiscard]] Rota read_rota(fhir::JsonValue role);

/// The notAvailable that covers `now`; null where none does.
[[nodiscard]] const Rota::Away* away_at(const Rota& rota, Time now);
/// From when on somebody is there by availableTime: `now` where that covers it, or where it says
/// nothing; never before `now`; nothing where it never does.
[[nodiscard]] std::optional<Time> on_duty_from(const Rota& rota, Time now);

}  // namespace holdfast::pathway
