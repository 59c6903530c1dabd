#include "clinical/waiting.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace holdfast::clinical {
namespace {

constexpr std::array<std::string_view, 9> kind_names{
    "from",         "suspected-cancer", "event",  "clock", "treat-by",
    "diagnosis-by", "cancer-treat-by",  "waited", "doubt"};
constexpr std::string_view was_told = "communicated";
constexpr std::string_view was_not_told = "not communicated";

std::optional<Day> day_of(const ClockFacts& facts, std::string_view what) {
  std::optional<Day> first;
  for (const ClockEvent& one : facts.events) {
    if (one.event.code == what && (!first || one.event.day < *first)) {
      first = one.event.day;
    }
  }
  return first;
}

void add_day(Waiting& to, ClockNoteKind kind, Day day, Day today) {
  to.notes.push_back({kind, {}, day, {}});
  if (day >= today && (!to.by || day < *to.by)) {
    to.by = day;
  }
}

void add_standards(const RttTable& table, const ClockFacts& facts, const RttClock& clock, Day today,
                   Waiting& to) {
  if (clock.treat_by) {
    add_day(to, ClockNoteKind::treat_by, *clock.treat_by, today);
  }
  if (!facts.suspected_cancer) {
    return;
  }
  const CancerDays days = cancer_days(table, facts.from, day_of(facts, decision_to_treat));
  if (!day_of(facts, diagnosis_told)) {
    add_day(to, ClockNoteKind::diagnosis_by, days.diagnosis_by, today);
  }
  add_day(to, ClockNoteKind::cancer_treat_by,
          std::min(days.treat_by, days.decided_treat_by.value_or(days.treat_by)), today);
}

}  // namespace

std::string to_text(const RttEvent& event) {
  return fmt::format("{} {}{}", event.code, to_text(event.day),
                     event.communicated == Communicated::yes  ? fmt::format(" {}", was_told)
                     : event.communicated == Communicated::no ? fmt::format(" {}", was_not_told)
                                                              : "");
}

std::optional<RttEvent> parse_event(std::string_view text, std::optional<Day> otherwise) {
  RttEvent event;
  const std::size_t first = std::min(text.find(' '), text.size());
  event.code = text.substr(0, first);
  text.remove_prefix(std::min(first + 1, text.size()));
  if (text.empty()) {
    event.day = otherwise.value_or(Day{});
    return event.code.empty() || !otherwise ? std::nullopt : std::optional(event);
  }
  const std::size_t second = std::min(text.find(' '), text.size());
  const auto day = parse_day(text.substr(0, second));
  text.remove_prefix(std::min(second + 1, text.size()));
  if (event.code.empty() || !day || (!text.empty() && text != was_told && text != was_not_told)) {
    return std::nullopt;
  }
  event.day = *day;
  event.communicated = text == was_told       ? Communicated::yes
                       : text == was_not_told ? Communicated::no
                                              : Communicated::unknown;
  return event;
}

std::string_view name(ClockNoteKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<ClockNoteKind> clock_note_kind(std::string_view wanted) {
  const auto* const at = std::ranges::find(kind_names, wanted);
  return at == kind_names.end()
             ? std::nullopt
             : std::optional(static_cast<ClockNoteKind>(at - kind_names.begin()));
}

Waiting review_clock(const RttTable& table, const ClockFacts& facts, Day today) {
  Waiting waiting;
  waiting.notes.push_back({ClockNoteKind::from, {}, facts.from, {}});
  if (facts.suspected_cancer) {
    waiting.notes.push_back({ClockNoteKind::suspected_cancer, {}, {}, {}});
  }
  std::vector<RttEvent> events;
  for (const ClockEvent& one : facts.events) {
    waiting.notes.push_back({ClockNoteKind::event, to_text(one.event), {}, one.source});
    if (one.event.code != diagnosis_told && one.event.code != decision_to_treat) {
      events.push_back(one.event);
    }
  }
  const RttClock clock = rtt_clock(table, facts.from, events, today);
  waiting.state = clock.state;
  waiting.notes.push_back({ClockNoteKind::clock, std::string(name(clock.state)), {}, {}});
  if (clock.state == RttState::running) {
    add_standards(table, facts, clock, today, waiting);
  } else if (!clock.periods.empty() && !clock.periods.back().nullified) {
    waiting.notes.push_back(
        {ClockNoteKind::waited,
         fmt::format("{} week{}{}", clock.weeks_waited, clock.weeks_waited == 1 ? "" : "s",
                     clock.is_over ? ", longer than the standard" : ""),
         {},
         {}});
  }
  for (const std::string& one : clock.doubts) {
    waiting.notes.push_back({ClockNoteKind::doubt, one, {}, {}});
  }
  return waiting;
}

}  // namespace holdfast::clinical
