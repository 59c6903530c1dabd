// decide/follow_clock.cpp: how long a patient has waited since a referral, on its item and on those
// that go on from it: what was said of the clock (by acts, and by the appointments, encounters and
// procedures that carry a status code), and until when the standards allow. One that runs makes the
// item due no later than that. No code is guessed, and none stops a clock that it does not stop.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/local_time.h"
#include "base/time.h"
#include "decide/following.h"
#include "decide/task_words.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "search/matches.h"

namespace holdfast::decide {
namespace {

using clinical::ClockNoteKind;

/// Items that share a clock. Where there are more, some of them are not told, and all say so.
constexpr std::size_t mates_max = 1000;
constexpr std::string_view rtt_output = "rtt";
constexpr std::string_view communicated_output = "communicated";
/// The class of urgency that has the days of the cancer standards.
constexpr std::string_view cancer_urgency = "suspected-cancer";

clinical::Day local_day(Time time) { return {to_local(time).day.value}; }

/// 00:00 of the day behind it, local time.
Time end_of(clinical::Day day) { return from_local({{day.value + 1}, 0}); }

Bytes input_of(const clinical::ClockNote& note) {
  fhir::JsonWriter to;
  to.open('{');
  write_type(to, pathway::clock_system, name(note.kind));
  if (note.day) {
    to.text("valueDate", to_text(*note.day));
  } else if (note.kind == ClockNoteKind::suspected_cancer) {
    to.boolean("valueBoolean", true);
  } else if (note.source.empty()) {
    to.text("valueString", note.text);
  } else {
    to.open("valueReference", '{');
    to.text("reference", note.source);
    to.text("display", note.text);
    to.close('}');
  }
  to.close('}');
  return to.take();
}

std::string code_of_input(fhir::JsonValue input) {
  const auto type = input.find("type");
  const auto coding = type ? type->find("coding") : std::nullopt;
  return coding && coding->size() > 0 ? fhir::text_member(*coding->children().begin(), "code")
                                      : std::string();
}

/// What the Task has of a clock; `from` as given where it has none.
clinical::ClockFacts facts_in(fhir::JsonValue task, clinical::Day from) {
  clinical::ClockFacts facts;
  facts.from = from;
  const auto inputs = task.find("input");
  if (!inputs) {
    return facts;
  }
  for (const fhir::JsonValue one : inputs->children()) {
    const auto kind = pathway::is_in_system(one, pathway::clock_system)
                          ? clinical::clock_note_kind(code_of_input(one))
                          : std::nullopt;
    if (kind == ClockNoteKind::from) {
      facts.from = clinical::parse_day(fhir::text_member(one, "valueDate")).value_or(from);
    } else if (kind == ClockNoteKind::suspected_cancer) {
      facts.suspected_cancer = true;
    } else if (kind == ClockNoteKind::event) {
      const auto reference = one.find("valueReference");
      const auto event = clinical::parse_event(reference ? fhir::text_member(*reference, "display")
                                                         : fhir::text_member(one, "valueString"));
      if (event) {
        facts.events.push_back(
            {*event, reference ? fhir::text_member(*reference, "reference") : std::string()});
      }
    }
  }
  return facts;
}

/// A primitive of value[x], or the code of a coded one.
std::string text_of(fhir::JsonValue output) {
  for (const std::string_view key : {"valueString", "valueCode", "valueDate", "valueDateTime"}) {
    if (std::string text = fhir::text_member(output, key); !text.empty()) {
      return text;
    }
  }
  if (const auto coding = output.find("valueCoding")) {
    return fhir::text_member(*coding, "code");
  }
  const auto concept_value = output.find("valueCodeableConcept");
  const auto codings = concept_value ? concept_value->find("coding") : std::nullopt;
  return codings && codings->size() > 0 ? fhir::text_member(*codings->children().begin(), "code")
                                        : std::string();
}

clinical::Communicated communicated_in(fhir::JsonValue task, fhir::JsonValue stored) {
  const auto said = output_given(task, stored, communicated_output);
  const auto value = said ? said->find("valueBoolean") : std::nullopt;
  const std::string text = said ? text_of(*said) : std::string();
  return (value && value->raw() == "true") || text == "true"     ? clinical::Communicated::yes
         : (value && value->raw() == "false") || text == "false" ? clinical::Communicated::no
                                                                 : clinical::Communicated::unknown;
}

/// The code of the reason, of those that the act takes.
std::string code_of_reason(const pathway::Act& act, fhir::JsonValue task) {
  const auto reason = task.find("statusReason");
  for (const std::string& code : act.reasons) {
    if (reason && has_code_of(*reason, {code})) {
      return code;
    }
  }
  return {};
}

}  // namespace

Result<void> Following::take_clock(Touched& touched, const pathway::Act* act, fhir::JsonValue task,
                                   fhir::JsonValue stored, std::size_t index) const {
  const clinical::RttTable& table = definitions_.clinical().rtt;
  const clinical::Day today = local_day(rules_.now);
  const auto refuse = [&](std::string_view type, std::string_view text, std::string_view why) {
    return fail(
        Code::invariant,
        fmt::format("Task/{}: its output '{}' is '{}': {}", touched.item.id, type, text, why),
        where(index));
  };
  const auto communicated = communicated_in(task, stored);
  for (const fhir::JsonValue one : outputs_given(task, stored, rtt_output)) {
    const std::string text = text_of(one);
    auto event = clinical::parse_event(text, today);
    if (!event || table.find(event->code) == nullptr) {
      std::string codes;
      for (const clinical::RttCode& known : table.codes) {
        codes += fmt::format("{}{} ({})", codes.empty() ? "" : ", ", known.code, known.meaning);
      }
      return refuse(rtt_output, text,
                    fmt::format("a code, and a day where it was not today, as \"30 2026-12-20\"; "
                                "codes are {}",
                                codes));
    }
    if (event->day > today) {
      return refuse(rtt_output, text, "that day is to come");
    }
    if (event->communicated == clinical::Communicated::unknown) {
      event->communicated = communicated;
    }
    touched.clock_said.push_back(*event);
  }
  for (const std::string_view type : {clinical::diagnosis_told, clinical::decision_to_treat}) {
    for (const fhir::JsonValue one : outputs_given(task, stored, type)) {
      const std::string text = text_of(one);
      const auto day = clinical::parse_day(text.substr(0, std::string_view("2026-12-20").size()));
      if (!day || *day > today) {
        return refuse(type, text, "it is the day of it, as \"2026-12-20\", and none to come");
      }
      touched.clock_said.push_back({std::string(type), *day, clinical::Communicated::unknown});
    }
  }
  const std::string reason = act != nullptr ? code_of_reason(*act, task) : std::string();
  if (table.find(reason) != nullptr) {
    touched.clock_said.push_back({reason, today, communicated});
  }
  return ok();
}

Result<Following::KeptClock*> Following::clock_of(const std::string& id) {
  const auto known = clocks_.find(id);
  if (known != clocks_.end()) {
    return &known->second;
  }
  TRY(Touched* const touched, touch(id));
  const clinical::Day opened = local_day(touched->item.opened);
  KeptClock clock;
  if (touched->current.value > 0) {
    fhir::Json json;
    TRY_OK(task_reader().read(touched->stored, json));
    clock.facts = facts_in(json.root(), opened);
  } else {
    clock.facts.from = touched->clock_from.value_or(opened);
    const std::string_view parent = touched->item.parent;
    if (parent.starts_with("Task/")) {
      const std::string whole(parent.substr(std::string_view("Task/").size()));
      TRY(const Touched* const before, touch(whole));
      if (before->definition != nullptr && before->definition->keeps_clock) {
        TRY(const KeptClock* const shared, clock_of(whole));
        clock.facts = shared->facts;
      }
    }
  }
  clock.facts.suspected_cancer =
      clock.facts.suspected_cancer || touched->item.urgency == cancer_urgency;
  return &clocks_.emplace(id, std::move(clock)).first->second;
}

Result<std::vector<std::string>> Following::clock_mates(const std::string& id) {
  static const fhir::TypeId task = *fhir::type_id("Task");
  const auto keeps_clock = [&](const std::string& one) -> Result<Touched*> {
    TRY(const auto item, views::find_item(view_, one));
    if (!item && !touched_.contains(one)) {
      return nullptr;
    }
    TRY(Touched* const touched, touch(one));
    return touched->definition != nullptr && touched->definition->keeps_clock ? touched : nullptr;
  };
  std::string first = id;
  for (std::size_t hop = 0; hop < mates_max; ++hop) {
    TRY(const Touched* const touched, touch(first));
    const std::string_view parent = touched->item.parent;
    if (!parent.starts_with("Task/")) {
      break;
    }
    const std::string above(parent.substr(std::string_view("Task/").size()));
    TRY(const Touched* const whole, keeps_clock(above));
    if (whole == nullptr) {
      break;
    }
    first = above;
  }
  std::vector<std::string> all{first};
  std::set<std::string> known{first};
  for (std::size_t i = 0; i < all.size() && all.size() < mates_max; ++i) {
    const std::string whole = "Task/" + all[i];
    TRY(auto parts, search::matches({view_, codec_, params_}, task, "part-of=" + whole, mates_max));
    if (const auto made = made_in_.find(whole); made != made_in_.end()) {
      parts.insert(parts.end(), made->second.begin(), made->second.end());
    }
    for (const std::string& part : parts) {
      TRY(const Touched* const mate, keeps_clock(part));
      if (mate != nullptr && all.size() < mates_max && known.insert(part).second) {
        all.push_back(part);
      }
    }
  }
  if (all.size() == mates_max) {
    for (const std::string& one : all) {
      TRY(KeptClock* const clock, clock_of(one));
      clock->is_shared_by_too_many = true;
    }
  }
  return all;
}

// What a resource said before counts no longer: it is said anew, or taken back.
Result<void> Following::hear_clock(std::size_t index, const pathway::ClockSaid& said) {
  const std::string source = reference_to(index);
  std::set<std::string> ids;
  std::vector<std::string> subjects;
  if (fhir::name(prepared_.operations[index].type) == "ServiceRequest") {
    subjects.push_back(source);
  }
  for (const pathway::Definition& definition : definitions_.all()) {
    if (definition.keeps_clock && !(said.links.empty() && said.named.empty())) {
      TRY(const auto those, meant(index, said.links, said.named, definition));
      subjects.insert(subjects.end(), those.begin(), those.end());
    }
  }
  for (const std::string& subject : subjects) {
    TRY(const auto those, about(subject, views::Which::all));
    ids.insert(those.begin(), those.end());
  }
  for (const std::string& id : ids) {
    TRY(const Touched* const touched, touch(id));
    if (touched->definition == nullptr || !touched->definition->keeps_clock) {
      continue;
    }
    TRY(const KeptClock* const own, clock_of(id));
    const bool said_before =
        std::ranges::find(own->facts.events, source, &clinical::ClockEvent::source) !=
        own->facts.events.end();
    if (said.events.empty() && !said.from && !said_before) {
      continue;
    }
    TRY(const auto mates, clock_mates(id));
    for (const std::string& mate : mates) {
      TRY(KeptClock* const clock, clock_of(mate));
      const clinical::ClockFacts before = clock->facts;
      auto& events = clock->facts.events;
      std::erase_if(events, [&](const auto& one) { return one.source == source; });
      for (const clinical::RttEvent& event : said.events) {
        events.push_back({event, source});
      }
      clock->facts.from = said.from.value_or(clock->facts.from);
      clock->changed = clock->changed || before != clock->facts;
    }
  }
  return ok();
}

Result<void> Following::show_clocks() {
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (writes(i) && signals_[i].clock) {
      TRY_OK(hear_clock(i, *signals_[i].clock));
    }
  }
  std::vector<std::string> ids;
  for (const auto& [id, touched] : touched_) {
    if (touched.definition != nullptr && touched.definition->keeps_clock) {
      ids.push_back(id);
    }
  }
  for (const std::string& id : ids) {
    TRY(const Touched* const touched, touch(id));
    if (touched->clock_said.empty()) {
      continue;
    }
    const auto said = touched->clock_said;
    TRY(const auto mates, clock_mates(id));
    for (const std::string& mate : mates) {
      TRY(KeptClock* const clock, clock_of(mate));
      for (const clinical::RttEvent& event : said) {
        clock->facts.events.push_back({event, {}});
      }
      clock->changed = true;
    }
  }
  ids.clear();
  std::set<std::string> going_on;
  for (const auto& [id, touched] : touched_) {
    if (touched.item.is_open()) {
      going_on.insert(touched.item.parent);
    }
    if (touched.definition != nullptr && touched.definition->keeps_clock) {
      const auto heard = clocks_.find(id);
      // What a person sends in its place may lack what stands there.
      const bool moved = touched.current.value == 0 || touched.operation ||
                         touched.item.state != touched.before.state ||
                         touched.item.due != touched.before.due;
      if (moved || (heard != clocks_.end() && heard->second.changed)) {
        ids.push_back(id);
      }
    }
  }
  for (const std::string& id : ids) {
    TRY_OK(show_clock(id, going_on.contains("Task/" + id)));
  }
  return ok();
}

