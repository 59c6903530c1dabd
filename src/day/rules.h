// day/rules.h: what must become of a duty by what is heard and done, for the pathways that ship.
// Said here once more, and on purpose not read from pathways/: what is compared with the server
// must not come from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::day {

inline constexpr std::string_view fallback_team = "team:oversight";

/// What can be asked for, or fall due.
enum class Kind : std::uint8_t { referral, laboratory, imaging, blood, procedure, letter };

/// Where a duty of that kind begins. Owner "requester": whoever has asked.
struct Opening {
  std::string_view pathway;
  std::string_view state;
  std::string_view owner;
};
/// Of a request by FHIR, which says what it is (category).
[[nodiscard]] Opening opening_of(Kind kind);

/// What the record hears of a request, its appointments, specimens, reports, letters.
enum class Heard : std::uint8_t {
  specimen_taken,
  specimen_received,
  specimen_spoiled,
  preliminary,
  final_report,
  corrected,
  revoked,
  cancel_wanted,
  booked,
  fulfilled,
  not_attended,
  cancelled_by_us,
  cancelled_by_patient,
  unit_available,
  unit_issued,
  unit_transfused,
  unit_returned,
  procedure_done,
  stay_goes_on,
  stay_cancelled,
  stay_over,
  draft,
  signed_off,
  set_scored,
};
/// The state that follows; nothing: it stays as it is.
[[nodiscard]] std::optional<std::string_view> state_after(std::string_view pathway,
                                                          std::string_view state, Heard heard);

/// The state that a person's act leads to from there; nothing: it is not legal.
[[nodiscard]] std::optional<std::string_view> state_by_act(std::string_view pathway,
                                                           std::string_view state,
                                                           std::string_view act);

[[nodiscard]] bool is_closed(std::string_view pathway, std::string_view state);

}  // namespace holdfast::day
