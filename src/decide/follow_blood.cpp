// decide/follow_blood.cpp: what the record knows of the blood of somebody who is to have some, on
// the item of the request: groups, antibodies, requirements, sample, units, and warnings; and on
// that of each unit what concerns it. Said again whenever any of it comes. The laboratory's system
// decides; nothing here refuses: who goes on in spite of a warning is asked why, afterwards where
// need be.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "decide/following.h"
#include "decide/task_words.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"

namespace holdfast::decide {
namespace {

using clinical::BloodNote;
using clinical::BloodNoteKind;

/// Warnings in words, in statusReason.
constexpr std::size_t warnings_said_max = 3;

Bytes inputs_of(const std::vector<BloodNote>& notes) {
  Bytes all;
  for (const BloodNote& note : notes) {
    fhir::JsonWriter to;
    to.open('{');
    write_type(to, pathway::blood_system, name(note.kind));
    if (note.source.empty()) {
      to.text("valueString", note.text);
    } else {
      to.open("valueReference", '{');
      to.text("reference", note.source);
      to.text("display", note.text);
      to.close('}');
    }
    to.close('}');
    all.append(all.empty() ? "" : ",").append(to.take());
  }
  return all;
}

std::vector<std::string> warnings_in(const std::vector<BloodNote>& notes) {
  std::vector<std::string> all;
  for (const BloodNote& note : notes) {
    if (note.kind == BloodNoteKind::warning) {
      all.push_back(note.text);
    }
  }
  return all;
}

/// Those of the elements that the Task has already.
std::vector<std::string> warnings_of(fhir::JsonValue task) {
  std::vector<std::string> all;
  const auto inputs = task.find("input");
  if (!inputs) {
    return all;
  }
  for (const fhir::JsonValue one : inputs->children()) {
    const auto type = one.find("type");
    const auto coding = type ? type->find("coding") : std::nullopt;
    const bool is_warning =
        coding && coding->size() > 0 &&
        fhir::text_member(*coding->children().begin(), "system") == pathway::blood_system &&
        fhir::text_member(*coding->children().begin(), "code") == name(BloodNoteKind::warning);
    if (is_warning) {
      const auto reference = one.find("valueReference");
      all.push_back(reference ? fhir::text_member(*reference, "display")
                              : fhir::text_member(one, "valueString"));
    }
  }
  return all;
}

std::string sentence_of(const std::vector<std::string>& warnings) {
  if (warnings.empty()) {
    return "No warning about blood any more";
  }
  std::string text =
      fmt::format("{} warning{} about blood: ", warnings.size(), warnings.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < warnings.size() && i < warnings_said_max; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : "; ", warnings[i]);
  }
  return text + (warnings.size() > warnings_said_max ? "; and more" : "");
}

clinical::Sex sex_of(std::string_view gender) {
  return gender == "female" ? clinical::Sex::female
         : gender == "male" ? clinical::Sex::male
                            : clinical::Sex::unknown;
}

}  // namespace

bool is_unit_of_blood(const views::Item& item) {
  return item.focus.starts_with("BiologicallyDerivedProduct/");
}

Result<void> Following::show_blood() {
  std::set<std::string> ids;
  std::map<std::string, std::size_t> patients;  // and the operation that speaks of them
  for (const auto& [id, touched] : touched_) {
    if (touched.definition == nullptr || !touched.definition->shows_blood ||
        !touched.item.is_open()) {
      continue;
    }
    ids.insert(id);
    // What a request says that the patient needs is said of its units, too.
    for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
      if (writes(i) && !touched.item.patient.empty() && reference_to(i) == touched.item.focus &&
          !is_unit_of_blood(touched.item)) {
        patients.emplace(touched.item.patient, i);
      }
    }
  }
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (!writes(i) || !signals_[i].blood_of) {
      continue;
    }
    pathway::Signal of;
    of.patient = signals_[i].blood_of;
    TRY(std::string patient, patient_of(i, of));
    if (!patient.empty()) {
      patients.emplace(std::move(patient), i);
    }
  }
  for (const auto& [patient, operation] : patients) {
    TRY(const auto open, open_items_of(patient, operation));
    for (const std::string& id : open) {
      TRY(const auto item, views::find_item(view_, id));
      const auto* const definition = item ? definitions_.find(item->pathway) : nullptr;
      if (definition != nullptr && definition->shows_blood) {
        ids.insert(id);
      }
    }
  }
  for (const std::string& id : ids) {
    TRY_OK(show_blood(id));
  }
  return ok();
}

Result<void> Following::show_blood(const std::string& id) {
  TRY(Touched* const touched, touch(id));
  if (!touched->item.is_open()) {
    return ok();
  }
  TRY(const auto notes, notes_of(*touched));
  const Bytes inputs = inputs_of(notes);
  const auto warnings = warnings_in(notes);
  Bytes there;
  std::vector<std::string> warned;
  if (touched->current.value > 0) {
    fhir::Json json;
    TRY_OK(task_reader().read(touched->stored, json));
    there = pathway::inputs_in(json.root(), pathway::blood_system);
    warned = warnings_of(json.root());
  }
  touched->beside.inputs = inputs;
  touched->told = touched->told || inputs != there;
  if (warned != warnings && touched->reason.empty()) {
    touched->why = sentence_of(warnings);
    touched->wording.reason = touched->why;
  }
  return pass_over(*touched, notes);
}

Result<std::vector<BloodNote>> Following::notes_of(Touched& touched) {
  TRY(auto record, blood_record(touched));
  TRY(const PatientFacts facts, facts_of(touched.item.patient));
  const clinical::BloodTable& table = definitions_.clinical().blood;
  clinical::BloodPatient patient;
  patient.age_years = facts.age;
  patient.sex = sex_of(facts.gender);
  patient.urgency =
      touched.item.priority == "stat" ? clinical::Urgency::emergency : clinical::Urgency::planned;
  if (is_unit_of_blood(touched.item)) {
    return clinical::review_unit(
        table, std::move(record),
        touched.item.patient.empty() ? std::nullopt : std::optional(patient));
  }
  // Nobody writes that a sample has expired: the item wakes by then, while units are wanted of it.
  const pathway::State* const state = touched.definition->state(touched.item.state);
  const bool are_wanted = state != nullptr && state->warned.empty();
  pathway::look_at(definitions_, *touched.definition, touched.item,
                   are_wanted ? clinical::sample_expires(table, record, rules_.now) : std::nullopt);
  return clinical::review_blood(table, std::move(record), patient, rules_.now);
}

Result<void> Following::pass_over(Touched& touched, const std::vector<BloodNote>& notes) {
  const pathway::State* const state = touched.definition->state(touched.item.state);
  const auto warnings = warnings_in(notes);
  if (state == nullptr || state->warned.empty() || touched.item.state == touched.before.state ||
      warnings.empty()) {
    return ok();
  }
  const std::string what = fmt::format("{} in spite of {}", state->title, sentence_of(warnings));
  if (touched.reason.empty()) {
    Touched from = touched;
    from.wording.description = what;
    return go_on(from, state->warned, std::nullopt);
  }
  fhir::JsonWriter to;
  to.open('{');
  write_type(to, pathway::blood_system, "overridden");
  to.text("valueString", fmt::format("{}. Reason: {}", what, touched.reason));
  to.close('}');
  touched.beside.output = to.take();
  return ok();
}

}  // namespace holdfast::decide
