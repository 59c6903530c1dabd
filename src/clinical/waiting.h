// clinical/waiting.h: the waiting time of a patient as it stands on the item of a referral: what
// was said of it and by what, and what follows: whether the clock runs, until which day the
// standards allow, and what a person has to look at. Pure; dates only, so nothing of it grows old
// by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clinical/rtt.h"

namespace holdfast::clinical {

/// What is no code of the table, and said of a clock as one is.
inline constexpr std::string_view diagnosis_told = "diagnosis-told";
inline constexpr std::string_view decision_to_treat = "decision-to-treat";

/// Something that was said of a clock.
struct ClockEvent {
  RttEvent event;
  std::string source;  ///< "Encounter/5"; empty: an act on the item
  bool operator==(const ClockEvent&) const = default;
};
/// "30 2026-12-20", "33 2026-12-20 communicated", "33 2026-12-20 not communicated"
[[nodiscard]] std::string to_text(const RttEvent& event);
/// Nothing for anything else; without a day that of `otherwise`.
[[nodiscard]] std::optional<RttEvent> parse_event(std::string_view text,
                                                  std::optional<Day> otherwise = std::nullopt);

struct ClockFacts {
  Day from;  ///< when the referral was received, or what the provider before handed on
  bool suspected_cancer = false;
  std::vector<ClockEvent> events;
  bool operator==(const ClockFacts&) const = default;
};

enum class ClockNoteKind : std::uint8_t {
  from,              ///< day
  suspected_cancer,  ///< flag
  event,             ///< text, source
  clock,             ///< text: "running"
  treat_by,          ///< day, while it runs: the last within the standard
  diagnosis_by,      ///< the same: to be told of cancer, or that there is none
  cancer_treat_by,   ///< the same: first treatment, from the referral or the decision
  waited,            ///< text, of one that has stopped: "12 weeks"
  doubt,             ///< text
};
/// "treat-by"
[[nodiscard]] std::string_view name(ClockNoteKind kind);
[[nodiscard]] std::optional<ClockNoteKind> clock_note_kind(std::string_view name);

struct ClockNote {
  ClockNoteKind kind{};
  std::string text;
  std::optional<Day> day;
  std::string source;
};

struct Waiting {
  RttState state = RttState::not_started;
  std::vector<ClockNote> notes;
  /// Of the days that the standards allow, the next that is not over on `today`; nothing where the
  /// clock does not run, or all are over.
  std::optional<Day> by;
};
[[nodiscard]] Waiting review_clock(const RttTable& table, const ClockFacts& facts, Day today);

}  // namespace holdfast::clinical
