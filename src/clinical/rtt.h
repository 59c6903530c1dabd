// clinical/rtt.h: how long somebody has waited for treatment, from the status codes that staff
// recorded. A code that is not known, or that contradicts what came before, stops nothing: it is a
// doubt that a person has to look at. NHS England, referral to treatment consultant-led waiting
// times: rules suite (October 2022).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/edition.h"

namespace holdfast::clinical {

enum class RttClass : std::uint8_t { starts, continues, stops, not_rtt };

struct RttCode {
  std::string code;
  RttClass what{};
  std::string meaning;
  bool first_activity = false;     ///< a start that belongs to a clock which the referral started
  bool active_monitoring = false;  ///< a stop after which the clock may start anew
  bool nullifies = false;          ///< a stop as if it had never started, if the patient knew
};

struct RttTable {
  Edition edition;
  std::vector<RttCode> codes;
  std::int64_t referral_to_treatment_days = 0;
  std::int64_t faster_diagnosis_days = 0;
  std::int64_t decision_to_treatment_days = 0;
  std::int64_t referral_to_cancer_treatment_days = 0;

  /// Nothing for a code that it does not have.
  [[nodiscard]] const RttCode* find(std::string_view code) const;
};

/// Refuses with FILE:LINE a code twice, an unknown class, a stop's property on what is no stop.
[[nodiscard]] Result<RttTable> read_rtt(std::string_view text, std::string_view file);

enum class Communicated : std::uint8_t { unknown, no, yes };

struct RttEvent {
  std::string code;
  Day day;
  /// Of a first appointment that was not attended: whether it had been clearly communicated.
  Communicated communicated = Communicated::unknown;
  bool operator==(const RttEvent&) const = default;
};

enum class RttState : std::uint8_t {
  not_started,
  running,
  active_monitoring,  ///< paused by decision: stopped, and may start anew
  stopped,
  nullified  ///< stopped as if it had never started
};
/// "active monitoring"
[[nodiscard]] std::string_view name(RttState state);

struct RttPeriod {
  Day from;
  std::optional<Day> until;  ///< nothing: it runs
  std::string stopped_by;    ///< the code
  bool nullified = false;    ///< does not count
};

struct RttClock {
  RttState state = RttState::not_started;
  std::vector<RttPeriod> periods;  ///< oldest first; the last one is what the rest is about
  std::int64_t days_waited = 0;    ///< to its end, or today
  std::int64_t weeks_waited = 0;   ///< whole weeks
  std::optional<Day> treat_by;     ///< the last day within the standard: 18 weeks
  bool is_over = false;            ///< waited longer than that
  std::vector<std::string> doubts;
};

/// `received`: when the referral came, which starts the clock; without it the first code that
/// starts one does. Events in any order; of one day in the order given; those after `today` are
/// doubts.
[[nodiscard]] RttClock rtt_clock(const RttTable& table, std::optional<Day> received,
                                 std::span<const RttEvent> events, Day today);

/// The last days within the cancer standards.
struct CancerDays {
  Day diagnosis_by;                     ///< told, or cancer ruled out
  Day treat_by;                         ///< from the referral
  std::optional<Day> decided_treat_by;  ///< from the decision to treat
};
[[nodiscard]] CancerDays cancer_days(const RttTable& table, Day received,
                                     std::optional<Day> decided = std::nullopt);

}  // namespace holdfast::clinical