Result<void> Following::show_clock(const std::string& id, bool goes_on) {
  TRY(const KeptClock* const clock, clock_of(id));
  TRY(Touched* const touched, touch(id));
  auto waiting =
      clinical::review_clock(definitions_.clinical().rtt, clock->facts, local_day(rules_.now));
  if (!touched->item.is_open() && waiting.state == clinical::RttState::running && !goes_on) {
    waiting.notes.push_back(
        {ClockNoteKind::doubt, "it is closed here, and no code has stopped the clock", {}, {}});
  }
  if (clock->is_shared_by_too_many) {
    waiting.notes.push_back(
        {ClockNoteKind::doubt,
         fmt::format("{} items or more share this clock, and not all of them were told", mates_max),
         {},
         {}});
  }
  Bytes inputs;
  for (const clinical::ClockNote& note : waiting.notes) {
    inputs.append(inputs.empty() ? "" : ",").append(input_of(note));
  }
  touched->beside.inputs = std::move(inputs);
  touched->beside.system = pathway::clock_system;
  touched->told = touched->told || clock->changed;
  views::Item& item = touched->item;
  if (waiting.by && item.is_open() && !touched->due_by_hand) {
    const Time limit = end_of(*waiting.by);
    if (item.due && *item.due > limit) {
      pathway::set_due(definitions_, *touched->definition, item, limit, rules_.now);
    }
  }
  return ok();
}

}  // namespace holdfast::decide
